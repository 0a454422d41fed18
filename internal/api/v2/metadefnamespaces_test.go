package v2_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const spaces = "/v2/metadefs/namespaces"

// step is a request about metadata definitions and its answer. Nobody named
// means boss.
type step struct {
	who, method, path string // path is below /v2/metadefs/namespaces
	body              string
	status            int
	// want is the body of a success, where T stands for any time, or the text
	// of an error; one that ends in … stands for all that begin like it.
	want string
}

func (r *rig) steps(t *testing.T, steps ...step) {
	t.Helper()
	for _, s := range steps {
		if s.who == "" {
			s.who = "boss"
		}
		a := r.send(t, call{who: s.who, method: s.method, path: spaces + s.path, body: s.body})
		switch got := timePattern.ReplaceAllString(a.body, "T"); {
		case s.status >= 400:
			t.Run(s.method+s.path, func(t *testing.T) { a.want(t, fault{status: s.status, explanation: s.want}) })
		case a.status != s.status || s.want != "" && !says(got, s.want):
			t.Errorf("%s %s %s %s: got %d %s\nwant %d %s", s.who, s.method, s.path, s.body, a.status, got, s.status, s.want)
		}
	}
}

var timePattern = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

func newSpace(names ...string) []step {
	var steps []step
	for _, name := range names {
		steps = append(steps, step{method: "POST", body: `{"namespace": "` + name + `", "visibility": "public"}`, status: 201})
	}
	return steps
}

// TestMetadefKeys is §1: order of keys, what is left out and what is kept, and
// text that is not ASCII.
func TestMetadefKeys(t *testing.T) {
	r := newRig(t)
	r.steps(t,
		step{
			method: "POST", status: 201,
			body: `{"tags": [{"name": "t"}], "objects": [{"properties": {"b": {"type": "string", "title": ""}, "a": {"title": "A", "type": "array", ` +
				`"items": {"enum": ["x"], "type": "string"}}}, "description": "", "required": [], "name": "ö"}], ` +
				`"properties": {"p": {"title": "P", "type": "integer", "minimum": 0, "readonly": false}}, ` +
				`"resource_type_associations": [{"properties_target": "image", "prefix": "hw_", "name": "OS::A"}], ` +
				`"owner": "p-alpha", "protected": true, "visibility": "public", "description": "", "display_name": "Grüße <b>", "namespace": "n n"}`,
			want: `{"namespace": "n n", "display_name": "Grüße <b>", "description": "", "visibility": "public", "protected": true, "owner": "p-alpha", ` +
				`"created_at": "T", "updated_at": "T", ` +
				`"resource_type_associations": [{"name": "OS::A", "prefix": "hw_", "properties_target": "image"}], ` +
				`"properties": {"p": {"type": "integer", "title": "P", "readonly": false, "minimum": 0}}, ` +
				`"objects": [{"name": "ö", "required": [], "description": "", "properties": {"a": {"type": "array", "title": "A", ` +
				`"items": {"type": "string", "enum": ["x"]}}, "b": {"type": "string", "title": ""}}}], ` +
				`"tags": [{"name": "t"}], "self": "/v2/metadefs/namespaces/n n", "schema": "/v2/schemas/metadefs/namespace"}`,
		},
		step{
			method: "GET", path: "/n%20n", status: 200,
			want: `{"namespace": "n n", "display_name": "Grüße <b>", "description": "", "visibility": "public", "protected": true, "owner": "p-alpha", ` +
				`"created_at": "T", "updated_at": "T", ` +
				`"resource_type_associations": [{"name": "OS::A", "prefix": "hw_", "properties_target": "image", "created_at": "T", "updated_at": "T"}], ` +
				`"properties": {"p": {"type": "integer", "title": "P", "readonly": false, "minimum": 0}}, ` +
				`"objects": [{"name": "ö", "required": [], "description": "", "properties": {"a": {"type": "array", "title": "A", ` +
				`"items": {"type": "string", "enum": ["x"]}}, "b": {"type": "string", "title": ""}}, "created_at": "T", "updated_at": "T", ` +
				`"self": "/v2/metadefs/namespaces/n n/objects/ö", "schema": "/v2/schemas/metadefs/object"}], ` +
				`"tags": [{"name": "t"}], "self": "/v2/metadefs/namespaces/n n", "schema": "/v2/schemas/metadefs/namespace"}`,
		},
		step{
			method: "GET", status: 200,
			want: `{"namespaces": [{"namespace": "n n", "display_name": "Grüße <b>", "description": "", "visibility": "public", "protected": true, ` +
				`"owner": "p-alpha", "created_at": "T", "updated_at": "T", "resource_type_associations": [{"name": "OS::A", "prefix": "hw_", ` +
				`"properties_target": "image", "created_at": "T", "updated_at": "T"}], "self": "/v2/metadefs/namespaces/n n", ` +
				`"schema": "/v2/schemas/metadefs/namespace"}], "schema": "/v2/schemas/metadefs/namespaces", "first": "/v2/metadefs/namespaces"}`,
		},
		step{
			method: "POST", body: `{"namespace": "e", "objects": [], "tags": [], "properties": {}, "resource_type_associations": []}`, status: 201,
			want: `{"namespace": "e", "visibility": "private", "protected": false, "owner": "p-admin", "created_at": "T", "updated_at": "T", ` +
				`"resource_type_associations": [], "properties": {}, "objects": [], "tags": [], "self": "/v2/metadefs/namespaces/e", ` +
				`"schema": "/v2/schemas/metadefs/namespace"}`,
		},
		step{
			method: "GET", path: "/e", status: 200,
			want: `{"namespace": "e", "visibility": "private", "protected": false, "owner": "p-admin", "created_at": "T", "updated_at": "T", ` +
				`"self": "/v2/metadefs/namespaces/e", "schema": "/v2/schemas/metadefs/namespace"}`,
		},
	)
	a := r.send(t, call{who: "boss", method: "POST", path: spaces, body: `{"namespace": "ä b/c?"}`})
	if got := a.header.Get("Location"); got != "http://example.com/v2/metadefs/namespaces/%C3%A4%20b/c%3F" {
		t.Errorf("Location is %s", got)
	}
}

