package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

func TestLife(t *testing.T) {
	const mib = 1 << 20
	none := int64(-1)
	tests := []struct {
		name, format string
		data         []byte
		chunked      bool
		virtual      int64
	}{
		{"raw", "raw", rig.Random(1, 5*mib+17), false, 5*mib + 17},
		{"chunked", "raw", rig.Random(2, 3*mib+1), true, 3*mib + 1},
		{"one byte", "raw", []byte{7}, false, 1},
		{"empty", "raw", nil, false, none},
		{"iso", "iso", rig.ISO(3, 4*mib), false, 4 * mib},
		{"qcow2", "qcow2", rig.QCOW2(4, 2*mib, 40<<30), false, 40 << 30},
		{"qcow2 chunked", "qcow2", rig.QCOW2(5, 2*mib, 1<<30), true, 1 << 30},
		{"not inspected", "ami", rig.Random(6, mib), false, none},
	}
	n := rig.NewNode(t, programs())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := n.NewImageOf(tt.name, tt.format).ID
			length := int64(len(tt.data))
			if tt.chunked {
				length = -1
			}
			a, err := n.Upload(t.Context(), id, bytes.NewReader(tt.data), length)
			if err != nil || a.Status != http.StatusNoContent {
				t.Fatalf("upload: %+v, %v", a, err)
			}
			img, err := n.Show(t.Context(), id)
			n.Must(err)
			virtual := none
			if img.VirtualSize != nil {
				virtual = *img.VirtualSize
			}
			if img.Status != "active" || img.Size == nil || *img.Size != int64(len(tt.data)) || virtual != tt.virtual ||
				img.Checksum != rig.MD5(tt.data) || img.HashAlgo != "sha512" || img.HashValue != rig.SHA512(tt.data) {
				t.Errorf("got %+v, virtual size %d", img, virtual)
			}
			n.CheckIs(id, tt.data)
		})
	}
	n.Check()
	n.Stop()
	n.Start()
	if images := n.Check(); len(images) != len(tests) {
		t.Errorf("%d images after a restart, want %d", len(images), len(tests))
	}
	for _, img := range n.Check() {
		n.Must(n.Delete(t.Context(), img.ID))
	}
	if images := n.Check(); len(images) != 0 {
		t.Errorf("%d images are left", len(images))
	}
}

// TestReadmeSession makes the calls of the README's first session; the session
// itself, with curl, runs in test/services.
func TestReadmeSession(t *testing.T) {
	n := rig.NewNode(t, programs())
	disk := rig.Random(1, 1<<20)
	id := n.NewImage("first")
	n.Must(n.Put(t.Context(), id, disk))
	a, err := n.Get(t.Context(), "/v2/images?name=first")
	n.Must(err)
	if a.Status != http.StatusOK || !bytes.Contains(a.Body, []byte(id)) {
		t.Errorf("list by name: %d %s", a.Status, a.Body)
	}
	n.CheckIs(id, disk)

	patch := `[{"op": "replace", "path": "/name", "value": "second"}]`
	header := http.Header{"Content-Type": {"application/openstack-images-v2.1-json-patch"}}
	a, err = n.Call(t.Context(), http.MethodPatch, "/v2/images/"+id, header, strings.NewReader(patch), int64(len(patch)))
	n.Must(err)
	var changed rig.Image
	if err := json.Unmarshal(a.Body, &changed); err != nil || a.Status != http.StatusOK || changed.Name != "second" {
		t.Errorf("change: %d %s", a.Status, a.Body)
	}
	n.Must(n.Delete(t.Context(), id))
	if a, err := n.Get(t.Context(), "/v2/images/"+id); err != nil || a.Status != http.StatusNotFound {
		t.Errorf("a deleted image: %+v, %v", a, err)
	}
	n.Check()
}
