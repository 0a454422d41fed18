package v2_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadefs"
)

// TestMetadefObjects is §3.
func TestMetadefObjects(t *testing.T) {
	r := newRig(t)
	r.steps(t, newSpace("n")...)
	r.steps(t,
		step{
			method: "POST", path: "/n/objects", body: `{"name": "b", "required": [], "properties": {}}`, status: 201,
			want: `{"name": "b", "required": [], "properties": {}, "created_at": "T", "updated_at": "T", "self": "/v2/metadefs/namespaces/n/objects/b", ` +
				`"schema": "/v2/schemas/metadefs/object"}`,
		},
		step{method: "POST", path: "/n/objects", body: `{"name": "a", "required": ["x,y"]}`, status: 201},
		step{method: "GET", path: "/n/objects/a", status: 200, want: `{"name": "a", "required": ["x", "y"], "properties": {}, "created_at": "T", "updated_at"…`},
		step{method: "POST", path: "/n/objects", body: `{"name": "a"}`, status: 409, want: "A metadata definition object with name=a already exists in namespace=n."},
		step{method: "GET", path: "/n/objects/nope", status: 404, want: "Could not find metadata object nope"},
		step{method: "PUT", path: "/n/objects/nope", body: `{"name": "x"}`, status: 404, want: "Could not find metadata object nope"},
		step{
			method: "PUT", path: "/n/objects/a", body: `{"name": "b"}`, status: 409,
			want: "Invalid update. It would result in a duplicate metadata definition object with the same name=b in namespace=n.",
		},
		// Compat: an update takes what the schema of properties refuses.
		step{
			method: "PUT", path: "/n/objects/a", body: `{"name": "a", "properties": {"p": {"title": "T", "type": "string", "confidential": true}}}`, status: 200,
			want: `{"name": "a", "properties": {"p": {"type": "string", "title": "T", "confidential": true}}, "created_at": "T", …`,
		},
		step{method: "GET", path: "/n/objects?limit=1&marker=zz&sort_key=zz&sort_dir=asc&visibility=shared", status: 200, want: `{"objects": [{"name": "a", …`},
		step{method: "GET", path: "/n/objects?limit=0", status: 400, want: "limit param must be positive"},
		step{method: "GET", path: "/n/objects?limit=-1", status: 400, want: "limit param must be positive"},
		step{method: "GET", path: "/n/objects?limit=x", status: 400, want: "limit param must be an integer"},
		step{method: "GET", path: "/n/objects?sort_dir=up", status: 400, want: "Invalid sort direction: up"},
		step{method: "GET", path: "/n/objects?visibility=x", status: 400, want: "Invalid visibility value: x"},
		step{method: "DELETE", path: "/n/objects/nope", status: 404, want: "Could not find metadata object nope"},
	)
}

