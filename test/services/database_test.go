//go:build services

package services_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/metadatatest"
	"glance/internal/metadata/sqldb"
)

// synced makes a database with the newest schema.
func synced(t *testing.T, e *engine, database string) {
	t.Helper()
	e.create(database)
	schema, closeDB, err := sqldb.Migrate(t.Context(), e.url(database), sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(schema.Sync(t.Context(), io.Discard), closeDB()); err != nil {
		t.Fatal(err)
	}
}

// wipe empties the tables that the suite fills, and more.
func wipe(e *engine, database string, more ...string) {
	text := ""
	for _, table := range append([]string{
		"image_properties", "image_tags", "image_locations", "image_members", "images", "task_info", "tasks",
		"metadef_tags", "metadef_objects", "metadef_properties", "metadef_namespace_resource_types", "metadef_namespaces", "metadef_resource_types",
	}, more...) {
		text += "DELETE FROM " + table + ";"
	}
	e.sql(database, text)
}

// TestDatabaseConformance: both servers do what every metadata store does.
func TestDatabaseConformance(t *testing.T) {
	t.Parallel()
	conform(t, metadatatest.RunOn)
}

// TestDatabaseMetadefs: with metadata definitions too.
func TestDatabaseMetadefs(t *testing.T) {
	t.Parallel()
	conform(t, metadatatest.RunMetadefs)
}

// TestDatabaseCaches: with the caches of nodes too.
func TestDatabaseCaches(t *testing.T) {
	t.Parallel()
	conform(t, metadatatest.RunCaches)
}

func conform(t *testing.T, suite func(*testing.T, metadatatest.Engine, metadatatest.Open)) {
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			synced(t, e, "suite")
			suite(t, e.traits, func(t *testing.T) metadata.Store {
				wipe(e, "suite", "cached_images", "node_reference")
				db, err := sqldb.Open(t.Context(), e.url("suite"), sqldb.Options{SQLMode: "TRADITIONAL"})
				if err != nil {
					t.Fatal(err)
				}
				return db
			})
		})
	}
}

// TestDatabaseEmpty: a server makes no tables in a server's database.
func TestDatabaseEmpty(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.create("empty")
			_, err := sqldb.Open(t.Context(), e.url("empty"), sqldb.Options{CreateIfEmpty: true})
			var known *glance.Error
			if !errors.As(err, &known) || known.Kind != glance.Conflict || !strings.Contains(known.Message, "glance-manage db sync") {
				t.Errorf("an empty database: %v", err)
			}
		})
	}
}
