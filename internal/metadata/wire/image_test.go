package wire_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/metadata/wire"
)

// TestImageOf compares with the shape of spec registry §2, key by key.
func TestImageOf(t *testing.T) {
	name, size := "n", int64(7)
	img := &glance.Image{
		ID: "i", Name: &name, Status: glance.StatusActive, Visibility: glance.VisibilityPublic, Owner: "p",
		DiskFormat: "raw", Size: &size, CreatedAt: time.Date(2020, 1, 2, 3, 4, 5, 6000, time.UTC),
		Properties: []glance.Property{{Name: "a", Value: "1"}, {Name: "b", Null: true}},
		Locations:  []glance.Location{{ID: 3, URL: "file:///x"}},
	}
	text, err := json.Marshal(wire.ImageOf(img))
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{
		"id": "i", "name": "n", "status": "active", "size": 7, "virtual_size": null, "disk_format": "raw",
		"container_format": null, "min_disk": 0, "min_ram": 0, "is_public": true, "checksum": null, "owner": "p",
		"protected": false, "created_at": "2020-01-02T03:04:05.000006", "updated_at": null, "deleted_at": null,
		"deleted": false, "properties": {"a": "1", "b": null}, "location": "file:///x",
		"location_data": [{"id": 3, "url": "file:///x", "metadata": {}, "status": "active"}]
	}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
