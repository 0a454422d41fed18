//go:build services

package services_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"glance/test/e2e/rig"
)

// TestMetadefsBesideTheOriginal: the original and ours serve the metadata
// definitions of one database at the same time, and what one does is right on
// the other.
func TestMetadefsBesideTheOriginal(t *testing.T) {
	t.Parallel()
	e := startMariaDB(t)
	e.create("beside")
	e.original("beside", "db", "sync")
	e.original("beside", "db", "load_metadefs", "--path", "/etc/glance/metadefs")
	paste := e.path("paste.ini")
	text, err := os.ReadFile("../../etc/glance-api-paste.ini")
	if err != nil {
		t.Fatal(err)
	}
	e.write("paste.ini", bytes.ReplaceAll(text, []byte(" authtoken"), nil))
	shared := t.TempDir()
	n := rig.NewNodeAt(t, programs(), shared, "[database] connection = "+e.url("beside"), "[paste_deploy] flavor = keystone",
		"[paste_deploy] config_file = "+paste, "enabled_backends = file:file", "[glance_store] default_backend = file",
		"[file] filesystem_store_datadir = "+shared+"/images")
	theirs := theOriginal(t, e, "beside", n.StoreDir())
	t.Run("loaded", func(t *testing.T) {
		loadedOnBoth(t, caller(theirs, "demo"), caller(n.Base, "demo"), admin(theirs), admin(n.Base))
	})
	for name, side := range map[string][2]string{"made by the original": {theirs, n.Base}, "made by ours": {n.Base, theirs}} {
		t.Run(name, func(t *testing.T) { metadefsOnTwoSides(t, e, admin(side[0]), admin(side[1])) })
	}
	t.Run("both at once", func(t *testing.T) { metadefsAtOnce(t, admin(theirs), admin(n.Base)) })
}

// admin speaks with a server as an administrator.
func admin(base string) *rig.Client {
	return &rig.Client{Base: base, Transport: as{
		"X-Identity-Status": {"Confirmed"}, "X-User-Id": {"root"}, "X-Project-Id": {"admin-project"},
		"X-Tenant-Id": {"admin-project"}, "X-Roles": {"admin,member,reader"},
	}}
}

// sameAnswers compares what both give for some paths below /v2/metadefs, and
// that it is no error. Which object and which association comes first the
// original leaves to the database.
func sameAnswers(t *testing.T, a, b *rig.Client, paths ...string) {
	t.Helper()
	for _, path := range paths {
		path = "/v2/metadefs" + path
		mine, theirs := strings.Split(withSortedLists(t, call(t, a, "GET", path, "", "", 200)), "\n"), withSortedLists(t, call(t, b, "GET", path, "", "", 200))
		for i, line := range strings.Split(theirs, "\n") {
			if i >= len(mine) || mine[i] != line {
				t.Errorf("%s is shown differently in line %d: %.300s, not %.300s", path, i, mine[min(i, len(mine)-1)], line)
				break
			}
		}
	}
}

