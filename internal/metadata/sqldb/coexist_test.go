package sqldb_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
)

// A database of the original is served as it is, without any change of its
// schema: rows that its database layer wrote are read, changed, and keep the
// form that it reads.
func TestDatabaseOfTheOriginal(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("migrations", "testdata", "zed.sql"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "glance.sqlite")
	if _, err := rawOpen(t, path).ExecContext(t.Context(), string(text)); err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.Open(t.Context(), "sqlite:///"+path, sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB(t, db)

	const full, locked = "a1111111-1111-4111-8111-111111111111", "a2222222-2222-4222-8222-222222222222"
	img, err := db.Image(t.Context(), metadata.Scope{Project: "p2"}, full)
	if err != nil {
		t.Fatal(err)
	}
	if img.Name == nil || *img.Name != "from zed é" || *img.Size != 1<<30 || img.VirtualSize != nil || !img.Protected ||
		!img.CreatedAt.Equal(time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)) {
		t.Errorf("image: %+v", img)
	}
	for _, pair := range [][2]any{
		{img.Tags, []string{"t2", "t1"}},
		{img.Properties, []glance.Property{{Name: "hw_disk_bus", Value: "scsi"}, {Name: "gone", Value: "back"}}},
		{img.Locations[0].Metadata, map[string]any{"store": "fast", "note": "é"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%v, want %v", pair[0], pair[1])
		}
	}
	if page, err := db.Images(t.Context(), metadata.Scope{Project: "p1"}, defaultList()); err != nil || len(page) != 2 || page[0].ID != locked {
		t.Errorf("listed: %v, %v", page, err)
	}
	if err := db.Lock(t.Context(), locked, "mine"); glance.KindOf(err) != glance.Conflict {
		t.Errorf("a lock of the original is taken: %v", err)
	}
	if err := db.Unlock(t.Context(), locked, "task-1"); err != nil {
		t.Error(err)
	}
	task, err := db.Task(t.Context(), metadata.Scope{Project: "p1"}, "b1111111-1111-4111-8111-111111111111")
	if err != nil || !reflect.DeepEqual(task.Input, json.RawMessage(`{"image_id": "a2", "backend": ["fast"]}`)) || task.Result != nil {
		t.Errorf("task: %+v, %v", task, err)
	}
	if used, err := db.Usage(t.Context(), "p1", ""); err != nil || used != 2<<30 {
		t.Errorf("usage %d, %v", used, err)
	}
}
