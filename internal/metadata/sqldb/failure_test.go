package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/metadatatest"
	"glance/internal/metadata/sqldb"
)

// A full disk refuses writes with Unavailable, keeps what was there, and
// takes writes again when there is room.
func TestFullDisk(t *testing.T) {
	db := openFile(t, filepath.Join(t.TempDir(), "glance.sqlite"))
	defer closeDB(t, db)
	createImage(t, db, func(img *glance.Image) { img.Tags = []string{"t"} })
	db.Exec(t, "PRAGMA max_page_count = 1")
	n := 0
	fill := func() (err error) {
		for last := n + 50; n < last && err == nil; n++ {
			_, err = db.UpdateImage(t.Context(), deletedScope(), imageID, func(img *glance.Image) error {
				img.SetProperty(glance.Property{Name: fmt.Sprint(n), Value: strings.Repeat("x", 1000)})
				img.MinDisk++
				return nil
			})
		}
		return err
	}
	if err := fill(); !errors.Is(err, glance.Unavailable) {
		t.Fatalf("error %v", err)
	}
	if img := readImage(t, db); int(img.MinDisk) != len(img.Properties) || len(img.Tags) != 1 {
		t.Errorf("half written: %d updates, %d properties", img.MinDisk, len(img.Properties))
	}
	db.Exec(t, "PRAGMA max_page_count = 1000000")
	if err := fill(); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// Another program that holds the file makes writes Unavailable after the
// timeout, and reads of a write-ahead log go on.
func TestLockedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "glance.sqlite")
	db := open(t, "sqlite:///"+path+"?timeout=0.01")
	defer closeDB(t, db)
	createImage(t, db, func(*glance.Image) {})
	other := rawOpen(t, path)
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "UPDATE images SET name = 'theirs'"); err != nil {
		t.Fatal(err)
	}
	rename := func() error {
		_, err := db.UpdateImage(t.Context(), deletedScope(), imageID, func(img *glance.Image) error {
			img.MinRAM = 1
			return nil
		})
		return err
	}
	if err := rename(); !errors.Is(err, glance.Unavailable) {
		t.Errorf("error %v", err)
	}
	if img := readImage(t, db); img.Name != nil {
		t.Errorf("uncommitted name %q is read", *img.Name)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := rename(); err != nil {
		t.Error(err)
	}
	if img := readImage(t, db); img.Name == nil || *img.Name != "theirs" || img.MinRAM != 1 {
		t.Errorf("after both: %+v", img)
	}
}

func rawOpen(t testing.TB, path string) *sql.DB {
	t.Helper()
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
	})
	return raw
}

func TestBrokenFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := filepath.Join(dir, "whole.sqlite")
	closeDB(t, openFile(t, whole))
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	broken := append([]byte{}, data...)
	for i := 100; i < len(broken); i++ {
		broken[i] = 0xa5
	}
	for _, tt := range []struct {
		name, path string
		create     bool
		want       glance.Kind
	}{
		{"missing", filepath.Join(dir, "missing.sqlite"), false, glance.Unavailable},
		{"no directory", filepath.Join(dir, "no", "x.sqlite"), true, glance.Unavailable},
		{"directory", dir, true, glance.Unavailable},
		{"not a database", write("text", []byte(strings.Repeat("plain text ", 100))), true, glance.Internal},
		{"broken", write("broken", broken), true, glance.Internal},
		{"empty, not to be made", write("empty", nil), false, glance.Conflict},
	} {
		db, err := sqldb.Open(t.Context(), "sqlite:///"+tt.path, sqldb.Options{CreateIfEmpty: tt.create})
		if err == nil || glance.KindOf(err) != tt.want {
			t.Errorf("%s: %v (%v), want %v", tt.name, err, glance.KindOf(err), tt.want)
		}
		if db != nil {
			t.Errorf("%s: a database is returned with the error", tt.name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "missing.sqlite")); err == nil {
		t.Error("a missing file is made unasked")
	}
}

// Cancelled calls under load neither break connections nor leave anything
// half done: the driver interrupts statements from another goroutine.
func TestCancelUnderLoad(t *testing.T) {
	for name, url := range map[string]string{"file": "sqlite:///" + filepath.Join(t.TempDir(), "glance.sqlite"), "memory": "sqlite://"} {
		t.Run(name, func(t *testing.T) {
			db := open(t, url)
			defer closeDB(t, db)
			for n := range 200 {
				if err := db.CreateImage(t.Context(), metadatatest.BenchImage(n)); err != nil {
					t.Fatal(err)
				}
			}
			createImage(t, db, func(*glance.Image) {})
			var wg sync.WaitGroup
			for n := range 6 {
				wg.Go(func() { cancelOften(t, db, n) })
			}
			wg.Wait()
			img := readImage(t, db)
			if int(img.MinDisk) != len(img.Tags) {
				t.Errorf("half done: %d updates, %d tags", img.MinDisk, len(img.Tags))
			}
			page, err := db.Images(t.Context(), metadata.Everything(), metadata.Query{Limit: -1, Sort: defaultList().Sort})
			if err != nil || len(page) != 201 {
				t.Errorf("%d images, %v", len(page), err)
			}
		})
	}
}

// cancelOften reads pages and updates an image, and cancels a call after some
// of its work, which is as good as at any time.
func cancelOften(t *testing.T, db *sqldb.DB, n int) {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	for round := range 40 {
		ctx, cancel := context.WithCancel(t.Context())
		stop := make(chan struct{})
		go func() {
			for range r.IntN(2000) {
				_ = fmt.Sprint(n)
			}
			cancel()
			close(stop)
		}()
		var err error
		if n%2 == 0 {
			_, err = db.Images(ctx, metadata.Scope{Project: "large"}, metadata.Query{Limit: 100, Sort: defaultList().Sort})
		} else {
			_, err = db.UpdateImage(ctx, deletedScope(), imageID, func(img *glance.Image) error {
				img.MinDisk++
				img.Tags = append(img.Tags, fmt.Sprint(n, round))
				return nil
			})
		}
		<-stop
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	}
}

// More texts than a connection keeps prepared.
func TestManyStatements(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	createImage(t, db, func(img *glance.Image) { img.Tags = []string{"t"} })
	for n := range 300 {
		q := metadata.Query{Limit: -1}
		for bit := range 9 { // a text of its own for each n
			q.Sort = append(q.Sort, metadata.SortKey{Column: metadata.Columns()[bit], Desc: n>>bit&1 == 1})
		}
		if page, err := db.Images(t.Context(), metadata.Everything(), q); err != nil || len(page) != 1 {
			t.Fatalf("statement %d: %d images, %v", n, len(page), err)
		}
	}
	readImage(t, db)
}
