package sqliteindex_test

import (
	"path/filepath"
	"testing"

	"glance/internal/cache"
	"glance/internal/cache/cachetest"
	"glance/internal/cache/sqliteindex"
)

func open(t *testing.T, dir string) cache.Index {
	t.Helper()
	x, err := sqliteindex.Open(t.Context(), filepath.Join(dir, "cache.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func TestConformance(t *testing.T) { cachetest.Run(t, open) }