// TestMetadefMethods is §1: methods that a path does not know, and bodies that
// it does not want.
func TestMetadefMethods(t *testing.T) {
	r := newRig(t)
	for path, allow := range map[string]string{
		spaces: "GET, POST", spaces + "/n": "GET, PUT, DELETE",
		spaces + "/n/objects": "GET, POST, DELETE", spaces + "/n/objects/o": "GET, PUT, DELETE",
		spaces + "/n/properties": "GET, POST, DELETE", spaces + "/n/properties/p": "GET, PUT, DELETE",
		spaces + "/n/tags": "GET, POST, DELETE", spaces + "/n/tags/t": "GET, POST, PUT, DELETE",
		spaces + "/n/resource_types": "GET, POST", spaces + "/n/resource_types/r": "DELETE",
		"/v2/metadefs/resource_types": "GET", "/v2/schemas/metadefs/namespace": "GET",
	} {
		for _, method := range []string{"GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"} {
			a := r.send(t, call{who: "boss", method: method, path: path})
			known := strings.Contains(", "+allow+",", ", "+method+",")
			if known == (a.status == 405) || !known && a.header.Get("Allow") != allow {
				t.Errorf("%s %s: %d, Allow %q", method, path, a.status, a.header.Get("Allow"))
			}
		}
	}
	for _, s := range []string{
		"GET /n", "DELETE /n", "DELETE /n/objects", "GET /n/objects/o", "DELETE /n/objects/o", "GET /n/properties", "DELETE /n/properties",
		"DELETE /n/properties/p", "DELETE /n/tags", "GET /n/tags/t", "POST /n/tags/t", "DELETE /n/tags/t", "GET /n/resource_types",
		"DELETE /n/resource_types/r",
	} {
		method, path, _ := strings.Cut(s, " ")
		r.send(t, call{who: "boss", method: method, path: spaces + path, body: "{}"}).
			want(t, fault{status: 400, explanation: "A body is not expected with this request."})
	}
	for _, s := range []string{"POST ", "PUT /n", "POST /n/objects", "PUT /n/objects/o", "POST /n/properties", "PUT /n/properties/p", "POST /n/tags", "PUT /n/tags/t", "POST /n/resource_types"} {
		method, path, _ := strings.Cut(s, " ")
		for body, text := range map[string]string{
			"": "Body expected in request.", "{": "Malformed JSON in request body.", "\"\xff\"": "Malformed JSON in request body.",
			"1": "Unexpected body type. Expected list/dict.", "[]": "Unexpected body type. Expected list/dict.",
			strings.Repeat(`{"properties": `, 65) + strings.Repeat("}", 65): "Malformed JSON in request body.",
		} {
			r.send(t, call{who: "boss", method: method, path: spaces + path, body: body}).want(t, fault{status: 400, explanation: text})
		}
	}
}

