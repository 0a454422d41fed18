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

func TestConformanceMemory(t *testing.T) {
	metadatatest.Run(t, func(t *testing.T) metadata.Store { return open(t, "sqlite://") })
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
