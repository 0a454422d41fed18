//go:build services

package services_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// metadefRows gives all that was loaded, but for numbers and times.
func metadefRows(e *engine, database string) string {
	ofNamespace := func(columns, table string) string {
		return "SELECT n.namespace, " + columns + ", p.updated_at IS NULL FROM " + table +
			" p JOIN metadef_namespaces n ON n.id = p.namespace_id ORDER BY n.namespace, p.name"
	}
	text := ""
	for _, query := range []string{
		"SELECT namespace, display_name, description, visibility, protected, owner, updated_at IS NULL FROM metadef_namespaces ORDER BY namespace",
		ofNamespace("p.name, p.description, p.required, p.json_schema", "metadef_objects"),
		ofNamespace("p.name, p.json_schema", "metadef_properties"),
		ofNamespace("p.name", "metadef_tags"),
		"SELECT n.namespace, r.name, a.prefix, a.properties_target, a.updated_at IS NULL FROM metadef_namespace_resource_types a " +
			"JOIN metadef_namespaces n ON n.id = a.namespace_id JOIN metadef_resource_types r ON r.id = a.resource_type_id ORDER BY n.namespace, r.name",
		"SELECT name, protected, updated_at IS NULL FROM metadef_resource_types ORDER BY name",
	} {
		text += e.sql(database, query) + "--\n"
	}
	return text
}

// sameLines compares two texts line by line.
func sameLines(t *testing.T, what, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] {
			t.Errorf("%s: %d lines, want %d; the first that differs:\n%.600s\nwant %.600s", what, len(g), len(w), strings.Join(g[min(i, len(g)):min(i+1, len(g))], ""), w[i])
			return
		}
	}
	if len(g) != len(w) {
		t.Errorf("%s: %d lines, want %d", what, len(g), len(w))
	}
}

// TestDatabaseMetadefFiles: what our glance-manage loads, and makes of what is
// there, is to the letter what the original's does.
func TestDatabaseMetadefFiles(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			for _, database := range []string{"ours", "theirs"} {
				e.create(database)
				e.original(database, "db", "sync")
			}
			changed := changedFiles(t)
			for _, words := range []string{
				"load_metadefs --path /etc/glance/metadefs", "load_metadefs --path " + changed, "load_metadefs --path " + changed + " --merge",
				"load_metadefs --path " + changed + " --merge --prefer_new", "load_metadefs --path /etc/glance/metadefs --merge --overwrite",
				"load_metadefs --path " + changed + " --merge --overwrite",
			} {
				bothManage(e, words)
				sameLines(t, words, metadefRows(e, "ours"), metadefRows(e, "theirs"))
			}
			if rows := metadefRows(e, "ours"); strings.Count(rows, "\n") < 250 || !strings.Contains(rows, "OS::Compute::Quota") {
				t.Errorf("rows %.1000s", rows)
			}
			exportBoth(t, e)
			bothManage(e, "unload_metadefs")
			sameLines(t, "unload", metadefRows(e, "ours"), metadefRows(e, "theirs"))
		})
	}
}

// bothManage runs a command of both on a database each.
func bothManage(e *engine, words string) {
	e.t.Helper()
	list := append([]string{"db"}, strings.Fields(words)...)
	e.original("theirs", list...)
	e.run(programs()+"/glance-manage", append([]string{"--config-file", e.config("ours")}, list...)...)
}

// changedFiles is a directory with definitions whose parts partly are in the
// shipped ones, and what is odd about them.
func changedFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"quota.json": `{"namespace": "OS::Compute::Quota", "display_name": "Changed", "owner": "o", "visibility": "private",
			"resource_type_associations": [{"name": "OS::Nova::Flavor", "prefix": "x:"}, {"name": "New::Type", "properties_target": "t"}],
			"properties": {"p": {"title": "\u00e9 <&> \u2028", "type": "number", "minimum": 1.5, "enum": ["a, b", "c: d", "\"q\\"]}, "empty": {}, "list": [1, null]},
			"objects": [{"name": "CPU Limits", "description": "d", "required": ["quota:cpu_shares"], "properties": {"b": {}, "a": {}}}, {"name": "bare"}],
			"tags": [{"name": "t"}, {"name": "t"}]}`,
		"new.json":    `{"namespace": "A::New", "protected": false, "description": "é"}`,
		"broken.json": `{"namespace": "B::Broken", `,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// exportBoth loads what was exported into an empty database: nothing is lost
// but what files do not hold.
func exportBoth(t *testing.T, e *engine) {
	t.Helper()
	out := t.TempDir()
	e.run(programs()+"/glance-manage", "--config-file", e.config("ours"), "db", "export_metadefs", "--path", out)
	e.create("again")
	e.original("again", "db", "sync")
	e.original("again", "db", "load_metadefs", "--path", out)
	e.sql("ours", "UPDATE metadef_namespaces SET owner = 'admin', updated_at = NULL; UPDATE metadef_objects SET updated_at = NULL;"+
		"UPDATE metadef_properties SET updated_at = NULL; UPDATE metadef_resource_types SET updated_at = NULL;"+
		"UPDATE metadef_namespace_resource_types SET updated_at = NULL; UPDATE metadef_tags SET updated_at = NULL")
	sameLines(t, "exported and loaded by the original", metadefRows(e, "again"), metadefRows(e, "ours"))
	files, err := filepath.Glob(out + "/*.json")
	if err != nil || len(files) != 34 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// TestMetadefFilesAreThoseOfTheOriginal: etc/metadefs is what the package has.
func TestMetadefFilesAreThoseOfTheOriginal(t *testing.T) {
	t.Parallel()
	theirs, err := filepath.Glob("/etc/glance/metadefs/*.json")
	if err != nil || len(theirs) != 33 {
		t.Fatalf("%d files of the original, %v", len(theirs), err)
	}
	for _, file := range theirs {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile("../../etc/metadefs/" + filepath.Base(file))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s differs, %v", file, err)
		}
	}
}
