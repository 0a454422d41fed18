package app_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/app"
	"glance/internal/config"
)

// delayed is an API whose deletions are delayed, and the scrubber beside it.
type delayed struct {
	t    *testing.T
	conf string
	url  string
	proc string // list of processes
}

func newDelayed(t *testing.T) *delayed {
	t.Helper()
	dir := t.TempDir()
	d := &delayed{t: t, conf: filepath.Join(dir, "glance.conf"), proc: filepath.Join(dir, "proc")}
	writeFile(t, d.conf, "[DEFAULT]\ndelayed_delete = true\nscrub_pool_size = 2\n[database]\nconnection = sqlite:///%[1]s/glance.sqlite\n"+
		"[glance_store]\nfilesystem_store_datadir = %[1]s/images\n", dir)
	cfg, err := config.LoadAPI(config.Input{Prog: "glance-api", Args: []string{"--config-file", d.conf}})
	if err != nil {
		t.Fatal(err)
	}
	g, err := app.BuildAPI(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	server := httptest.NewServer(g.Handler())
	t.Cleanup(server.Close)
	d.url = server.URL + "/v2/images"
	return d
}

func (d *delayed) call(method, path, kind, body string, want int) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != want {
		d.t.Errorf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
}

// deleted is an image whose deletion was delayed.
func (d *delayed) deleted() string {
	d.t.Helper()
	id := post(d.t, d.url, `{"name": "n", "os": "linux", "tags": ["a"], "disk_format": "raw", "container_format": "bare"}`, nil)
	d.call("PUT", "/"+id+"/file", "application/octet-stream", "data", http.StatusNoContent)
	d.call("DELETE", "/"+id, "", "", http.StatusNoContent)
	d.call("GET", "/"+id, "", "", http.StatusNotFound)
	return id
}

func (d *delayed) scrub(args ...string) (code int, stderr string) {
	d.t.Helper()
	var out, errs bytes.Buffer
	in := config.Input{Prog: "glance-scrubber", Args: append([]string{"--config-file", d.conf}, args...)}
	code = app.Scrubber(d.t.Context(), in, d.proc, &out, &errs)
	return code, out.String() + errs.String()
}

func (d *delayed) hasData(id string) bool {
	_, err := os.Stat(filepath.Join(filepath.Dir(d.conf), "images", id))
	return err == nil
}

// TestScrubber: one run removes the data that a deletion has left.
func TestScrubber(t *testing.T) {
	d := newDelayed(t)
	first, second := d.deleted(), d.deleted()
	if !d.hasData(first) || !d.hasData(second) {
		t.Fatal("the deletion was not delayed")
	}
	if code, text := d.scrub(); code != 0 || d.hasData(first) || d.hasData(second) {
		t.Errorf("%d %s", code, text)
	}
	if code, text := d.scrub("--restore", first); code != 1 || !strings.Contains(text, "ERROR: cannot restore the image from deleted to active (wanted from_state=pending_delete)") {
		t.Errorf("restored: %d %s", code, text)
	}
}

// TestScrubberRestores: the image is as it was.
func TestScrubberRestores(t *testing.T) {
	d := newDelayed(t)
	id := d.deleted()
	if code, text := d.scrub("--restore", id); code != 0 {
		t.Fatalf("%d %s", code, text)
	}
	d.call("GET", "/"+id+"/file", "", "", http.StatusOK)
	rows, err := http.Get(d.url + "/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Body.Close()
	if text, _ := io.ReadAll(rows.Body); !strings.Contains(string(text), `"os": "linux"`) || !strings.Contains(string(text), `"tags": ["a"]`) {
		t.Errorf("%s", text)
	}
	if code, text := d.scrub(); code != 0 || !d.hasData(id) {
		t.Errorf("scrubbed: %d %s", code, text)
	}
}

// TestScrubberRestoresAlone: a scrubber that runs might remove the data now.
func TestScrubberRestoresAlone(t *testing.T) {
	d := newDelayed(t)
	id := d.deleted()
	for line, refused := range map[string]bool{
		"/usr/bin/glance-scrubber\x00--daemon\x00": true, "/usr/bin/python3\x00/usr/bin/glance-scrubber\x00": true,
		"python3\x00-m\x00glance.cmd.scrubber\x00": true, "sudo\x00glance-scrubber\x00--restore\x00": false, "vi\x00/usr/bin/glance-scrubber\x00": false, "": false,
	} {
		if err := os.MkdirAll(d.proc+"/1", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(d.proc+"/1/cmdline", []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		code, text := d.scrub("--restore", id)
		if refused != strings.Contains(text, "ERROR: glance-scrubber is already running. Please ensure that the daemon is stopped.\n") || refused != (code == 1) {
			t.Errorf("%q: %d %s", line, code, text)
		}
		if !refused {
			d.call("DELETE", "/"+id, "", "", http.StatusNoContent)
		}
	}
}

func TestScrubberRefuses(t *testing.T) {
	d := newDelayed(t)
	broken := filepath.Join(t.TempDir(), "broken.conf")
	writeFile(t, broken, "[DEFAULT]\ndata_api = glance.db.simple.api\n[glance_store]\nstores = nonsense\n")
	for _, tt := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"--restore", "x", "--daemon"}, 1, "ERROR: The restore and daemon options should not be set together. Please use either of them in one request.\n"},
		{[]string{"--restore", "x"}, 1, "ERROR: No image found with ID x\n"},
		{[]string{"--config-file", broken}, 1, "ERROR: "},
		{[]string{"-x"}, 2, "unrecognized arguments: -x"},
		{[]string{"--help"}, 0, "--restore"},
	} {
		if code, text := d.scrub(tt.args...); code != tt.code || !strings.Contains(text, tt.text) {
			t.Errorf("%q: %d %s", tt.args, code, text)
		}
	}
}
