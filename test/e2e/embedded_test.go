package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

var lineToTry = regexp.MustCompile(`(?m)\bcurl\b.* '?(http://[^\s'"]+)`)

// TestEmbedded is make run: an empty directory, no configuration.
func TestEmbedded(t *testing.T) {
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, err := rig.Start(t.Context(), rig.Command{
		Path: filepath.Join(programs(), "glance-api"), Dir: dir,
		// All that differs from make run: its port may be taken here.
		Env: []string{"OS_DEFAULT__BIND_PORT=" + port, "HOME=" + t.TempDir(), "OS_GLANCE_CONFIG_DIR="},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	out := s.Output()
	for _, want := range []string{"http://127.0.0.1:" + port, filepath.Join(dir, "var")} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in what it prints:\n%s", want, out)
		}
	}
	if s.URL != "http://127.0.0.1:"+port {
		t.Errorf("it serves at %s, and not for this machine only", s.URL)
	}
	client := rig.Client{}
	if m := lineToTry.FindStringSubmatch(out); m == nil {
		t.Errorf("no line to try in what it prints:\n%s", out)
	} else if a, err := client.Get(t.Context(), m[1]); err != nil || a.Status != http.StatusOK {
		t.Errorf("the line to try: %+v, %v", a, err)
	}
	client.Base = s.URL
	img, err := client.Create(t.Context(), map[string]any{"name": "first", "disk_format": "raw", "container_format": "bare"})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Put(t.Context(), img.ID, rig.Random(1, mib)); err != nil {
		t.Error(err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "var" {
		t.Errorf("it writes outside of var: %v, %v", entries, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "var", "images", img.ID)); err != nil {
		t.Error(err)
	}
}
