//go:build services

package services_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestReadme runs the README's first session exactly as printed, against the
// server of make run.
func TestReadme(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	server, err := rig.Start(t.Context(), withoutSystemFiles(filepath.Join(programs(), "glance-api"), s.dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	if server.URL != "http://127.0.0.1:9292" {
		t.Fatalf("it serves at %s", server.URL)
	}
	blocks := firstSession(t)
	if len(blocks) != 2 {
		t.Fatalf("the README has %d blocks in its first session, this test knows 2", len(blocks))
	}
	client := &rig.Client{Base: server.URL}
	out := s.run("sh", "-euc", blocks[0])
	for _, want := range []string{`"name": "first"`, `"status": "queued"`, `"status": "active"`, "same\n", `"name": "second"`} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is not in what the session prints:\n%s", want, out)
		}
	}
	if images, err := client.List(t.Context()); err != nil || len(images) != 0 {
		t.Errorf("after the session: %+v, %v", images, err)
	}

	out = s.run("sh", "-euc", blocks[1])
	images, err := client.List(t.Context())
	if err != nil || len(images) != 1 || images[0].Status != "active" || images[0].Checksum != rig.MD5(s.read("disk.raw")) {
		t.Errorf("after the clients: %+v, %v", images, err)
	} else if !strings.Contains(out, "| "+images[0].ID+" | first |") {
		t.Errorf("the clients do not show the image:\n%s", out)
	}
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
}

// firstSession are the indented blocks of that section.
func firstSession(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(readme), "\n## A first session\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !found {
		t.Fatal("the README has no first session")
	}
	var blocks []string
	inside := false
	for line := range strings.Lines(section) {
		code, indented := strings.CutPrefix(line, "    ")
		switch {
		case indented && !inside:
			blocks = append(blocks, code)
			inside = true
		case indented:
			blocks[len(blocks)-1] += code
		case strings.TrimSpace(line) != "":
			inside = false
		}
	}
	return blocks
}

// withoutSystemFiles is a program on a machine that has no Glance installed:
// what lies in /etc/glance is hidden from it, and from nobody else.
func withoutSystemFiles(program, dir string) rig.Command {
	const hide = `if [ -d /etc/glance ]; then mount -t tmpfs none /etc/glance; fi; exec "$0"`
	return rig.Command{
		Path: "unshare", Args: []string{"--mount", "sh", "-euc", hide, program}, Dir: dir,
		Env: []string{"HOME=" + dir},
	}
}
