package jsonpatch_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/jsonpatch"
)

func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestReadDraft10(t *testing.T) {
	tests := []struct {
		text string
		want jsonpatch.Operation
	}{
		{`{"op":"add","path":"/a","value":"v"}`, jsonpatch.Operation{Op: "add", Pointer: "/a", Path: []string{"a"}, Value: "v", HasValue: true}},
		{`{"op":"replace","path":"/a~1b","value":null}`, jsonpatch.Operation{Op: "replace", Pointer: "/a~1b", Path: []string{"a/b"}, HasValue: true}},
		{`{"op":"remove","path":"/locations/0"}`, jsonpatch.Operation{Op: "remove", Pointer: "/locations/0", Path: []string{"locations", "0"}}},
		{`{"op":"remove","path":"/~01"}`, jsonpatch.Operation{Op: "remove", Pointer: "/~01", Path: []string{"~1"}}},
		{`{"op":"remove","path":"/ name "}`, jsonpatch.Operation{Op: "remove", Pointer: "/ name ", Path: []string{"name"}}},
		{`{"op":"remove","path":"/"}`, jsonpatch.Operation{Op: "remove", Pointer: "/", Path: []string{""}}},
	}
	for _, tt := range tests {
		got, err := jsonpatch.Read(decode(t, tt.text), jsonpatch.Draft10)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestReadDraft4(t *testing.T) {
	got, err := jsonpatch.Read(decode(t, `{"replace":"/b","value":"3","extra":1}`), jsonpatch.Draft4)
	if err != nil {
		t.Fatal(err)
	}
	want := jsonpatch.Operation{Op: "replace", Pointer: "/b", Path: []string{"b"}, Value: "3", HasValue: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestFaults has every text of spec images-v2 §9.2 that is a matter of syntax.
func TestFaults(t *testing.T) {
	tests := []struct {
		name, text string
		draft      jsonpatch.Draft
		want       string
	}{
		{"not an object", `1`, jsonpatch.Draft10, "Operations must be JSON objects."},
		{"no op", `{"path":"/a"}`, jsonpatch.Draft10, "Unable to find `op` in JSON Schema change. It must be one of the following: add, remove, replace."},
		{"unknown op", `{"op":"test","path":"/a"}`, jsonpatch.Draft10, "Invalid operation: `test`. It must be one of the following: add, remove, replace."},
		{"no path", `{"op":"add"}`, jsonpatch.Draft10, "Unable to find 'path' in JSON Schema change"},
		{"path is a number", `{"op":"add","path":1}`, jsonpatch.Draft10, "Pointer `1` is not a string."},
		{"draft 4 without", `{"value":1}`, jsonpatch.Draft4, `Operation objects must contain exactly one member named "add", "remove", or "replace".`},
		{"draft 4 with two", `{"add":"/x","remove":"/y"}`, jsonpatch.Draft4, `Operation objects must contain only one member named "add", "remove", or "replace".`},
		{"no slash", `{"op":"add","path":"a"}`, jsonpatch.Draft10, "Pointer `a` does not start with \"/\"."},
		{"empty", `{"op":"add","path":""}`, jsonpatch.Draft10, "Pointer `` does not start with \"/\"."},
		{"adjacent", `{"op":"add","path":"/x//y"}`, jsonpatch.Draft10, "Pointer `/x//y` contains adjacent \"/\"."},
		{"blank between", `{"op":"add","path":"/x/ /y"}`, jsonpatch.Draft10, "Pointer `/x/ /y` contains adjacent \"/\"."},
		{"trailing", `{"op":"add","path":"/x/"}`, jsonpatch.Draft10, "Pointer `/x/` end with \"/\"."},
		{"only slashes", `{"op":"add","path":"//"}`, jsonpatch.Draft10, "Pointer `//` end with \"/\"."},
		{"tilde", `{"op":"add","path":"/c~2d"}`, jsonpatch.Draft10, "Pointer `/c~2d` contains \"~\" not part of a recognized escape sequence."},
		{"tilde at the end", `{"op":"add","path":"/a~1b~"}`, jsonpatch.Draft10, "Pointer `/a~1b~` contains \"~\" not part of a recognized escape sequence."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := jsonpatch.Read(decode(t, tt.text), tt.draft)
			var fault *jsonpatch.Error
			if !errors.As(err, &fault) || fault.Text != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestElementsAndValues(t *testing.T) {
	if _, err := jsonpatch.Elements(map[string]any{}); err == nil || err.Error() != "Request body must be a JSON array of operation objects." {
		t.Errorf("an object: %v", err)
	}
	op, err := jsonpatch.Read(decode(t, `{"op":"add","path":"/x"}`), jsonpatch.Draft10)
	if err != nil {
		t.Fatal(err)
	}
	if err := op.RequireValue(); err == nil || err.Error() != `Operation "add" requires a member named "value".` {
		t.Errorf("without a value: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"op":"add","path":"/a~1b","value":[1]}`, `{"remove":"/x"}`, `{"op":"replace","path":"//"}`, `[]`, `{"op":1,"path":"/~"}`,
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, old bool) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		draft := jsonpatch.Draft10
		if old {
			draft = jsonpatch.Draft4
		}
		op, err := jsonpatch.Read(v, draft)
		if err == nil && (len(op.Path) == 0 || op.Pointer == "" || op.Pointer[0] != '/') {
			t.Errorf("%s was read as %+v", text, op)
		}
	})
}
