//go:build services

package services_test

import (
	"bytes"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestReplicatorWithTheOriginal: images go from ours to the original and from
// there to another one of ours, and are the same.
func TestReplicatorWithTheOriginal(t *testing.T) {
	t.Parallel()
	e := startMariaDB(t)
	e.create("beside")
	e.original("beside", "db", "sync")
	theirs := asAdministrator(t, theOriginal(t, e, "beside", t.TempDir()))
	ours, last, s := rig.NewNode(t, programs()), rig.NewNode(t, programs()), newShell(t)
	images := map[string][]byte{}
	for i, more := range []map[string]any{
		{"visibility": "public", "tags": []string{"b", "a"}, "hw_disk_bus": "virtio", "odd/na~me": "ä"},
		{"visibility": "community", "protected": true, "min_disk": 3},
		{"visibility": "private", "os_hidden": true},
		{"visibility": "shared"},
	} {
		more["name"], more["owner"], more["disk_format"], more["container_format"] = "image", "demo", "raw", "bare"
		img, err := ours.Create(t.Context(), more)
		ours.Must(err)
		images[img.ID] = rig.Random(uint64(i), i*mib+i)
		ours.Must(ours.Put(t.Context(), img.ID, images[img.ID]))
	}
	tool := filepath.Join(programs(), "glance-replicator")
	run := func(args ...string) string {
		t.Helper()
		stdout, stderr, err := s.try(tool, args...)
		if err != nil {
			t.Fatalf("%q: %v\n%s%s", args, err, stdout, stderr)
		}
		return stdout + stderr
	}
	same := func(from, to string) {
		t.Helper()
		if text := run("compare", from, to); text != "" {
			t.Errorf("%s and %s: %s", from, to, text)
		}
		// Nothing has to be changed a second time.
		if text := run("livecopy", from, to); strings.Contains(text, "changed") || strings.Contains(text, "synced") {
			t.Errorf("again from %s to %s: %s", from, to, text)
		}
	}
	run("livecopy", ours.Base, theirs)
	same(ours.Base, theirs)
	if a, b := run("size", ours.Base), run("size", theirs); a != b {
		t.Errorf("sizes %s and %s", a, b)
	}
	run("dump", theirs, s.dir)
	run("load", last.Base, s.dir)
	same(ours.Base, last.Base)
	for id, data := range images {
		if got, err := os.ReadFile(s.path(id + ".img")); err != nil || !bytes.Equal(got, data) {
			t.Errorf("the dump of %s: %d bytes, %v", id, len(got), err)
		}
		if got, err := last.Download(t.Context(), id); err != nil || !bytes.Equal(got, data) {
			t.Errorf("the last copy of %s: %d bytes, %v", id, len(got), err)
		}
	}
}

// asAdministrator is a way to a server that believes headers.
func asAdministrator(t *testing.T, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(u)
		for name, value := range map[string]string{
			"X-Identity-Status": "Confirmed", "X-User-Id": "boss", "X-Project-Id": "admin", "X-Tenant-Id": "admin", "X-Roles": "admin,member,reader",
		} {
			r.Out.Header.Set(name, value)
		}
	}})
	t.Cleanup(s.Close)
	return s.URL
}
