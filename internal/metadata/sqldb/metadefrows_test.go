package sqldb_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
)

// metadefs gives a database with a namespace N that has one part of each kind.
func metadefs(t *testing.T) (*sqldb.DB, *glance.MetadefNamespace) {
	t.Helper()
	db := open(t, "sqlite://")
	t.Cleanup(func() { closeDB(t, db) })
	ns := definitions()
	if err := db.CreateNamespace(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	return db, ns
}

func definitions() *glance.MetadefNamespace {
	target := "image"
	return &glance.MetadefNamespace{
		Name: "N", Visibility: glance.VisibilityPublic, Owner: "p",
		Associations: []glance.MetadefAssociation{{ResourceType: "R", PropertiesTarget: &target}},
		Objects: []glance.MetadefObject{
			{Name: "o", Required: []string{"b", "a"}, Properties: json.RawMessage(`{"b":{"type":"integer","title":"é😀"},"a":{"enum":["x, y","z: \"<"]}}`)},
			{Name: "bare"},
		},
		Properties: []glance.MetadefProperty{{Name: "p", Schema: json.RawMessage("{\n \"minimum\" : 0,\"default\":false}")}},
		Tags:       []glance.MetadefTag{{Name: "t"}},
	}
}

func (c columns) check(t *testing.T, db *sqldb.DB) {
	t.Helper()
	for query, want := range c {
		if got := fmt.Sprint(db.Value(t, "SELECT "+query)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// columns are what single values are, by what is selected.
type columns map[string]string

// Rows look as the original writes them (spec database §3).
func TestMetadefRowsAsTheOriginalWritesThem(t *testing.T) {
	db, _ := metadefs(t)
	columns{
		"json_schema FROM metadef_objects WHERE name = 'o'": `{"b": {"type": "integer", "title": "\u00e9\ud83d\ude00"}, ` +
			`"a": {"enum": ["x, y", "z: \"<"]}}`,
		"json_schema FROM metadef_objects WHERE name = 'bare'":                              "{}",
		"required FROM metadef_objects WHERE name = 'o'":                                    "b,a",
		"required IS NULL AND description IS NULL FROM metadef_objects WHERE name = 'bare'": "1",
		"json_schema FROM metadef_properties":                                               `{"minimum": 0, "default": false}`,
		"length(created_at) || length(updated_at) FROM metadef_tags":                        "2626",
		"protected IS NULL AND display_name IS NULL FROM metadef_namespaces":                "1",
		"prefix IS NULL FROM metadef_namespace_resource_types":                              "1",
		"protected FROM metadef_resource_types":                                             "0",
	}.check(t, db)
	_, err := db.UpdateMetadefObject(t.Context(), readNamespace(t, db), "o", func(o *glance.MetadefObject) error {
		o.Required = []string{}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	columns{"required IS NULL FROM metadef_objects WHERE name = 'o'": "1"}.check(t, db)
}

func readNamespace(t *testing.T, db *sqldb.DB) *glance.MetadefNamespace {
	t.Helper()
	ns, err := db.Namespace(t.Context(), metadata.Everything(), "N")
	if err != nil {
		t.Fatal(err)
	}
	return ns
}

// Rows that the original's glance-manage loaded have no updated_at, may have
// neither visibility nor protected, and null for a schema.
func TestMetadefRowsThatWereLoaded(t *testing.T) {
	db := open(t, "sqlite://")
	defer closeDB(t, db)
	const at = "'2026-01-02 03:04:05.000000'"
	db.Exec(t, "INSERT INTO metadef_namespaces (id, namespace, owner, created_at) VALUES (7, 'N', 'admin', "+at+")")
	db.Exec(t, "INSERT INTO metadef_objects (namespace_id, name, json_schema, required, created_at) VALUES (7, 'o', 'null', '', "+at+")")
	ns := readNamespace(t, db)
	if ns.ID != 7 || ns.Visibility != "" || ns.Protected != nil || !ns.UpdatedAt.IsZero() || ns.CreatedAt.Year() != 2026 {
		t.Errorf("namespace %+v", ns)
	}
	o, err := db.MetadefObject(t.Context(), ns, "o")
	if err != nil || string(o.Properties) != "null" || o.Required != nil || !o.UpdatedAt.IsZero() {
		t.Errorf("object %+v, %v", o, err)
	}
	if _, err := db.Namespace(t.Context(), metadata.Scope{Project: "p"}, "N"); glance.KindOf(err) != glance.Forbidden {
		t.Errorf("without a visibility: %v", err)
	}
	_, err = db.UpdateNamespace(t.Context(), metadata.Everything(), "N", func(ns *glance.MetadefNamespace) error {
		ns.Owner = "other"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	columns{"visibility IS NULL AND protected IS NULL AND updated_at IS NOT NULL FROM metadef_namespaces": "1"}.check(t, db)
}

// A page of namespaces takes the same statements however many there are.
func TestMetadefPageStatements(t *testing.T) {
	path := t.TempDir() + "/glance.sqlite"
	db := openFile(t, path)
	defer closeDB(t, db)
	for n := range 40 {
		ns := definitions()
		ns.Name = fmt.Sprint("N", n)
		if err := db.CreateNamespace(t.Context(), ns); err != nil {
			t.Fatal(err)
		}
	}
	reads := db.CountReads(t, path)
	page, err := db.Namespaces(t.Context(), metadata.Scope{Project: "p"}, metadata.NamespaceQuery{
		Limit: 30, Sort: "namespace", Marker: "N1", ResourceTypes: []string{"R"}, Asc: true,
	})
	if err != nil || len(page) != 30 || len(page[29].Associations) != 1 {
		t.Errorf("page of %d, %v", len(page), err)
	}
	if n := reads.Load(); n != 3 { // the marker, the page, the associations
		t.Errorf("%d statements", n)
	}
}
