package v2_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v2 "glance/internal/api/v2"
)

var (
	stockContainers = strings.Fields("ami ari aki bare ovf ova docker compressed")
	stockDisks      = strings.Fields("ami ari aki vhd vhdx vmdk raw qcow2 vdi iso ploop")
	// attributes are the base ones in the order that the original serves.
	attributes = strings.Fields("id name status visibility protected os_hidden checksum os_hash_algo os_hash_value owner size virtual_size " +
		"container_format disk_format created_at updated_at tags direct_url min_ram min_disk self file stores schema locations")
)

func newSchema(t *testing.T, custom string) *v2.Schema {
	t.Helper()
	s, err := v2.NewSchema(stockContainers, stockDisks, []byte(custom))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func withSchema(s *v2.Schema) func(*v2.Door) { return func(d *v2.Door) { d.Schema = s } }

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestSchemaRecorded compares with what the original serves with its own
// schema-image.json, and with a flat file and other formats.
func TestSchemaRecorded(t *testing.T) {
	custom, err := v2.NewSchema(strings.Fields("bare ami docker ovf"), strings.Fields("raw qcow2 vmdk vhd vhdx vdi iso gpt luks qed ami root-tar"), read(t, "custom-flat.json"))
	if err != nil {
		t.Fatal(err)
	}
	for file, s := range map[string]*v2.Schema{
		"schema-image-default.json": newSchema(t, string(v2.ShippedCustomProperties())), "schema-image-custom.json": custom,
	} {
		r := newRig(t, withSchema(s))
		want := decode(t, read(t, file))
		if diff := cmp.Diff(want, r.get(t, "/v2/schemas/image").decode(t)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", file, diff)
		}
		list := r.get(t, "/v2/schemas/images").decode(t)
		if diff := cmp.Diff(want, list["properties"].(map[string]any)["images"].(map[string]any)["items"]); diff != "" {
			t.Errorf("%s, items of the list: -want +got:\n%s", file, diff)
		}
	}
}

// TestSchemaOrder: the keys come in the order of the table, custom ones after.
func TestSchemaOrder(t *testing.T) {
	a := newRig(t, withSchema(newSchema(t, `{"z": {"type": "string"}, "a": {}}`))).get(t, "/v2/schemas/image")
	if got := strings.Join(keysOf(t, []byte(a.body)), " "); got != "name properties additionalProperties links" {
		t.Errorf("keys %s", got)
	}
	var doc struct{ Properties json.RawMessage }
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(slices.Clone(attributes), "z", "a"), keysOf(t, doc.Properties)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestSchemas is the table of spec schemas-v2.
func TestSchemas(t *testing.T) {
	const self = `{"rel": "describedby", "href": "{schema}"}`
	links := map[string]string{
		"image":  `[{"rel": "self", "href": "{self}"}, {"rel": "enclosure", "href": "{file}"}, ` + self + `]`,
		"images": `[{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"}, ` + self + `]`,
		"member": `null`, "members": `[` + self + `]`, "task": `null`, "tasks": `[` + self + `]`,
	}
	properties := map[string]string{
		"image": strings.Join(attributes, " "), "images": "images first next schema",
		"member": "member_id image_id created_at updated_at status schema", "members": "members schema",
		"task":  "id type status input result owner message image_id request_id user_id expires_at created_at updated_at self schema",
		"tasks": "tasks schema",
	}
	r := newRig(t, withSchema(newSchema(t, "{}")))
	for name := range links {
		a := r.send(t, call{who: "nora", method: "GET", path: "/v2/schemas/" + name})
		if a.status != 200 || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		doc := a.decode(t)
		var want any
		if err := json.Unmarshal([]byte(links[name]), &want); err != nil {
			t.Fatal(err)
		}
		if doc["name"] != name || !cmp.Equal(doc["links"], want) {
			t.Errorf("%s: name %v, links %v", name, doc["name"], doc["links"])
		}
		props, _ := doc["properties"].(map[string]any)
		for _, p := range strings.Fields(properties[name]) {
			if _, ok := props[p]; !ok {
				t.Errorf("%s: no property %s", name, p)
			}
		}
		if len(props) != len(strings.Fields(properties[name])) {
			t.Errorf("%s: %d properties", name, len(props))
		}
		if _, ok := doc["additionalProperties"]; ok != (name == "image") {
			t.Errorf("%s: additionalProperties %v", name, doc["additionalProperties"])
		}
	}
	items := r.get(t, "/v2/schemas/tasks").decode(t)["properties"].(map[string]any)["tasks"].(map[string]any)["items"].(map[string]any)["properties"].(map[string]any)
	for _, absent := range []string{"input", "result", "message"} {
		if _, ok := items[absent]; ok {
			t.Errorf("items of tasks have %s", absent)
		}
	}
	r.get(t, "/v2/schemas/nope").want(t, fault{404, "", ""})
	a := r.send(t, call{method: "PUT", path: "/v2/schemas/image"})
	if a.status != 405 || a.header.Get("Allow") != "GET" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

// TestSchemaFiles is spec schemas-v2 §2: what a schema-image.json may be.
func TestSchemaFiles(t *testing.T) {
	good := map[string]struct {
		text     string
		names    string
		required any
	}{
		"none":                    {"", "", nil},
		"flat":                    {`{"a": {"type": "string"}, "b": {}}`, "a b", nil},
		"extended":                {`{"properties": {"a": {"type": "integer"}}, "required": ["a"]}`, "a", []any{"a"}},
		"extended, required []":   {`{"properties": {"a": {}}, "required": []}`, "a", nil},
		"extended, not required":  {`{"properties": {"a": {}}}`, "a", nil},
		"extended, required base": {`{"properties": {}, "required": ["name"]}`, "", []any{"name"}},
		"a base one as it is":     {`{"min_ram": {"type": "integer", "description": "Amount of ram (in MB) required to boot image."}, "a": {}}`, "a", nil},
		"nested":                  {`{"a": {"items": {"x": {}}}}`, "a", nil},
		"says is_base itself":     {`{"a": {"is_base": true}}`, "a", nil},
	}
	for name, tt := range good {
		t.Run(name, func(t *testing.T) {
			s, err := v2.NewSchema(stockContainers, stockDisks, []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			a := newRig(t, withSchema(s)).get(t, "/v2/schemas/image")
			doc := a.decode(t)
			if diff := cmp.Diff(tt.required, doc["required"]); diff != "" {
				t.Errorf("required: -want +got:\n%s", diff)
			}
			var raw struct{ Properties json.RawMessage }
			if err := json.Unmarshal([]byte(a.body), &raw); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append(slices.Clone(attributes), strings.Fields(tt.names)...), keysOf(t, raw.Properties)); diff != "" {
				t.Errorf("properties: -want +got:\n%s", diff)
			}
			for _, name := range strings.Fields(tt.names) {
				if p := doc["properties"].(map[string]any)[name].(map[string]any); p["is_base"] != false {
					t.Errorf("%s: %v", name, p)
				}
			}
		})
	}
	bad := map[string]struct{ text, want string }{
		"conflict":          {`{"name": {"type": "string"}}`, "custom properties (name) conflict with base properties"},
		"conflict extended": {`{"properties": {"tags": {}}}`, "custom properties (tags) conflict with base properties"},
		"no JSON":           {`{"a": `, "schema-image.json"},
		"more JSON":         {`{} {}`, "schema-image.json"},
		"no object":         {`[]`, "schema-image.json"},
		"no schema":         {`{"a": "string"}`, "unable to load schema"},
		"no schema, list":   {`{"a": []}`, "unable to load schema"},
		"bad schema":        {`{"a": {"type": "text"}}`, "unable to load schema"},
		"bad pattern":       {`{"a": {"pattern": "("}}`, "unable to load schema"},
		"bad required":      {`{"properties": {}, "required": "a"}`, "schema-image.json: required"},
		"bad properties":    {`{"properties": []}`, "schema-image.json: properties"},
	}
	for name, tt := range bad {
		if _, err := v2.NewSchema(stockContainers, stockDisks, []byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

// TestSchemaCustom: custom types are honoured, values stored as text, and what
// is required is so on create only.
func TestSchemaCustom(t *testing.T) {
	r := newRig(t, withSchema(newSchema(t, `{"properties": {"n": {"type": "integer", "minimum": 1}, "s": {"type": ["null", "string"], "enum": [null, "x"]}}, "required": ["n"]}`)))
	for _, body := range []string{`{}`, `{"n": "1"}`, `{"n": 0}`, `{"n": 1, "s": "y"}`, `{"n": 1, "other": 1}`} {
		r.send(t, call{method: "POST", path: "/v2/images", body: body}).want(t, fault{400, "Provided object does not match schema 'image': …", "…"})
	}
	a := r.send(t, call{method: "POST", path: "/v2/images", body: `{"id": "` + img1 + `", "n": 5, "s": null}`})
	if doc := a.decode(t); a.status != 201 || doc["n"] != 5.0 || doc["s"] != nil {
		t.Errorf("created: %d %s", a.status, a.body)
	}
	if doc := r.get(t, "/v2/images/"+img1).decode(t); doc["n"] != "5" || doc["s"] != nil {
		t.Errorf("shown: %v", doc)
	}
	if a := r.patch(t, draft10, img1, `[{"op": "replace", "path": "/name", "value": "x"}]`); a.status != 200 {
		t.Errorf("required in a PATCH: %d %s", a.status, a.body)
	}
	if a := r.patch(t, draft10, img1, `[{"op": "replace", "path": "/s", "value": "x"}, {"op": "add", "path": "/n", "value": 7}]`); a.decode(t)["s"] != "x" || a.decode(t)["n"] != 7.0 {
		t.Errorf("changed: %d %s", a.status, a.body)
	}
	r.patch(t, draft10, img1, `[{"op": "replace", "path": "/n", "value": 0}]`).want(t, fault{400, "Provided object does not match schema 'image': …", "…"})
}
