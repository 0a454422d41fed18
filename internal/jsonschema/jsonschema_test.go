package jsonschema_test

import (
	"encoding/json"
	"strings"
	"testing"

	"glance/internal/jsonschema"
)

func decode(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

const schema = `{
	"properties": {
		"name": {"type": ["null", "string"], "maxLength": 3, "readOnly": true},
		"n": {"type": "integer", "minimum": 1},
		"id": {"type": "string", "pattern": "^x+$"},
		"kind": {"enum": ["a", null]},
		"list": {"type": "array", "items": {"type": "string"}}
	},
	"additionalProperties": {"type": "string"}
}`

func TestValidate(t *testing.T) {
	s, err := jsonschema.Compile(decode(t, schema))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		doc  string
		want string // a part of the text; empty is valid
	}{
		{`{}`, ""},
		{`{"name": null, "n": 1.0, "id": "xx", "kind": null, "list": ["a"], "free": "text"}`, ""},
		{`{"name": "äöü"}`, ""},
		{`{"name": "four"}`, "name: "},
		{`{"n": 1.5}`, "n: "},
		{`{"n": true}`, "n: "},
		{`{"n": 0}`, "n: "},
		{`{"n": 99999999999999999999}`, ""},
		{`{"id": "yx"}`, "id: "},
		{`{"kind": "b"}`, "kind: "},
		{`{"list": ["a", 1]}`, "list/1: "},
		{`{"free": null}`, "free: "},
	}
	for _, tt := range tests {
		err := s.Validate(decode(t, tt.doc))
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.doc, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: %v, want one line with %q", tt.doc, err, tt.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, text := range []string{
		`{"properties": {"a": {"$ref": "file:///etc/passwd"}}}`,
		`{"properties": {"a": {"$ref": "http://127.0.0.1/x"}}}`,
		`{"type": "nonsense"}`,
		`{"properties": {"a": {"pattern": "("}}}`,
	} {
		if _, err := jsonschema.Compile(decode(t, text)); err == nil {
			t.Errorf("%s was compiled", text)
		}
	}
}
