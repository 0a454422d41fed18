package sqldb_test

import (
	"encoding/json"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
)

// loaded is a file about the namespace N of metadefs, with other values and
// further parts.
func loaded() *glance.MetadefNamespace {
	text, yes := "from the file", true
	return &glance.MetadefNamespace{
		Name: "N", DisplayName: &text, Protected: &yes, Owner: "admin",
		Associations: []glance.MetadefAssociation{{ResourceType: "R", Prefix: &text}, {ResourceType: "new"}},
		Objects: []glance.MetadefObject{
			{Name: "o", Description: &text, Required: []string{"not", "loaded"}, Properties: json.RawMessage(`{"n":1}`)},
			{Name: "new", Required: []string{"x"}, Properties: json.RawMessage("null")},
		},
		Properties: []glance.MetadefProperty{{Name: "p", Schema: json.RawMessage(`{"n":1}`)}, {Name: "new", Schema: json.RawMessage(`[1,2]`)}},
		Tags:       []glance.MetadefTag{{Name: "t"}, {Name: "new"}, {Name: "new"}},
	}
}

func load(t *testing.T, db *sqldb.DB, ns *glance.MetadefNamespace, mode metadata.LoadMode) (existed bool) {
	t.Helper()
	existed, err := db.LoadNamespace(t.Context(), ns, mode)
	if err != nil {
		t.Fatal(err)
	}
	return existed
}

const (
	countParts = "(SELECT COUNT(*) FROM metadef_objects) || (SELECT COUNT(*) FROM metadef_properties) || (SELECT COUNT(*) FROM metadef_tags) || " +
		"(SELECT COUNT(*) FROM metadef_namespace_resource_types) || (SELECT COUNT(*) FROM metadef_resource_types)"
	theObject = "description || json_schema || required FROM metadef_objects WHERE name = 'o'"
)

func TestLoadNewNamespace(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	for _, mode := range []metadata.LoadMode{metadata.LoadNew, metadata.LoadMissing, metadata.LoadChanged, metadata.LoadAnew} {
		if load(t, db, loaded(), mode) {
			t.Errorf("mode %d: it existed", mode)
		}
		columns{
			countParts: "22222",
			"COUNT(*) FROM metadef_namespaces WHERE updated_at IS NULL AND visibility IS NULL AND owner = 'admin' AND protected": "1",
			"COUNT(*) FROM metadef_objects WHERE updated_at IS NULL AND required IS NULL":                                        "2",
			"COUNT(*) FROM metadef_resource_types WHERE protected AND updated_at IS NULL":                                        "2",
			"json_schema FROM metadef_objects WHERE name = 'new'":                                                                "null",
			"json_schema FROM metadef_properties WHERE name = 'new'":                                                             "[1, 2]",
		}.check(t, db)
		if tables, err := db.UnloadMetadefs(t.Context()); err != nil || len(tables) != 6 {
			t.Fatalf("unload: %q, %v", tables, err)
		}
		columns{countParts: "00000", "COUNT(*) FROM metadef_namespaces": "0"}.check(t, db)
	}
}

func TestLoadIntoExistingNamespace(t *testing.T) {
	for _, tt := range []struct {
		mode metadata.LoadMode
		want columns
	}{
		{metadata.LoadNew, columns{
			countParts: "21111", "owner FROM metadef_namespaces": "p", "json_schema FROM metadef_properties WHERE name = 'p'": `{"minimum": 0, "default": false}`,
		}},
		{metadata.LoadMissing, columns{
			countParts: "32222", "owner FROM metadef_namespaces": "p", "json_schema FROM metadef_properties WHERE name = 'p'": `{"minimum": 0, "default": false}`,
			"id FROM metadef_namespaces": "1", "protected FROM metadef_resource_types WHERE name = 'R'": "0",
			"prefix IS NULL FROM metadef_namespace_resource_types WHERE resource_type_id = 1": "1",
		}},
		{metadata.LoadChanged, columns{
			countParts: "32222", "owner || display_name FROM metadef_namespaces": "adminfrom the file", theObject: `from the file{"n": 1}b,a`,
			"id FROM metadef_namespaces": "1", "visibility IS NULL FROM metadef_namespaces": "1",
			"protected FROM metadef_resource_types WHERE name = 'R'":                                            "0",
			"prefix || (properties_target IS NULL) FROM metadef_namespace_resource_types WHERE prefix NOT NULL": "from the file1",
		}},
		{metadata.LoadAnew, columns{
			countParts: "22222", "owner FROM metadef_namespaces": "admin", "updated_at IS NULL FROM metadef_namespaces": "1",
			"required IS NULL FROM metadef_objects WHERE name = 'o'": "1", "protected FROM metadef_resource_types WHERE name = 'R'": "0",
		}},
	} {
		db, _ := metadefs(t)
		if !load(t, db, loaded(), tt.mode) {
			t.Errorf("mode %d: it did not exist", tt.mode)
		}
		tt.want.check(t, db)
	}
}

// What was loaded says when it was overwritten.
func TestLoadChangedSetsUpdatedAt(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	load(t, db, loaded(), metadata.LoadNew)
	load(t, db, loaded(), metadata.LoadMissing)
	const unset = "(SELECT COUNT(*) FROM metadef_namespaces WHERE updated_at IS NULL) || (SELECT COUNT(*) FROM metadef_objects WHERE updated_at IS NULL) || " +
		"(SELECT COUNT(*) FROM metadef_properties WHERE updated_at IS NULL) || (SELECT COUNT(*) FROM metadef_resource_types WHERE updated_at IS NULL) || " +
		"(SELECT COUNT(*) FROM metadef_namespace_resource_types WHERE updated_at IS NULL)"
	columns{unset: "12222"}.check(t, db)
	load(t, db, loaded(), metadata.LoadChanged)
	columns{unset: "00000"}.check(t, db)
}

// A file whose last part cannot be stored leaves nothing behind.
func TestLoadIsWhole(t *testing.T) {
	db, _ := metadefs(t)
	db.Exec(t, "CREATE TRIGGER refuse BEFORE INSERT ON metadef_tags WHEN NEW.name = 'new' BEGIN SELECT RAISE(ABORT, 'no'); END")
	for _, mode := range []metadata.LoadMode{metadata.LoadMissing, metadata.LoadChanged, metadata.LoadAnew} {
		if _, err := db.LoadNamespace(t.Context(), loaded(), mode); err == nil {
			t.Errorf("mode %d: no error", mode)
		}
		columns{countParts: "21111", "owner FROM metadef_namespaces": "p"}.check(t, db)
	}
}