// TestMetadefReadOnlyKeys is §1: keys that nobody may send, before the schema
// is looked at.
func TestMetadefReadOnlyKeys(t *testing.T) {
	r := newRig(t)
	r.steps(t, newSpace("n")...)
	for path, keys := range map[string]string{
		"POST ": "self schema created_at updated_at", "PUT /n": "self schema created_at updated_at",
		"POST /n/objects": "self schema created_at updated_at", "PUT /n/objects/o": "self schema created_at updated_at",
		"POST /n/properties": "created_at updated_at", "PUT /n/properties/p": "created_at updated_at",
		"POST /n/tags": "created_at updated_at", "PUT /n/tags/t": "created_at updated_at", "POST /n/resource_types": "created_at updated_at",
	} {
		method, path, _ := strings.Cut(path, " ")
		for key := range strings.FieldsSeq(keys) {
			r.steps(t, step{method: method, path: path, body: `{"` + key + `": 1}`, status: 403, want: "Attribute '" + key + "' is read-only."})
		}
	}
	for path, name := range map[string]string{"/properties/p": "property", "/tags/t": "tag"} {
		for _, key := range []string{"self", "schema"} {
			r.steps(t, step{
				method: "PUT", path: "/n" + path, body: `{"name": "x", "type": "string", "title": "T", "` + key + `": "x"}`, status: 400,
				want: "Provided object does not match schema '" + name + "': …",
			})
		}
	}
}

