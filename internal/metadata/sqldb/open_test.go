package sqldb_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata/sqldb"
)

func TestJournalMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.sqlite")
	db := openFile(t, path)
	for pragma, want := range map[string]any{"journal_mode": "wal", "synchronous": int64(2), "foreign_keys": int64(1)} {
		if got := db.Value(t, "PRAGMA "+pragma); got != want {
			t.Errorf("new file: %s is %v, want %v", pragma, got, want)
		}
	}
	createImage(t, db, func(*glance.Image) {})
	db.Exec(t, "PRAGMA wal_checkpoint(TRUNCATE)")
	closeDB(t, db)
	raw := rawOpen(t, path)
	if _, err := raw.ExecContext(t.Context(), "PRAGMA journal_mode = DELETE"); err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.Open(t.Context(), "sqlite:///"+path, sqldb.Options{CreateIfEmpty: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB(t, db)
	for pragma, want := range map[string]any{"journal_mode": "delete", "synchronous": int64(0)} {
		if got := db.Value(t, "PRAGMA "+pragma); got != want {
			t.Errorf("existing file: %s is %v, want %v", pragma, got, want)
		}
	}
	readImage(t, db)
}

// Names of files are taken as they are.
func TestFileNames(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"plain.db", "a b%20c#d.db", "sub/../é;&=.db", "./-x"} {
		if err := os.MkdirAll("sub", 0o750); err != nil {
			t.Fatal(err)
		}
		closeDB(t, open(t, "sqlite:///"+name))
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Servers that start together on a new file make its tables once.
func TestCreationRace(t *testing.T) {
	url := "sqlite:///" + filepath.Join(t.TempDir(), "glance.sqlite")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			db, err := sqldb.Open(t.Context(), url, sqldb.Options{CreateIfEmpty: true})
			if err != nil {
				t.Error(err)
				return
			}
			closeDB(t, db)
		})
	}
	wg.Wait()
}

// Two programs on one file exclude each other as two callers of one do.
func TestTwoPrograms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "glance.sqlite")
	first, second := openFile(t, path), openFile(t, path)
	defer closeDB(t, first)
	defer closeDB(t, second)
	createImage(t, first, func(*glance.Image) {})
	var wg sync.WaitGroup
	for n := range 4 {
		db := []*sqldb.DB{first, second}[n%2]
		wg.Go(func() {
			for round := range 10 {
				_, err := db.UpdateImage(t.Context(), deletedScope(), imageID, func(img *glance.Image) error {
					img.MinDisk++
					img.Tags = append(img.Tags, fmt.Sprint(n, round))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if img := readImage(t, second); img.MinDisk != 40 || len(img.Tags) != 40 {
		t.Errorf("%d updates and %d tags arrived, want 40", img.MinDisk, len(img.Tags))
	}
}

func TestRevisions(t *testing.T) {
	for rows, want := range map[string]string{
		"2024_1_contract01":                  "",
		"wallaby_contract01":                 "",
		"2023_1_contract01":                  "",
		"wallaby_contract01 2024_1_expand01": "",
		"ussuri_contract01":                  "The database is at revision ussuri_contract01; wallaby_contract01 or newer is needed. Run `glance-manage db sync`.",
		"2024_1_expand01":                    "The database is at revision 2024_1_expand01; wallaby_contract01 or newer is needed. Run `glance-manage db sync`.",
		"2031_1_contract01": "The database is at revision 2031_1_contract01, which is not known here or too old. " +
			"If it is older than wallaby_contract01, upgrade it with an older release first, then run `glance-manage db sync`.",
		"": "The database has no revision. Run `glance-manage db sync` to make its tables.",
	} {
		path := filepath.Join(t.TempDir(), "glance.sqlite")
		db := openFile(t, path)
		db.Exec(t, "DELETE FROM alembic_version")
		for row := range strings.FieldsSeq(rows) {
			db.Exec(t, "INSERT INTO alembic_version VALUES (?)", row)
		}
		closeDB(t, db)
		db, err := sqldb.Open(t.Context(), "sqlite:///"+path, sqldb.Options{CreateIfEmpty: true})
		if err == nil {
			closeDB(t, db)
		}
		var known *glance.Error
		if want == "" && err != nil || want != "" && (!errors.As(err, &known) || known.Kind != glance.Conflict || known.Message != want) {
			t.Errorf("%q: %v, want %q", rows, err, want)
		}
	}
}