// TestMetadefProperties is §4: what becomes of definitions.
func TestMetadefProperties(t *testing.T) {
	r := newRig(t)
	r.steps(t, newSpace("n")...)
	for i, tt := range []struct{ sent, shown string }{
		{`"default": 5`, `"default": "5"`},
		{`"default": true`, `"default": "True"`},
		{`"default": false`, `"default": "False"`},
		{`"default": 1.50`, `"default": "1.50"`},
		{`"default": null`, ``},
		{`"default": ""`, `"default": ""`},
		{`"default": "ü"`, `"default": "ü"`},
		{`"default": ["a", 1]`, `"default": "[\"a\",1]"`},
		{`"minimum": 1.0, "maximum": 1e2`, `"minimum": 1, "maximum": 100`},
		{`"minimum": -0`, `"minimum": 0`},
		{`"maximum": 18446744073709551615`, `"maximum": 18446744073709551615`},
		{`"minLength": 0, "maxLength": 7, "pattern": "^a"`, `"pattern": "^a", "minLength": 0, "maxLength": 7`},
		{`"enum": ["a", 1, 2.5, true, null]`, `"enum": ["a", "1", "2.5", "True", "None"]`},
		{`"enum": []`, `"enum": []`},
		{`"items": {"enum": [1], "type": "integer"}`, `"items": {"type": "integer", "enum": ["1"]}`},
		{`"operators": ["<in>", "<or>"]`, `"operators": ["<in>", "<or>"]`},
		{`"uniqueItems": false, "additionalItems": true, "minItems": 1, "maxItems": 2`, `"uniqueItems": false, "minItems": 1, "maxItems": 2, "additionalItems": true`},
		{`"readonly": false`, `"readonly": false`},
	} {
		name := fmt.Sprintf("p%d", i)
		want := strings.TrimSuffix(`{"name": "`+name+`", "type": "string", "title": "T", `+tt.shown, ", ") + "}"
		r.steps(t,
			step{method: "POST", path: "/n/properties", body: `{"title": "T", "type": "string", ` + tt.sent + `, "name": "` + name + `"}`, status: 201, want: want},
			step{method: "GET", path: "/n/properties/" + name, status: 200, want: want},
		)
	}
	r.steps(t, newSpace("m")...)
	r.steps(t,
		step{method: "POST", path: "/m/properties", body: `{"name": "a", "title": "T", "type": "string"}`, status: 201},
		step{method: "POST", path: "/m/properties", body: `{"name": "b", "title": "T", "type": "string"}`, status: 201},
		step{
			method: "POST", path: "/m/properties", body: `{"name": "a", "title": "T", "type": "string"}`, status: 409,
			want: "A metadata definition property with name=a already exists in namespace=m.",
		},
		step{
			method: "PUT", path: "/m/properties/a", body: `{"name": "b", "title": "T", "type": "string"}`, status: 409,
			want: "Invalid update. It would result in a duplicate metadata definition property with the same name=b in namespace=m.",
		},
		step{method: "PUT", path: "/m/properties/nope", body: `{"name": "b", "title": "T", "type": "string"}`, status: 404, want: "Could not find property nope"},
		step{method: "PUT", path: "/m/properties/a", body: `{"name": "c", "title": "T", "type": "string"}`, status: 200, want: `{"name": "c", "type": "string", "title": "T"}`},
		step{
			method: "GET", path: "/m/properties", status: 200,
			want: `{"properties": {"b": {"name": "b", "type": "string", "title": "T"}, "c": {"name": "c", "type": "string", "title": "T"}}}`,
		},
		// Compat: what comes with a namespace is stored as it came, without a name or with any.
		step{
			method: "POST", status: 201,
			body: `{"namespace": "e", "properties": {"q": {"title": "T", "type": "string"}, "p": {"title": "T", "type": "string", "name": "other"}}}`,
		},
		step{
			method: "GET", path: "/e/properties", status: 200,
			want: `{"properties": {"p": {"name": "other", "type": "string", "title": "T"}, "q": {"type": "string", "title": "T"}}}`,
		},
		step{method: "GET", path: "/e/properties/p?x=y", status: 200, want: `{"name": "p", "type": "string", "title": "T"}`},
		step{method: "GET", path: "/e/properties/p?resource_type=", status: 200, want: `{"name": "p", "type": "string", "title": "T"}`},
	)
}

// TestMetadefLoaded is §4 and §9: what files brought that nobody checked is
// shown in the form of the schema.
func TestMetadefLoaded(t *testing.T) {
	r := newRig(t)
	space := &glance.MetadefNamespace{
		Name: "n", Visibility: "", Owner: "admin", CreatedAt: time.Now(),
		Properties: []glance.MetadefProperty{
			{Name: "a", Schema: []byte(`{"zzz": 1, "type": "integer", "minimum": 1.5, "maximum": "9", "default": 2, "enum": [1], "readonly": "no", "title": 7, "items": 3, "operators": 1}`)},
			{Name: "b", Schema: []byte(`[]`)},
		},
		Objects: []glance.MetadefObject{{Name: "o", Properties: []byte(`{"z": {"title": "Z"}, "a": null, "b": 3}`)}, {Name: "p", Properties: []byte(`[]`)}},
	}
	if err := r.db.CreateNamespace(t.Context(), space); err != nil {
		t.Fatal(err)
	}
	r.steps(t,
		step{
			method: "GET", path: "/n/properties", status: 200,
			want: `{"properties": {"a": {"type": "integer", "title": "7", "default": "2", "enum": ["1"]}, "b": {}}}`,
		},
		step{
			method: "GET", path: "/n/objects/o", status: 200,
			want: `{"name": "o", "required": [], "properties": {"z": {"title": "Z"}, "a": {}, "b": {}}, "created_at": …`,
		},
		step{method: "GET", path: "/n/objects/p", status: 200, want: `{"name": "p", "required": [], "properties": {}, …`},
		step{method: "GET", path: "/n", status: 200, want: `{"namespace": "n", "visibility": "private", "protected": false, "owner": "admin", …`},
		step{who: "alice", method: "GET", path: "/n", status: 404},
	)
}