// TestMetadefSchemas is §1 and §2: what schemas and models refuse.
func TestMetadefSchemas(t *testing.T) {
	r := newRig(t)
	r.steps(t, newSpace("n")...)
	long := strings.Repeat("ä", 81)
	definition := `{"title": "T", "type": "string"`
	for _, tt := range []struct{ path, name, body string }{
		{"", "namespace", `{"namespace": "x", "display_name": "` + long + `"}`},
		{"", "namespace", `{"namespace": "x", "owner": "` + strings.Repeat("o", 256) + `"}`},
		{"", "namespace", `{"namespace": "x", "visibility": "shared"}`},
		{"", "namespace", `{"namespace": "x", "properties": {"` + long + `": ` + definition + `}}}`},
		{"", "namespace", `{"namespace": "x", "properties": {"p": ` + definition + `, "unknown": 1}}}`},
		{"", "namespace", `{"namespace": "x", "properties": {"p": ` + definition + `, "required": ["a"]}}}`},
		{"", "namespace", `{"namespace": "x", "properties": {"p": ` + definition + `, "confidential": "yes"}}}`},
		{"", "namespace", `{"namespace": "x", "properties": {"p": ` + definition + `, "minimum": 1.5}}}`},
		{"", "namespace", `{"namespace": "x", "properties": {"p": ` + definition + `, "maximum": 1e400}}}`},
		{"", "namespace", `{"namespace": "x", "properties": {"p": ` + definition + `, "items": {"enum": []}}}}`},
		{"", "namespace", `{"namespace": "x", "properties": {"p": {"title": "T", "type": null}}}`},
		{"", "namespace", `{"namespace": "x", "objects": [{}]}`},
		{"", "namespace", `{"namespace": "x", "objects": [{"name": "` + long + `"}]}`},
		{"", "namespace", `{"namespace": "x", "objects": [{"name": "o", "unknown": 1}]}`},
		{"", "namespace", `{"namespace": "x", "tags": [{}]}`},
		{"", "namespace", `{"namespace": "x", "tags": [{"name": "` + long + `"}]}`},
		{"", "namespace", `{"namespace": "x", "resource_type_associations": [{"prefix": "x"}]}`},
		{"", "namespace", `{"namespace": "x", "resource_type_associations": [{"name": "r", "prefix": "` + long + `"}]}`},
		{"/n/objects", "object", `{"name": "` + long + `"}`},
		{"/n/objects", "object", `{"name": "o", "unknown": 1}`},
		{"/n/objects", "object", `{"name": "o", "required": ["a", "a"]}`},
		{"/n/objects", "object", `{"name": "o", "properties": {"p": {"type": "string"}}}`},
		{"/n/objects", "property", `{"name": "o", "properties": {"p": ` + definition + `, "confidential": true}}}`},
		{"/n/properties", "property", `{"title": "T", "type": "string"}`},
		{"/n/properties", "property", `{"name": "p", "type": "string"}`},
		{"/n/properties", "property", `{"name": "` + long + `", "title": "T", "type": "string"}`},
		{"/n/properties", "property", `{"name": "p", "title": "T", "type": "string", "confidential": true}`},
		{"/n/properties", "property", `{"name": "p", "title": "T", "type": "string", "required": []}`},
		{"/n/properties", "property", `{"name": "p", "title": "T", "type": "string", "required": ["x"]}`},
		{"/n/properties", "property", `{"name": "p", "title": "T", "type": "string", "minLength": -1}`},
		{"/n/properties", "property", `{"name": "p", "title": "T", "type": "string", "maximum": 0.5}`},
		{"/n/tags", "tags", `{}`},
		{"/n/tags", "tags", `{"tags": [{"name": "t", "created_at": "x"}]}`},
		{"/n/tags", "tags", `{"tags": [{"name": "` + long + `"}]}`},
		{"/n/resource_types", "resource_type_association", `{"name": "r", "properties_target": "` + long + `"}`},
	} {
		r.steps(t, step{
			method: "POST", path: tt.path, body: tt.body, status: 400,
			want: "Provided object does not match schema '" + tt.name + "': …",
		})
	}
	r.steps(t,
		step{method: "POST", path: "/n/tags/" + strings.Repeat("t", 81), status: 400, want: "Provided object does not match schema 'tag': …"},
		// What the original's own exports hold goes back in.
		step{
			method: "POST", status: 201, body: `{"namespace": "x", "objects": [{"name": "o", "created_at": "x", "updated_at": "x", "self": "x", "schema": "x"}], ` +
				`"tags": [{"name": "t", "created_at": "x"}], "resource_type_associations": [{"name": "r", "updated_at": "x"}], ` +
				`"properties": {"p": {"name": "p", "title": "T", "type": "string", "confidential": true}}}`,
		},
	)
}

