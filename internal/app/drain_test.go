package app_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestShutdownTimeout: after TERM an upload gets graceful_shutdown_timeout; then
// the server ends all the same, the image is queued again, and nothing of it is
// left in the store.
func TestShutdownTimeout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := dir + "/glance-api.conf"
	writeFile(t, conf, "%s", strings.NewReplacer("DIR", dir, "9292", "0").Replace(checkedConfig)+"[DEFAULT]\ngraceful_shutdown_timeout = 1\n")
	p := startProgram(t, "glance-api", "--config-file", conf)
	id := p.createImage(http.DefaultClient)
	in, done := p.upload(http.DefaultClient, id)
	if _, err := in.Write(make([]byte, 2<<20)); err != nil {
		t.Fatal(err)
	}
	p.stop()
	_ = in.Close()
	if err := <-done; err == nil {
		t.Error("the upload was answered as if it were whole")
	}

	p = startProgram(t, "glance-api", "--config-file", conf)
	resp, err := http.Get(p.url + "/v2/images/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var img struct{ Status string }
	if err := json.NewDecoder(resp.Body).Decode(&img); err != nil || img.Status != "queued" {
		t.Errorf("status %q, %v", img.Status, err)
	}
	files, err := filepath.Glob(dir + "/images/deep/*" + id + "*")
	hidden, hiddenErr := filepath.Glob(dir + "/images/deep/.*" + id + "*")
	if err != nil || hiddenErr != nil || len(files)+len(hidden) != 0 {
		t.Errorf("left: %q, %q", files, hidden)
	}
	p.signal(syscall.SIGTERM)
}