// TestMetadefShipped shows the definitions that come with the original: nothing
// of them is lost, and what is shown can be sent back.
func TestMetadefShipped(t *testing.T) {
	files, err := filepath.Glob("../../../etc/metadefs/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	r := newRig(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ns, err := metadefs.ParseNamespace(text)
		if err != nil {
			t.Fatal(file, err)
		}
		if err := r.db.CreateNamespace(t.Context(), ns); err != nil {
			t.Fatal(file, err)
		}
		stored := decode(t, text)
		shown := r.send(t, call{who: "boss", method: "GET", path: spaces + "/" + url.PathEscape(ns.Name)}).decode(t)
		sameKeys(t, file, stored, shown)
		for _, key := range []string{"created_at", "updated_at", "self", "schema"} {
			delete(shown, key)
		}
		shown["namespace"] = "copy of " + ns.Name
		if a := r.send(t, call{who: "boss", method: "POST", path: spaces, body: marshal(t, shown)}); a.status != 201 {
			t.Errorf("%s: sent back: %d %s", file, a.status, a.body)
		}
	}
}

// sameKeys looks for keys of objects that are stored and not shown.
func sameKeys(t *testing.T, at string, stored, shown any) {
	t.Helper()
	switch stored := stored.(type) {
	case map[string]any:
		shown, _ := shown.(map[string]any)
		for key, v := range stored {
			if list, ok := v.([]any); ok && len(list) == 0 {
				continue // is left out
			}
			if _, ok := shown[key]; !ok {
				t.Errorf("%s: %s is lost", at, key)
			}
			sameKeys(t, at+": "+key, v, shown[key])
		}
	case []any:
		list, _ := shown.([]any)
		if len(list) != len(stored) {
			t.Errorf("%s: %d of %d items", at, len(list), len(stored))
			return
		}
		for i, v := range stored {
			if _, named := v.(map[string]any); !named { // others have no order
				sameKeys(t, at, v, list[i])
			}
		}
	}
}

// TestMetadefPrefixes is §5.
func TestMetadefPrefixes(t *testing.T) {
	r := newRig(t)
	r.steps(t,
		step{
			method: "POST", status: 201, body: `{"namespace": "n", "visibility": "public", "resource_type_associations": [{"name": "r", "prefix": "hw_"}, ` +
				`{"name": "e", "prefix": ""}], "properties": {"p": {"title": "T", "type": "string"}}, ` +
				`"objects": [{"name": "o", "required": ["a"], "properties": {"a": {"title": "A", "type": "string"}}}, {"name": "pure"}]}`,
		},
		step{method: "POST", body: `{"namespace": "m", "resource_type_associations": [{"name": "other"}]}`, status: 201},
		step{method: "GET", path: "/n/properties/p?resource_type=r", status: 404, want: "Property p does not start with the expected resource type association prefix of 'hw_'."},
		step{method: "GET", path: "/n/properties/p?resource_type=e", status: 404, want: "Property p does not start with the expected resource type association prefix of ''."},
		step{
			method: "GET", path: "/n/properties/p?resource_type=other", status: 404,
			want: "The metadata definition resource-type association of resource-type=other to namespace=n, was not found.",
		},
		step{method: "GET", path: "/n/properties/p?resource_type=no", status: 404, want: "The metadata definition resource-type with name=no, was not found."},
		step{method: "GET", path: "/n/properties/hw_p?resource_type=no&resource_type=r", status: 200, want: `{"name": "p", "type": "string", "title": "T"}`},
		step{
			method: "POST", path: "/n/resource_types", body: `{"name": "r"}`, status: 409,
			want: "The metadata definition resource-type association of resource-type=r to namespace=n already exists.",
		},
	)
	a := r.get(t, spaces+"/n?resource_type=r").decode(t)
	objects := a["objects"].([]any)
	object := objects[0].(map[string]any)
	want := map[string]any{"hw_p": map[string]any{"title": "T", "type": "string"}}
	if diff := cmp.Diff(want, a["properties"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"hw_a": map[string]any{"title": "A", "type": "string"}}, object["properties"]); diff != "" || fmt.Sprint(object["required"]) != "[hw_a]" {
		t.Error(diff, object["required"])
	}
	var types []string
	for _, item := range r.get(t, "/v2/metadefs/resource_types").decode(t)["resource_types"].([]any) {
		types = append(types, item.(map[string]any)["name"].(string))
		if len(item.(map[string]any)) != 3 {
			t.Errorf("a resource type is %v", item)
		}
	}
	if diff := cmp.Diff([]string{"r", "e", "other"}, types); diff != "" {
		t.Error(diff)
	}
}