// TestMetadefFourBytes is §1: characters that older tables cannot hold.
func TestMetadefFourBytes(t *testing.T) {
	r := newRig(t)
	r.steps(t, newSpace("n")...)
	r.steps(t,
		step{method: "POST", path: "/n/objects", body: `{"name": "o"}`, status: 201},
		step{method: "POST", path: "/n/properties", body: `{"name": "p", "title": "T", "type": "string"}`, status: 201},
		step{method: "POST", path: "/n/tags/t", status: 201},
	)
	text := func(deed, kind, key string) string {
		return "Couldn't " + deed + " metadata " + kind + ": " + key + " can't contain 4 byte unicode characters."
	}
	for _, s := range []step{
		{method: "POST", body: `{"namespace": "😀"}`, want: text("create", "namespace", "Namespace")},
		{method: "POST", body: `{"namespace": "x", "display_name": "😀"}`, want: text("create", "namespace", "Display_Name")},
		{method: "POST", body: `{"namespace": "x", "objects": [{"name": "😀"}]}`, want: text("create", "namespace", "Name")},
		{method: "POST", body: `{"namespace": "x", "tags": [{"name": "😀"}]}`, want: text("create", "namespace", "Name")},
		{method: "POST", body: `{"namespace": "x", "properties": {"😀": {"title": "T", "type": "string"}}}`, want: text("create", "namespace", "Name")},
		{method: "POST", body: `{"namespace": "x", "resource_type_associations": [{"name": "r", "prefix": "😀"}]}`, want: text("create", "namespace", "Prefix")},
		{method: "PUT", path: "/n", body: `{"namespace": "n", "owner": "😀"}`, want: text("update", "namespace", "Owner")},
		{method: "POST", path: "/n/objects", body: `{"name": "x", "required": ["😀"]}`, want: text("create", "object", "Required")},
		{method: "POST", path: "/n/objects", body: `{"name": "x", "properties": {"a": {"title": "😀", "type": "string"}}}`, want: text("create", "object", "Title")},
		{method: "PUT", path: "/n/objects/o", body: `{"name": "o", "description": "😀"}`, want: text("update", "object", "Description")},
		{method: "POST", path: "/n/properties", body: `{"name": "x", "title": "T", "type": "string", "default": "😀"}`, want: text("create", "property", "Default")},
		{method: "PUT", path: "/n/properties/p", body: `{"name": "😀", "title": "T", "type": "string"}`, want: text("update", "property", "Name")},
		{method: "POST", path: "/n/tags/%F0%9F%98%80", want: text("create", "tag", "Name")},
		{method: "POST", path: "/n/tags", body: `{"tags": [{"name": "😀"}]}`, want: text("create", "tag", "Name")},
		{method: "PUT", path: "/n/tags/t", body: `{"name": "😀"}`, want: text("update", "tag", "Name")},
		{method: "POST", path: "/n/resource_types", body: `{"name": "😀"}`, want: text("create", "resource type association", "Name")},
	} {
		s.status = 400
		r.steps(t, s)
	}
	// Lists are stored with escapes.
	r.steps(t, step{method: "POST", path: "/n/properties", body: `{"name": "x", "title": "T", "type": "string", "enum": ["😀"]}`, status: 201})
}