// withSortedLists gives a document in many lines with associations and objects by name.
func withSortedLists(t *testing.T, text string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	spaces, _ := v["namespaces"].([]any)
	for _, ns := range append(spaces, v) {
		m, _ := ns.(map[string]any)
		for _, key := range []string{"resource_type_associations", "objects"} {
			list, _ := m[key].([]any)
			name := func(a any) string { m, _ := a.(map[string]any); return fmt.Sprint(m["name"]) }
			slices.SortFunc(list, func(a, b any) int { return strings.Compare(name(a), name(b)) })
		}
	}
	out, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// loadedOnBoth: what glance-manage loaded, for users and administrators, page
// by page.
func loadedOnBoth(t *testing.T, pairs ...*rig.Client) {
	for i := 0; i < len(pairs); i += 2 {
		a, b := pairs[i], pairs[i+1]
		var list struct {
			Namespaces []struct{ Namespace string }
			Next       string
		}
		if err := json.Unmarshal([]byte(call(t, b, "GET", "/v2/metadefs/namespaces?limit=100", "", "", 200)), &list); err != nil {
			t.Fatal(err)
		}
		if len(list.Namespaces) < 31 {
			t.Errorf("%d namespaces", len(list.Namespaces))
		}
		for _, ns := range list.Namespaces {
			path := "/namespaces/" + ns.Namespace
			sameAnswers(t, a, b, path, path+"?resource_type=OS::Glance::Image", path+"/objects", path+"/properties", path+"/resource_types")
		}
		sameAnswers(t, a, b, "/resource_types", "/namespaces?resource_types=OS::Nova::Flavor,OS::Cinder::Volume&limit=50&sort_key=namespace&sort_dir=asc")
		next := "/namespaces?limit=7&sort_key=namespace&sort_dir=asc"
		for pages := 0; next != "" && pages < 9; pages++ {
			sameAnswers(t, a, b, next)
			list.Next = ""
			if err := json.Unmarshal([]byte(call(t, b, "GET", "/v2/metadefs"+next, "", "", 200)), &list); err != nil {
				t.Fatal(err)
			}
			next = strings.TrimPrefix(list.Next, "/v2/metadefs")
		}
	}
}

const wholeNamespace = `{"namespace": "N", "display_name": "é", "description": "d", "visibility": "private", "protected": false, "owner": "someone",
	"resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_", "properties_target": "image"}, {"name": "My::Type"}],
	"properties": {"z": {"title": "Z é <&>", "type": "string", "enum": ["a, b", "c: d"], "default": "a, b", "operators": ["<in>"]},
		"a": {"title": "A", "type": "array", "items": {"type": "string", "enum": ["x"]}, "minItems": 1, "uniqueItems": true}},
	"objects": [{"name": "o2", "description": "about", "required": ["p2", "p1"], "properties": {"p2": {"title": "P2", "type": "integer", "minimum": 0, "maximum": 5},
		"p1": {"title": "P1", "type": "boolean", "default": true}}}, {"name": "o1"}],
	"tags": [{"name": "t2"}, {"name": "t1"}]}`

// metadefsOnTwoSides: one makes, the other changes, and so on.
func metadefsOnTwoSides(t *testing.T, e *engine, maker, other *rig.Client) {
	const root, ns = "/v2/metadefs/namespaces", "/v2/metadefs/namespaces/N"
	everything := []string{
		"/namespaces/N", "/namespaces?limit=3", "/namespaces/N?resource_type=OS::Glance::Image", "/namespaces/N/objects", "/namespaces/N/properties",
		"/namespaces/N/tags", "/namespaces/N/tags?limit=1&marker=t2&sort_key=name", "/namespaces/N/resource_types", "/resource_types",
	}
	do := func(c *rig.Client, method, path, body string, status int) {
		t.Helper()
		call(t, c, method, path, "application/json", body, status)
	}
	do(maker, "POST", root, wholeNamespace, 201)
	do(other, "POST", root, wholeNamespace, 409)
	sameAnswers(t, maker, other, append(everything, "/namespaces/N/objects/o2", "/namespaces/N/properties/z", "/namespaces/N/tags/t1")...)
	columnsOfParts(t, e)

	do(other, "PUT", ns, `{"namespace": "N", "description": "changed", "visibility": "public"}`, 200)
	do(other, "POST", ns+"/objects", `{"name": "o3", "required": ["x"], "properties": {"x": {"title": "X", "type": "number"}}}`, 201)
	do(other, "POST", ns+"/properties", `{"name": "m", "title": "M", "type": "string", "default": 5}`, 201)
	do(other, "POST", ns+"/tags/t3", "", 201)
	do(other, "POST", ns+"/resource_types", `{"name": "Other::Type", "prefix": "o_"}`, 201)
	sameAnswers(t, maker, other, append(everything, "/namespaces/N/objects/o3", "/namespaces/N/properties/m", "/namespaces/N/tags/t3")...)

	do(maker, "POST", ns+"/tags/T3", "", 409)
	do(other, "POST", ns+"/tags/T1", "", 409)
	do(maker, "PUT", ns+"/objects/o3", `{"name": "o4", "description": "new"}`, 200)
	do(other, "GET", ns+"/objects/o3", "", 404)
	do(maker, "PUT", ns+"/properties/m", `{"name": "m", "title": "M2", "type": "integer", "minimum": 3}`, 200)
	do(maker, "PUT", ns+"/tags/t3", `{"name": "t4"}`, 200)
	do(maker, "DELETE", ns+"/resource_types/My::Type", "", 204)
	sameAnswers(t, maker, other, append(everything, "/namespaces/N/objects/o4", "/namespaces/N/properties/m", "/namespaces/N/tags/t4")...)

	do(other, "POST", ns+"/tags", `{"tags": [{"name": "n2"}, {"name": "n1"}]}`, 201)
	do(other, "DELETE", ns+"/objects/o1", "", 204)
	do(maker, "DELETE", ns+"/properties/a", "", 204)
	do(maker, "DELETE", ns+"/tags/n1", "", 204)
	sameAnswers(t, maker, other, "/namespaces/N", "/namespaces/N/tags", "/namespaces/N/objects", "/namespaces/N/properties")
	do(other, "DELETE", ns+"/objects", "", 204)
	do(maker, "DELETE", ns+"/properties", "", 204)
	sameAnswers(t, maker, other, "/namespaces/N")
	do(other, "DELETE", ns, "", 204)
	do(maker, "GET", ns, "", 404)
	if left := e.sql("beside", "SELECT COUNT(*) FROM metadef_tags UNION ALL SELECT COUNT(*) FROM metadef_namespaces WHERE namespace = 'N'"); left != "0\n0\n" {
		t.Errorf("left are %q", left)
	}
}

// columnsOfParts: the texts in the columns are those of the original.
func columnsOfParts(t *testing.T, e *engine) {
	t.Helper()
	for query, want := range map[string]string{
		"json_schema FROM metadef_properties WHERE name = 'z'": `{"type": "string", "title": "Z \\u00e9 <&>", "operators": ["<in>"], ` +
			`"default": "a, b", "enum": ["a, b", "c: d"]}`,
		"CONCAT_WS('|', required, description, json_schema LIKE '%{\"type\": \"boolean\", \"title\": \"P1\", \"default\": \"True\"}%') " +
			"FROM metadef_objects WHERE name = 'o2'": "p2,p1|about|1",
		"CONCAT_WS('|', required IS NULL, json_schema) FROM metadef_objects WHERE name = 'o1'":                           `1|{}`,
		"CONCAT_WS('|', protected, owner, visibility, updated_at IS NULL) FROM metadef_namespaces WHERE namespace = 'N'": "0|someone|private|0",
	} {
		got := strings.TrimSuffix(e.sql("beside", "SELECT "+query), "\n")
		if got != want {
			t.Errorf("%s:\n%s\nwant\n%s", query, got, want)
		}
	}
}

// metadefsAtOnce adds parts from both sides while the namespace is deleted and
// made again: nobody answers with a failure but the original, and both show
// the same in the end.
func metadefsAtOnce(t *testing.T, theirs, ours *rig.Client) {
	const root, ns = "/v2/metadefs/namespaces", "/v2/metadefs/namespaces/X"
	var wg sync.WaitGroup
	for n, c := range []*rig.Client{theirs, ours, theirs, ours} {
		wg.Go(func() {
			for round := range 12 {
				name := string(rune('a'+n)) + string(rune('a'+round))
				for _, step := range [][3]string{
					{"POST", root, `{"namespace": "X", "resource_type_associations": [{"name": "T` + name + `"}]}`},
					{"POST", ns + "/tags/" + name, ""},
					{"POST", ns + "/objects", `{"name": "` + name + `"}`},
					{"POST", ns + "/resource_types", `{"name": "New"}`},
					{"DELETE", ns, ""},
				} {
					if step[0] == "DELETE" && round%3 > 0 {
						continue
					}
					a, err := c.Call(t.Context(), step[0], step[1], nil, strings.NewReader(step[2]), int64(len(step[2])))
					switch {
					case err != nil:
						t.Error(err)
					case a.Status == 201 || a.Status == 204 || a.Status == 404 || a.Status == 409:
					case c == ours:
						t.Errorf("%s %s: %d %s", step[0], step[1], a.Status, a.Body)
					}
				}
			}
		})
	}
	wg.Wait()
	_, _ = theirs.Call(t.Context(), "POST", root, nil, strings.NewReader(`{"namespace": "X"}`), -1) // unless it is there
	sameAnswers(t, theirs, ours, "/namespaces/X", "/namespaces/X/tags", "/namespaces/X/objects", "/namespaces/X/resource_types", "/resource_types")
}
