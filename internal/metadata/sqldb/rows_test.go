package sqldb_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
)

const imageID = "11111111-1111-4111-8111-111111111111"

func deletedScope() metadata.Scope { return metadata.Scope{Admin: true, Deleted: true} }

func createImage(t *testing.T, db *sqldb.DB, change func(*glance.Image)) {
	t.Helper()
	img := &glance.Image{ID: imageID, Status: glance.StatusActive, Visibility: glance.VisibilityShared, Owner: "p"}
	change(img)
	if err := db.CreateImage(t.Context(), img); err != nil {
		t.Fatal(err)
	}
}

func updateImage(t *testing.T, db *sqldb.DB, change func(*glance.Image)) *glance.Image {
	t.Helper()
	img, err := db.UpdateImage(t.Context(), deletedScope(), imageID, func(img *glance.Image) error {
		change(img)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func readImage(t *testing.T, db *sqldb.DB) *glance.Image {
	t.Helper()
	img, err := db.Image(t.Context(), deletedScope(), imageID)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Rows look as the original writes them.
func TestRowsAsTheOriginalWritesThem(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	createImage(t, db, func(img *glance.Image) {
		img.CreatedAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		img.UpdatedAt = time.Date(2026, 1, 2, 3, 4, 5, 67, time.FixedZone("", 3600))
		img.Locations = []glance.Location{{URL: "u", Metadata: map[string]any{"store": "é😀<", "a": 1}}, {URL: "v"}}
		img.Owner, img.Protected = "", true
	})
	for column, want := range map[string]string{
		"created_at || ''": "2026-01-02 03:04:05.000000", "updated_at || ''": "2026-01-02 02:04:05.000000", "typeof(owner)": "null",
		"typeof(deleted_at)": "null", "protected || typeof(protected)": "1integer", "deleted || ''": "0", "typeof(size)": "null",
	} {
		if got := db.Value(t, "SELECT "+column+" FROM images"); got != want {
			t.Errorf("%s is %v, want %s", column, got, want)
		}
	}
	if got := db.Value(t, "SELECT meta_data FROM image_locations ORDER BY id"); got != `{"a": 1, "store": "\u00e9\ud83d\ude00<"}` {
		t.Errorf("meta_data is %v", got)
	}
	if got := db.Value(t, "SELECT meta_data FROM image_locations ORDER BY id DESC"); got != "{}" {
		t.Errorf("no meta_data is %v", got)
	}
}

// A live row never keeps deleted_at: purge would take it.
func TestRevivedRowsHaveNoDeletedAt(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	createImage(t, db, func(img *glance.Image) { img.SetProperty(glance.Property{Name: "p", Value: "v"}) })
	updateImage(t, db, func(img *glance.Image) { img.Properties = nil })
	updateImage(t, db, func(img *glance.Image) { img.SetProperty(glance.Property{Name: "p", Value: "w"}) })
	admit := func(int) error { return nil }
	for range 2 {
		if _, err := db.AddMember(t.Context(), glance.Member{ImageID: imageID, Member: "m"}, admit); err != nil {
			t.Fatal(err)
		}
		if err := db.RemoveMember(t.Context(), imageID, "m"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.AddMember(t.Context(), glance.Member{ImageID: imageID, Member: "m"}, admit); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "INSERT INTO image_properties (image_id, name, value, created_at, deleted, deleted_at) VALUES (?, ?, 'old', '2020-01-01', 1, '2020-01-01')",
		imageID, glance.LockProperty)
	if err := db.Lock(t.Context(), imageID, "task"); err != nil {
		t.Fatal(err)
	}
	updateImage(t, db, func(img *glance.Image) { img.Status, img.Deleted = glance.StatusPendingDelete, true })
	updateImage(t, db, func(img *glance.Image) { img.Status, img.Deleted = glance.StatusActive, false })
	for _, table := range []string{"image_properties", "image_members", "images"} {
		if n := db.Value(t, "SELECT COUNT(*) FROM "+table+" WHERE deleted = 0 AND deleted_at IS NOT NULL"); n != int64(0) {
			t.Errorf("%s: %v live rows with deleted_at", table, n)
		}
		if n := db.Value(t, "SELECT COUNT(*) FROM "+table+" WHERE deleted = 1 AND deleted_at IS NULL"); n != int64(0) {
			t.Errorf("%s: %v deleted rows without deleted_at", table, n)
		}
	}
	if n := db.Value(t, "SELECT COUNT(*) FROM image_properties"); n != int64(2) {
		t.Errorf("%v rows of properties, want 2", n)
	}
}

// An update names only the columns that differ.
func TestUpdateWritesWhatDiffers(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	createImage(t, db, func(img *glance.Image) {
		img.Properties = []glance.Property{{Name: "kept", Value: "1"}, {Name: "other", Value: "2"}}
		img.Locations = []glance.Location{{URL: "kept"}, {URL: "other"}}
		img.Tags = []string{"kept"}
	})
	for i, trigger := range []string{
		"OF owner, status, visibility, size, deleted, deleted_at ON images", "ON image_tags",
		"ON image_properties WHEN NEW.name = 'kept'", "ON image_locations WHEN OLD.value = 'kept'",
	} {
		db.Exec(t, fmt.Sprintf("CREATE TRIGGER t%d AFTER UPDATE %s BEGIN SELECT RAISE(ABORT, 'written'); END", i, trigger))
	}
	got := updateImage(t, db, func(img *glance.Image) {
		img.MinDisk = 7
		img.SetProperty(glance.Property{Name: "other", Value: "3"})
		img.Locations[1].URL = "moved"
		img.Tags = append(img.Tags, "new")
	})
	if got.MinDisk != 7 || got.Locations[1].URL != "moved" || len(got.Tags) != 2 {
		t.Errorf("updated: %+v", got)
	}
}

// Rows that old releases, other tools or two programs at once have left.
func TestOddRowsAreRead(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	createImage(t, db, func(*glance.Image) {})
	db.Exec(t, "UPDATE images SET created_at = '2020-01-02T03:04:05+01:00', updated_at = NULL, owner = ''")
	for _, value := range []string{"NULL", "''", "'null'", `'{"backend":"old", "n": 12345678901234567890}'`} {
		db.Exec(t, "INSERT INTO image_locations (image_id, value, meta_data, status, created_at, deleted) VALUES (?, 'u', "+value+", 'active', '2020-01-01', 0)", imageID)
	}
	db.Exec(t, "INSERT INTO image_locations (image_id, value, status, created_at, deleted) VALUES (?, 'gone', 'deleted', '2020-01-01', 1)", imageID)
	for range 2 {
		db.Exec(t, "INSERT INTO image_tags (image_id, value, created_at, deleted) VALUES (?, 'double', '2020-01-01', 0)", imageID)
		db.Exec(t, "INSERT INTO image_members (image_id, member, status, can_share, created_at, deleted) VALUES (?, 'double', 'accepted', 0, '2020-01-01', 0)", imageID)
	}
	img := readImage(t, db)
	if !img.CreatedAt.Equal(time.Date(2020, 1, 2, 2, 4, 5, 0, time.UTC)) || !img.UpdatedAt.IsZero() || img.Owner != "" {
		t.Errorf("image: %+v", img)
	}
	if len(img.Locations) != 4 || img.Locations[3].Store() != "old" || img.Locations[3].Metadata["n"] != json.Number("12345678901234567890") {
		t.Errorf("locations: %+v", img.Locations)
	}
	if !slices.Equal(img.Tags, []string{"double"}) {
		t.Errorf("tags: %v", img.Tags)
	}
	page, err := db.Images(t.Context(), metadata.Scope{Project: "double"}, metadata.Query{
		Limit: -1, Tags: []string{"double"}, Sort: []metadata.SortKey{{Column: metadata.ColumnUpdatedAt}, {Column: metadata.ColumnID}},
	})
	if err != nil || len(page) != 1 {
		t.Errorf("listed %d times, %v", len(page), err)
	}
	if members, err := db.Members(t.Context(), imageID); err != nil || len(members) != 1 {
		t.Errorf("members: %v, %v", members, err)
	}
}

// Both of two live rows of a member go, although the unique key of the table
// does not let them die in the same instant.
func TestDoubleMembers(t *testing.T) {
	for name, remove := range map[string]func(*testing.T, *sqldb.DB){
		"member": func(t *testing.T, db *sqldb.DB) {
			if err := db.RemoveMember(t.Context(), imageID, "double"); err != nil {
				t.Fatal(err)
			}
		},
		"image": func(t *testing.T, db *sqldb.DB) { updateImage(t, db, func(img *glance.Image) { img.Deleted = true }) },
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, "sqlite://")
			defer closeDB(t, db)
			createImage(t, db, func(*glance.Image) {})
			for range 3 {
				db.Exec(t, "INSERT INTO image_members (image_id, member, status, can_share, created_at, deleted) VALUES (?, 'double', 'accepted', 0, '2020-01-01', 0)", imageID)
			}
			remove(t, db)
			if n := db.Value(t, "SELECT COUNT(*) FROM image_members WHERE deleted = 0"); n != int64(0) {
				t.Errorf("%v live rows", n)
			}
		})
	}
}

func TestDollars(t *testing.T) {
	if got := sqldb.Dollars("a = ? AND b IN (?, ?)"); got != "a = $1 AND b IN ($2, $3)" {
		t.Error(got)
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"2020-01-02 03:04:05.123456", "2020-01-02T03:04:05Z", "2020-01-02 03:04:05+01:00", "2020-01-02", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := sqldb.ParseTime(s)
		if err == nil && at.Location() != time.UTC {
			t.Errorf("%q is read as %v", s, at)
		}
	})
}

func FuzzPythonJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.50,null],"b":"é\"😀\\"}`, `[]`, `"\u2028"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		spelled := sqldb.PythonJSON(raw)
		var before, after any
		if json.Unmarshal(raw, &before) != nil {
			return // numbers out of range
		}
		if err := json.Unmarshal(spelled, &after); err != nil {
			t.Fatalf("%s became %s: %v", raw, spelled, err)
		}
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("%s became %s", raw, spelled)
		}
		if slices.ContainsFunc(spelled, func(b byte) bool { return b >= 0x7f }) {
			t.Errorf("%s is not ASCII", spelled)
		}
	})
}

// TestAttemptLeavesNoRow: every image has had an attempt.
func TestAttemptLeavesNoRow(t *testing.T) {
	db := openFile(t, filepath.Join(t.TempDir(), "x.sqlite"))
	createImage(t, db, func(*glance.Image) {})
	updateImage(t, db, func(img *glance.Image) {
		img.Properties = []glance.Property{{Name: glance.AttemptProperty, Value: "x"}, {Name: "a", Value: "b"}}
	})
	updateImage(t, db, func(img *glance.Image) { img.Properties = nil })
	if n := db.Value(t, "SELECT count(*) FROM image_properties"); fmt.Sprint(n) != "1" {
		t.Errorf("%v rows, want that of a", n)
	}
}