// TestMetadefHidden is §1: what a caller hears who does not see the namespace,
// and when there is none.
func TestMetadefHidden(t *testing.T) {
	r := newRig(t)
	r.steps(t, step{method: "POST", body: `{"namespace": "h", "objects": [{"name": "o"}]}`, status: 201})
	const object, property = `{"name": "o"}`, `{"name": "p", "title": "T", "type": "string"}`
	for _, s := range []struct{ method, path, body, unknown, hidden string }{
		{"GET", "", "", "Metadata definition namespace=%s was not found.", ""},
		{"PUT", "", `{"namespace": "x"}`, "Namespace %s not found", "Namespace %s not found"},
		{"DELETE", "", "", "Namespace %s not found", "Namespace %s not found"},
		{"GET", "/objects", "", "Metadata definition namespace=%s was not found.", "Namespace %s not found"},
		{"POST", "/objects", object, "Metadata definition namespace=%s was not found.", "Namespace %s not found"},
		{"GET", "/objects/o", "", "Metadata definition namespace=%s was not found.", "Namespace %s not found"},
		{"PUT", "/objects/o", object, "Metadata definition namespace=%s was not found.", "Namespace %s not found"},
		{"DELETE", "/objects/o", "", "Metadata definition namespace=%s was not found.", "Namespace %s not found"},
		{"DELETE", "/objects", "", "Namespace %s not found", "Namespace %s not found"},
		{"GET", "/properties", "", "Namespace %s not found", "Namespace %s not found"},
		{"POST", "/properties", property, "Namespace %s not found", "Namespace %s not found"},
		{"GET", "/properties/p", "", "Namespace %s not found", "Namespace %s not found"},
		{"PUT", "/properties/p", property, "Namespace %s not found", "Namespace %s not found"},
		{"DELETE", "/properties/p", "", "Namespace %s not found", "Namespace %s not found"},
		{"DELETE", "/properties", "", "Namespace %s not found", "Namespace %s not found"},
		{"GET", "/tags", "", "Namespace %s not found", "Namespace %s not found"},
		{"POST", "/tags", `{"tags": []}`, "Namespace %s not found", "Namespace %s not found"},
		{"POST", "/tags/" + strings.Repeat("t", 81), "", "Namespace %s not found", "Namespace %s not found"},
		{"GET", "/tags/t", "", "Namespace %s not found", "Namespace %s not found"},
		{"PUT", "/tags/t", object, "Namespace %s not found", "Namespace %s not found"},
		{"DELETE", "/tags/t", "", "Namespace %s not found", "Namespace %s not found"},
		{"DELETE", "/tags", "", "Namespace %s not found", "Namespace %s not found"},
		{"GET", "/resource_types", "", "Namespace %s not found", "Namespace %s not found"},
		{"POST", "/resource_types", object, "Namespace %s not found", "Namespace %s not found"},
		{"DELETE", "/resource_types/r", "", "Namespace %s not found", "Namespace %s not found"},
	} {
		r.steps(t,
			step{method: s.method, path: "/nope" + s.path, body: s.body, status: 404, want: strings.ReplaceAll(s.unknown, "%s", "nope")},
			step{who: "alice", method: s.method, path: "/h" + s.path, body: s.body, status: 404, want: strings.ReplaceAll(s.hidden, "%s", "h")},
		)
	}
	r.steps(t,
		step{who: "alice", method: "GET", path: "?marker=h", status: 403, want: "Forbidding request, metadata definition namespace=h is not visible."},
		// Anonymous callers hear that they may not write where the original thinks of it.
		step{who: "anon", method: "PUT", path: "/h", body: `{"namespace": "h"}`, status: 404, want: "Namespace h not found"},
	)
	r.send(t, call{who: "anon", method: "POST", path: spaces, body: `{"namespace": "x"}`}).want(t, fault{status: 403, detail: "Read-only access"})
}

// TestMetadefProtected is §1: nothing in a protected namespace can be deleted,
// everything else can be done.
func TestMetadefProtected(t *testing.T) {
	r := newRig(t)
	r.steps(t,
		step{method: "POST", body: `{"namespace": "n", "protected": true}`, status: 201},
		step{method: "POST", path: "/n/objects", body: `{"name": "o"}`, status: 201},
		step{method: "PUT", path: "/n/objects/o", body: `{"name": "o2"}`, status: 200},
		step{method: "POST", path: "/n/properties", body: `{"name": "p", "title": "T", "type": "string"}`, status: 201},
		step{method: "POST", path: "/n/tags", body: `{"tags": [{"name": "old"}]}`, status: 201},
		step{method: "POST", path: "/n/tags", body: `{"tags": [{"name": "t"}]}`, status: 201, want: `{"tags": [{"name": "t"}]}`},
		step{method: "POST", path: "/n/resource_types", body: `{"name": "r"}`, status: 201},
	)
	for path, what := range map[string]string{
		"": "namespace n", "/objects": "namespace n", "/properties": "namespace n", "/tags": "namespace n", "/objects/o2": "object o2",
		"/properties/p": "property p", "/tags/t": "tag t", "/resource_types/r": "resource-type-association r",
	} {
		r.steps(t, step{method: "DELETE", path: "/n" + path, status: 403, want: "Metadata definition " + what + " is protected and cannot be deleted."})
	}
	r.steps(t,
		step{method: "DELETE", path: "/n/objects/nope", status: 404, want: "Could not find metadata object nope"},
		step{method: "DELETE", path: "/n/properties/nope", status: 404, want: "Could not find property nope"},
		step{method: "DELETE", path: "/n/tags/nope", status: 404, want: "Could not find metadata tag nope"},
		step{method: "DELETE", path: "/n/resource_types/nope", status: 404, want: "Failed to find resource type nope to delete"},
		step{method: "PUT", path: "/n", body: `{"namespace": "n"}`, status: 200},
		step{method: "DELETE", path: "/n/objects", status: 204}, step{method: "DELETE", path: "/n/properties", status: 204},
		step{method: "DELETE", path: "/n/tags", status: 204}, step{method: "DELETE", path: "/n/resource_types/r", status: 204},
		step{method: "DELETE", path: "/n", status: 204},
	)
}

