package e2e_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"glance/test/e2e/rig"
)

// TestRegistryReads: the registry tells what the API wrote, from the same
// database, at the same time.
func TestRegistryReads(t *testing.T) {
	n := rig.NewNode(t, programs())
	registry, err := rig.Start(t.Context(), rig.Command{
		Path: filepath.Join(programs(), "glance-registry"), Dir: n.Dir,
		Args: []string{"-H", "127.0.0.1", "-p", "0", "--sql-connection", "sqlite:///" + n.Shared + "/glance.sqlite"},
	})
	n.Must(err)
	t.Cleanup(registry.Kill)
	reader := &rig.Client{Base: registry.URL}

	data := rig.Random(1, mib)
	img, err := n.Create(t.Context(), map[string]any{
		"name": "read", "disk_format": "raw", "container_format": "bare", "visibility": "public", // lists of the registry start with those
	})
	n.Must(err)
	id := img.ID
	n.Must(n.Put(t.Context(), id, data))
	for _, path := range []string{"/images", "/images/detail"} {
		var list struct{ Images []rig.Image }
		read(t, reader, path, &list)
		if len(list.Images) != 1 || list.Images[0].ID != id || list.Images[0].Checksum != rig.MD5(data) {
			t.Errorf("%s: %+v", path, list)
		}
	}
	var item struct{ Image rig.Image }
	read(t, reader, "/images/"+id, &item)
	if img := item.Image; img.Name != "read" || img.Status != "active" || img.Size == nil || *img.Size != mib {
		t.Errorf("item: %+v", img)
	}

	n.Must(n.Delete(t.Context(), id))
	var list struct{ Images []rig.Image }
	read(t, reader, "/images", &list)
	if len(list.Images) != 0 {
		t.Errorf("after the deletion: %+v", list)
	}
	n.Must(registry.Stop())
}

func read(t *testing.T, c *rig.Client, path string, into any) {
	t.Helper()
	a, err := c.Get(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, a.Status, a.Body)
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("%s: %v in %s", path, err, a.Body)
	}
}