// TestMetadefTags is §6.
func TestMetadefTags(t *testing.T) {
	r := newRig(t)
	r.steps(t, newSpace("n")...)
	tags := func(names ...string) string {
		out := make([]string, len(names))
		for i, name := range names {
			out[i] = `{"name": "` + name + `"}`
		}
		return `{"tags": [` + strings.Join(out, ", ") + `]}`
	}
	send := func(keep string, status int, want string, names ...string) {
		t.Helper()
		a := r.send(t, call{who: "boss", method: "POST", path: spaces + "/n/tags", body: tags(names...), header: map[string]string{"X-Openstack-Append": keep}})
		if status >= http.StatusBadRequest {
			a.want(t, fault{status: status, explanation: want})
		} else if a.status != status || a.body != want {
			t.Errorf("%v: %d %s", names, a.status, a.body)
		}
	}
	const taken = "A metadata tag with name=b already exists in namespace=n. (Please note that metadata tag names are case insensitive)."
	send("", 201, tags("a", "b"), "a", "b")
	send("true", 201, tags("c"), "c")
	send("true", 409, taken, "d", "b")
	send("true", 409, taken, "b", "b")
	r.steps(t, step{method: "GET", path: "/n/tags", status: 200, want: tags("c", "b", "a")})
	send("false", 409, taken, "b", "b")
	send("", 201, tags())
	r.steps(t, step{method: "GET", path: "/n/tags", status: 200, want: tags("c", "b", "a")})
	send("no", 201, tags("x"), "x")
	for i, keep := range []string{"1", "T", "On", " y ", "YES"} {
		send(keep, 201, tags(fmt.Sprint(i)), fmt.Sprint(i))
	}
	r.steps(t,
		step{method: "GET", path: "/n/tags?limit=&marker=", status: 200, want: tags("4", "3", "2", "1", "0", "x")},
		step{method: "GET", path: "/n/tags?limit=2&marker=3&sort_key=id", status: 200, want: tags("2", "1")},
		step{method: "GET", path: "/n/tags?sort_key=nope", status: 400, want: `There is no column "nope" to sort by.`},
		step{method: "GET", path: "/n/tags?visibility=x", status: 400, want: "Invalid visibility value: x"},
		step{method: "GET", path: "/n/tags?visibility=shared&limit=0", status: 200, want: tags()},
		step{method: "PUT", path: "/n/tags/x", body: `{"name": "0"}`, status: 409, want: strings.ReplaceAll(taken, "=b ", "=0 ")},
		step{method: "PUT", path: "/n/tags/x", body: `{"name": "x"}`, status: 200, want: `{"name": "x", "created_at": "T", "updated_at": "T"}`},
		step{method: "DELETE", path: "/n/tags", status: 204},
		step{method: "GET", path: "/n/tags", status: 200, want: tags()},
	)
}

