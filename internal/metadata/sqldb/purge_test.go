package sqldb_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata/sqldb"
)

// graves fills a database with rows that died in the years 2001 to 2001+n-1,
// and one that lives again but still says when it died, as the original leaves
// them.
func graves(t *testing.T, db *sqldb.DB, n int) {
	t.Helper()
	for year := 2001; year < 2001+n; year++ {
		at, id := fmt.Sprintf("%d-06-01 00:00:00.000000", year), fmt.Sprint(year)
		db.Exec(t, "INSERT INTO images (id, status, created_at, deleted, deleted_at, min_disk, min_ram) VALUES (?, 'deleted', ?, 1, ?, 0, 0)", id, at, at)
		db.Exec(t, "INSERT INTO image_properties (image_id, name, created_at, deleted, deleted_at) VALUES (?, 'p', ?, 1, ?), (?, 'alive', ?, 0, ?)", id, at, at, id, at, at)
		db.Exec(t, "INSERT INTO image_tags (image_id, value, created_at, deleted, deleted_at) VALUES (?, 't', ?, 1, ?)", id, at, at)
		db.Exec(t, "INSERT INTO image_locations (image_id, value, created_at, deleted, deleted_at) VALUES (?, 'l', ?, 1, ?)", id, at, at)
		db.Exec(t, "INSERT INTO image_members (image_id, member, can_share, created_at, deleted, deleted_at) VALUES (?, 'm', 0, ?, 1, ?)", id, at, at)
		db.Exec(t, "INSERT INTO tasks (id, type, status, owner, created_at, deleted, deleted_at) VALUES (?, 'import', 'success', 'o', ?, 1, ?)", id, at, at)
		db.Exec(t, "INSERT INTO task_info (task_id) VALUES (?)", id)
	}
}

func counts(t *testing.T, db *sqldb.DB) (list []int64) {
	t.Helper()
	for _, table := range []string{"image_properties", "image_tags", "image_locations", "image_members", "task_info", "tasks", "images"} {
		list = append(list, db.Value(t, "SELECT COUNT(*) FROM "+table).(int64))
	}
	return list
}

func TestPurge(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	graves(t, db, 5)
	var said []string
	p := sqldb.Purge{
		Before: time.Date(2004, 6, 1, 0, 0, 0, 0, time.UTC), Most: 2, Table: func(table string) { said = append(said, table) },
		Gone: func(table string, n int64) { said = append(said, fmt.Sprint(table, n)) },
	}
	if err := db.PurgeImages(t.Context(), p); !errors.Is(err, glance.Conflict) {
		t.Errorf("images before all else: %v", err)
	}
	for i, want := range [][]int64{{8, 3, 3, 3, 3, 3, 5}, {7, 2, 2, 2, 2, 2, 5}, {7, 2, 2, 2, 2, 2, 5}} {
		said = nil
		if err := db.Purge(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if got := counts(t, db); !slices.Equal(got, want) {
			t.Errorf("round %d leaves %v, want %v", i, got, want)
		}
	}
	if want := "task_info task_info0 image_properties image_properties0 image_tags image_tags0 image_locations image_locations0 " +
		"image_members image_members0 tasks tasks0"; fmt.Sprint(said) != "["+want+"]" {
		t.Errorf("told %v", said)
	}
	if oldest := db.Value(t, "SELECT MIN(id) FROM tasks"); oldest != "2004" {
		t.Errorf("the oldest task left is %v: a row of the very moment stays", oldest)
	}
	db.Exec(t, "DELETE FROM image_properties WHERE deleted = 0")
	p.Most = -1
	if err := db.PurgeImages(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if got := counts(t, db); !slices.Equal(got, []int64{2, 2, 2, 2, 2, 2, 2}) {
		t.Errorf("at the end %v are left", got)
	}
}

// More rows than one transaction removes.
func TestPurgeInBatches(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	graves(t, db, 1)
	db.Exec(t, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2499) "+
		"INSERT INTO image_tags (image_id, value, created_at, deleted, deleted_at) SELECT '2001', i, '2002-01-01', 1, '2002-01-01' FROM n")
	for _, round := range []struct {
		most int
		left int64
	}{{1001, 1499}, {0, 1499}, {-1, 0}} {
		p := sqldb.Purge{Before: time.Now(), Most: round.most, Table: func(string) {}, Gone: func(string, int64) {}}
		if err := db.Purge(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if n := counts(t, db)[1]; n != round.left {
			t.Errorf("at most %d: %d left, want %d", round.most, n, round.left)
		}
	}
}
