//go:build services

package services_test

import (
	"strings"
	"testing"

	"glance/internal/metadata"
	"glance/internal/metadata/metadatatest"
	"glance/internal/metadata/sqldb"
	"glance/internal/metadata/sqldb/migrations"
)

// TestDatabaseIndexes: the extra indexes come and go on both servers, the
// original's tool sees nothing of them, and with them every store does the same.
func TestDatabaseIndexes(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			e.create("indexed")
			e.original("indexed", "db", "sync")
			before := e.dump("indexed")
			var added, dropped string
			for _, i := range migrations.Indexes() {
				added, dropped = added+"Added index "+i.Name+"\n", dropped+"Dropped index "+i.Name+"\n"
			}
			e.manage("indexed", "db drop_indexes", "There are no extra indexes. No indexes dropped.\n", false)
			e.manage("indexed", "db add_indexes", added, false)
			if got := strings.Count(e.dump("indexed"), "glance_go_"); got != len(migrations.Indexes()) {
				t.Errorf("%d indexes are there", got)
			}
			e.manage("indexed", "db add_indexes", "All extra indexes are there. No indexes added.\n", false)
			e.manage("indexed", "db version", "wallaby_contract01\n", false)
			e.original("indexed", "db", "sync")
			e.manage("indexed", "db drop_indexes", dropped, false)
			e.sameSchema("the schema without the extra indexes", e.dump("indexed"), before)
			e.manage("indexed", "db add_indexes", added, false)
			long := strings.Repeat("é", 5000) // a property that no index entry holds
			e.sql("indexed", "INSERT INTO images (id, status, created_at, deleted, min_disk, min_ram) VALUES ('x', 'queued', '2020-01-01', FALSE, 0, 0);"+
				"INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES ('x', 'p', '"+long+"', '2020-01-01', FALSE)")
			metadatatest.RunOn(t, e.traits, func(t *testing.T) metadata.Store {
				wipe(e, "indexed")
				db, err := sqldb.Open(t.Context(), e.url("indexed"), sqldb.Options{SQLMode: "TRADITIONAL"})
				if err != nil {
					t.Fatal(err)
				}
				return db
			})
		})
	}
}