// TestMetadefHostile sends as much as a body may hold. What is taken must come
// back, and what is not must change nothing.
func TestMetadefHostile(t *testing.T) {
	var many strings.Builder
	many.WriteString(`{"namespace": "many", "properties": {`)
	for i := range 10_000 {
		fmt.Fprintf(&many, `%q: {"title": "T", "type": "string", "enum": [1, 2]},`, fmt.Sprint("property-", i))
	}
	many.WriteString(`"last": {"title": "T", "type": "string"}}}`)
	names := strings.TrimSuffix(strings.Repeat(`"n", `, 100_000), ", ")
	nested := `{"namespace": "deep", "properties": {"p": {"title": "T", "type": "string", "default": ` + strings.Repeat("[", 61) + strings.Repeat("]", 61) + `}}}`
	r := newRig(t)
	for _, tt := range []struct {
		name, body string
		status     int
	}{
		{"many properties", many.String(), 201},
		{"as deep as allowed", nested, 201},
		{"too deep", strings.Replace(nested, "[]", "[[]]", 1), 400},
		{"too long", `{"namespace": "` + strings.Repeat("x", 1<<20) + `"}`, 413},
		{"the same name again and again", `{"namespace": "x", "objects": [{"name": "o", "required": [` + names + `]}]}`, 400},
		{"the same object again and again", `{"namespace": "x", "objects": [` + strings.Repeat(`{"name": "o"}, `, 20_000) + `{"name": "o"}]}`, 409},
		{"a huge number", `{"namespace": "x", "properties": {"p": {"title": "T", "type": "string", "minimum": 1e999999999}}}`, 400},
		{"a long number", `{"namespace": "x", "properties": {"p": {"title": "T", "type": "string", "minimum": 1` + strings.Repeat("0", 500_000) + `}}}`, 400},
		{"no UTF-8", "{\"namespace\": \"\xff\"}", 400},
		{"half a surrogate", `{"namespace": "\ud800"}`, 201},
	} {
		if a := r.send(t, call{who: "boss", method: "POST", path: spaces, body: tt.body}); a.status != tt.status || !json.Valid([]byte(a.body)) && a.status < 300 {
			t.Errorf("%s: %d %.300s", tt.name, a.status, a.body)
		}
	}
	if shown := r.send(t, call{who: "boss", method: "GET", path: spaces + "/many"}).decode(t)["properties"].(map[string]any); len(shown) != 10_001 {
		t.Errorf("%d properties are shown", len(shown))
	}
	r.steps(t, step{method: "GET", path: "/x", status: 404, want: "Metadata definition namespace=x was not found."})
	left, err := r.db.Namespaces(t.Context(), metadata.Everything(), metadata.NamespaceQuery{Limit: -1, Sort: "id"})
	if err != nil || len(left) != 3 {
		t.Errorf("%d namespaces are left, %v", len(left), err)
	}
}

// FuzzMetadefDefinition stores any definition. What is shown must be the same
// when it is stored again, and fit the schema that clients check with.
func FuzzMetadefDefinition(f *testing.F) {
	for _, body := range []string{
		`{"title": "T", "type": "string"}`, `{"title": "", "type": "array", "items": {"type": "string", "enum": [1, null]}, "default": [{}], "minimum": -1.0}`,
		`{"title": "T", "type": "number", "minimum": 1e19, "maximum": 1e-400, "enum": [1e400, "\ud83d"], "confidential": true}`,
		`{"title": "T", "type": "object", "default": {"a": [1, 2, {"b": null}]}, "readonly": true, "operators": ["<in>"], "pattern": "("}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, definition string) {
		r := newRig(t)
		post := func(namespace, definition string) answer {
			return r.send(t, call{who: "boss", method: "POST", path: spaces, body: `{"namespace": "` + namespace + `", "properties": {"p": ` + definition + `}}`})
		}
		a := post("a", definition)
		if a.status != 201 {
			if a.status != 400 {
				t.Fatalf("%q: %d %s", definition, a.status, a.body)
			}
			return
		}
		shown := func(namespace string) string {
			body := r.send(t, call{who: "boss", method: "GET", path: spaces + "/" + namespace + "/properties"}).body
			return strings.TrimSuffix(strings.TrimPrefix(body, `{"properties": {"p": `), "}}")
		}
		first := shown("a")
		if b := post("b", first); b.status != 201 || shown("b") != first {
			t.Errorf("%q is shown as %s; stored again: %d %s", definition, first, b.status, shown("b"))
		}
	})
}
