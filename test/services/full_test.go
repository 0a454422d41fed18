//go:build services

package services_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestDiskFills: a store of 8 MiB, an upload of more, announced or not.
func TestDiskFills(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	n := rig.NewNode(t, programs())
	n.Stop()
	s.run("mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "glance-test", n.StoreDir())
	t.Cleanup(func() {
		n.Server().Kill() // it may hold files there
		s.run("umount", n.StoreDir())
	})
	n.Start()
	kept := n.NewImage("kept")
	n.Must(n.Put(t.Context(), kept, rig.Random(1, 3*mib)))
	data := rig.Random(2, 12*mib)
	for name, length := range map[string]int64{"announced": int64(len(data)), "chunked": -1} {
		t.Run(name, func(t *testing.T) {
			id := n.NewImage(name)
			a, err := n.Upload(t.Context(), id, bytes.NewReader(data), length)
			n.Must(err)
			if a.Status != http.StatusRequestEntityTooLarge || !strings.Contains(string(a.Body), "Image storage media is full") {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
			n.CheckUnharmed(id)
			n.CheckIs(kept, rig.Random(1, 3*mib))
		})
	}
}

// TestDatabaseDiskFills: there is room for the data, none for its row.
func TestDatabaseDiskFills(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	shared := t.TempDir()
	s.run("mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "glance-test", shared)
	t.Cleanup(func() { s.run("umount", "-l", shared) })
	n := rig.NewNodeAt(t, programs(), shared)
	before := len(n.Check())
	s.run("sh", "-c", "head -c 4194304 /dev/zero > "+shared+"/ballast || true")
	for range 50 { // some may fit into pages that are free
		if a, err := n.Call(t.Context(), http.MethodPost, "/v2/images", http.Header{"Content-Type": {"application/json"}},
			strings.NewReader(`{"name": "x"}`), 13); err != nil || a.Status != http.StatusCreated {
			break
		}
		before++
	}
	s.run("rm", shared+"/ballast")
	if got := n.Check(); len(got) != before {
		t.Errorf("%d images, want the %d that were promised", len(got), before)
	}
	id := n.NewImage("room again")
	n.Must(n.Put(t.Context(), id, rig.Random(1, mib)))
	n.CheckIs(id, rig.Random(1, mib))
}
