package all_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glance/internal/cache"
	"glance/internal/cache/all"
	"glance/internal/cache/cachetest"
	"glance/internal/cache/sqliteindex"
	"glance/internal/glance"
	"glance/internal/metadata/memdb"
)

// TestCentral: what metadata gives for a node is an index.
func TestCentral(t *testing.T) {
	db := memdb.New()
	cachetest.Run(t, func(t *testing.T, dir string) cache.Index {
		x, err := db.CacheOf(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return x
	})
}

func open(t *testing.T, o all.Options) (c *cache.Cache, driver, log string) {
	t.Helper()
	var text bytes.Buffer
	c, driver, err := all.Open(t.Context(), o, slog.New(slog.NewTextHandler(&text, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, driver, text.String()
}

func options(t *testing.T, driver string) all.Options {
	return all.Options{
		Driver: driver, Dir: filepath.Join(t.TempDir(), "a", "cache"), MaxSize: 100, StallTime: time.Hour, SQLiteDB: "mine.sqlite",
		Open: func(context.Context) (cache.Index, error) { return nil, errors.New("no table") },
	}
}

func TestOpen(t *testing.T) {
	for _, tt := range []struct{ driver, want, log string }{
		{all.SQLite, all.SQLite, ""},
		{all.XAttr, all.XAttr, ""},
		{all.Central, all.SQLite, "no table"},
		{"other", all.SQLite, "other is not known"},
	} {
		o := options(t, tt.driver)
		c, driver, log := open(t, o)
		if driver != tt.want || !strings.Contains(log, tt.log) || tt.log == "" && log != "" {
			t.Errorf("%s: driver %s, log %s", tt.driver, driver, log)
		}
		if _, err := os.Stat(filepath.Join(o.Dir, "mine.sqlite")); (err == nil) != (tt.want == all.SQLite) {
			t.Errorf("%s: database: %v", tt.driver, err)
		}
		if n, err := c.DeleteAll(t.Context()); n != 0 || err != nil {
			t.Errorf("%s: %d files, %v: the database counts as an image", tt.driver, n, err)
		}
	}
}

func TestOpenNowhere(t *testing.T) {
	o := options(t, all.SQLite)
	o.Dir = "/dev/null/cache"
	if _, _, err := all.Open(t.Context(), o, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no error")
	}
}

func TestMigrate(t *testing.T) {
	o := options(t, all.Central)
	o.Migrate = true
	if err := cache.MakeDirs(o.Dir); err != nil {
		t.Fatal(err)
	}
	old, err := sqliteindex.Open(t.Context(), filepath.Join(o.Dir, o.SQLiteDB))
	if err != nil {
		t.Fatal(err)
	}
	db := memdb.New()
	o.Open = func(ctx context.Context) (cache.Index, error) { return db.CacheOf(ctx, "http://node") }
	node, err := db.CacheOf(t.Context(), "http://node")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	known := glance.CachedImage{ImageID: "known", LastAccessed: at, LastModified: at, Hits: 1}
	left := glance.CachedImage{ImageID: "left", LastAccessed: at, LastModified: at.Add(time.Second), Size: 5, Hits: 7}
	stale := known
	stale.Hits = 99
	for _, err := range []error{node.Add(t.Context(), known), old.Add(t.Context(), stale), old.Add(t.Context(), left)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		c, driver, log := open(t, o)
		list, err := c.List(t.Context())
		known.Number, left.Number = 1, 2
		if err != nil || driver != all.Central || log != "" || len(list) != 2 || list[0] != known || list[1] != left {
			t.Errorf("%s: %+v, %v, log %s", driver, list, err, log)
		}
	}
	if list, err := old.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("left behind: %+v, %v", list, err)
	}
	if err := old.Close(); err != nil {
		t.Error(err)
	}
}
