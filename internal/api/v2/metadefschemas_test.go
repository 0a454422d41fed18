package v2_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMetadefDocuments compares, to the order of keys, with what the original
// serves, and checks those that were not recorded by how they hang together.
func TestMetadefDocuments(t *testing.T) {
	text, err := os.ReadFile("../../../test/golden/testdata/schemas-metadefs-1.json")
	if err != nil {
		t.Fatal(err)
	}
	var recording struct {
		Steps []struct {
			Request  struct{ Path string }
			Response struct{ Body json.RawMessage }
		}
	}
	if err := json.Unmarshal(text, &recording); err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	for _, s := range recording.Steps {
		if diff := cmp.Diff(compact(t, s.Response.Body), compact(t, []byte(r.get(t, s.Request.Path).body))); diff != "" {
			t.Errorf("%s: %s", s.Request.Path, diff)
		}
	}
	for _, pair := range []struct{ one, many, list, required string }{
		{"namespace", "namespaces", "namespaces", "namespace"},
		{"object", "objects", "objects", "name"},
		{"property", "properties", "properties", "type title name"},
		{"tag", "tags", "tags", "name"},
		{"resource_type", "resource_types", "resource_type_associations", "name"},
	} {
		one := r.get(t, "/v2/schemas/metadefs/"+pair.one).decode(t)
		many := r.get(t, "/v2/schemas/metadefs/"+pair.many).decode(t)
		if diff := cmp.Diff(one["definitions"], many["definitions"]); diff != "" {
			t.Errorf("%s: definitions: %s", pair.many, diff)
		}
		var required []any
		for name := range strings.FieldsSeq(pair.required) {
			required = append(required, name)
		}
		if diff := cmp.Diff(required, one["required"]); diff != "" || one["additionalProperties"] != false {
			t.Errorf("%s: required: %s", pair.one, diff)
		}
		under, kind := "items", "array"
		if pair.many == "properties" {
			under, kind = "additionalProperties", "object"
			required = required[:2]
		}
		list := many["properties"].(map[string]any)[pair.list].(map[string]any)
		item := list[under].(map[string]any)
		delete(one, "definitions")
		one["required"] = required
		if diff := cmp.Diff(one, item); diff != "" || list["type"] != kind || many["name"] != pair.list {
			t.Errorf("%s: %v %v %s", pair.many, many["name"], list["type"], diff)
		}
	}
	r.get(t, "/v2/schemas/metadefs/nope").want(t, fault{status: 404})
	r.send(t, call{method: "POST", path: "/v2/schemas/metadefs/nope"}).want(t, fault{status: 404})
	r.send(t, call{method: "GET", path: "/v2/schemas/metadefs/tag", body: "{}"}).
		want(t, fault{status: 400, explanation: "A body is not expected with this request."})
}

func compact(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
