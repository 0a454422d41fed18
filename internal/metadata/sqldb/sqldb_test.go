package sqldb_test

import (
	"path/filepath"
	"testing"

	"glance/internal/metadata"
	"glance/internal/metadata/metadatatest"
	"glance/internal/metadata/sqldb"
)

func TestConformanceFile(t *testing.T) {
	metadatatest.Run(t, func(t *testing.T) metadata.Store { return openFile(t, filepath.Join(t.TempDir(), "glance.sqlite")) })
}

func TestMetadefsFile(t *testing.T) {
	metadatatest.RunMetadefs(t, metadatatest.Engine{}, func(t *testing.T) metadata.Store {
		return openFile(t, filepath.Join(t.TempDir(), "glance.sqlite"))
	})
}

func TestCachesFile(t *testing.T) {
	metadatatest.RunCaches(t, metadatatest.Engine{}, func(t *testing.T) metadata.Store {
		return openFile(t, filepath.Join(t.TempDir(), "glance.sqlite"))
	})
}

func TestMetadefsMemory(t *testing.T) {
	metadatatest.RunMetadefs(t, metadatatest.Engine{}, func(t *testing.T) metadata.Store { return open(t, "sqlite://") })
}

// The memory form walks along an index where the others, with as few images as
// the suite makes, gather all candidates.
func TestConformanceMemory(t *testing.T) {
	metadatatest.Run(t, func(t *testing.T) metadata.Store {
		db := open(t, "sqlite://")
		db.AlwaysWalk()
		return db
	})
}

// With the extra indexes there are ways of their own.
func TestConformanceIndexed(t *testing.T) {
	for name, walk := range map[string]bool{"few": false, "many": true} {
		t.Run(name, func(t *testing.T) {
			metadatatest.Run(t, func(t *testing.T) metadata.Store {
				db := open(t, "sqlite://")
				db.AddIndexes(t)
				if walk {
					db.AlwaysWalk()
				}
				return db
			})
		})
	}
}

func openFile(t testing.TB, path string) *sqldb.DB {
	t.Helper()
	return open(t, "sqlite:///"+path)
}

func open(t testing.TB, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url, sqldb.Options{CreateIfEmpty: true})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func closeDB(t testing.TB, db *sqldb.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