// TestMetadefList is §2: the parameters of lists and their links.
func TestMetadefList(t *testing.T) {
	r := newRig(t)
	r.steps(t, newSpace("a", "b", "c", "d", "e")...)
	names := func(query string) string {
		t.Helper()
		a := r.get(t, spaces+query)
		if a.status != 200 {
			t.Errorf("%s: %d %s", query, a.status, a.body)
			return ""
		}
		var list []string
		for _, m := range regexp.MustCompile(`"namespace": "(.*?)"`).FindAllStringSubmatch(a.body, -1) {
			list = append(list, m[1])
		}
		doc := a.decode(t)
		return fmt.Sprint(strings.Join(list, ""), " ", doc["first"], " ", doc["next"])
	}
	for query, want := range map[string]string{
		"":                                       "ed /v2/metadefs/namespaces /v2/metadefs/namespaces?marker=d",
		"?limit=9":                               "edcb /v2/metadefs/namespaces?limit=9 /v2/metadefs/namespaces?limit=9&marker=b",
		"?limit=+3&marker=e&x=%C3%A4+b":          "dcb /v2/metadefs/namespaces?limit=+3&x=%C3%A4+b /v2/metadefs/namespaces?limit=+3&x=%C3%A4+b&marker=b",
		"?marker=b&limit=4":                      "a /v2/metadefs/namespaces?limit=4 <nil>",
		"?sort_key=id&sort_dir=asc&limit=3":      "abc /v2/metadefs/namespaces?sort_key=id&sort_dir=asc&limit=3 /v2/metadefs/namespaces?sort_key=id&sort_dir=asc&limit=3&marker=c",
		"?visibility=":                           " /v2/metadefs/namespaces?visibility= <nil>",
		"?resource_types=":                       " /v2/metadefs/namespaces?resource_types= <nil>",
		"?marker=&limit=1":                       "e /v2/metadefs/namespaces?limit=1 /v2/metadefs/namespaces?limit=1&marker=e",
		"?limit=x&limit=1&sort_dir=asc&marker=a": "",
	} {
		if want == "" {
			r.get(t, spaces+query).want(t, fault{status: 400, explanation: "limit param must be an integer"})
			continue
		}
		if got := names(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for query, text := range map[string]string{
		"?limit=1.5": "limit param must be an integer", "?limit=": "limit param must be an integer", "?sort_dir=": "Invalid sort direction: ",
		"?sort_key=nope": `There is no column "nope" to sort by.`, "?visibility=shared": "Invalid visibility value: shared",
	} {
		a := r.get(t, spaces+query)
		if a.status != 400 || !strings.Contains(a.body, text) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
}

// TestMetadefReplace is §2: an update puts everything in place.
func TestMetadefReplace(t *testing.T) {
	r := newRig(t)
	r.steps(t,
		step{
			method: "POST", status: 201,
			body: `{"namespace": "n", "display_name": "D", "visibility": "public", "protected": true, "owner": "p-x", "tags": [{"name": "t"}]}`,
		},
		step{
			method: "PUT", path: "/n", body: `{"namespace": "m", "owner": "", "tags": [{"name": "other"}], "objects": [{"name": "o"}]}`, status: 200,
			want: `{"namespace": "m", "visibility": "private", "protected": false, "owner": "p-admin", "created_at": "T", "updated_at": "T", ` +
				`"self": "/v2/metadefs/namespaces/m", "schema": "/v2/schemas/metadefs/namespace"}`,
		},
		step{
			method: "GET", path: "/m", status: 200,
			want: `{"namespace": "m", "visibility": "private", "protected": false, "owner": "p-admin", "created_at": "T", "updated_at": "T", ` +
				`"tags": [{"name": "t"}], "self": "/v2/metadefs/namespaces/m", "schema": "/v2/schemas/metadefs/namespace"}`,
		},
	)
}
