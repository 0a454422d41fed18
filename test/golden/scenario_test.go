package golden_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"glance/test/golden"
)

func TestGenerator(t *testing.T) {
	tests := []struct {
		name, in string
		want     []byte // nil: refused
	}{
		{"zero", `{"zero": 3}`, make([]byte, 3)},
		{"no bytes", `{"zero": 0}`, []byte{}},
		{"sparse", `{"sparse": 6, "parts": [[1, "YWI="], [5, "eg=="]]}`, []byte("\x00ab\x00\x00z")},
		{"sparse, part outside", `{"sparse": 2, "parts": [[1, "YWI="]]}`, nil},
		{"sparse, part without data", `{"sparse": 2, "parts": [[1]]}`, nil},
		{"nothing", `{}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var g golden.Generator
			err := json.Unmarshal([]byte(tt.in), &g)
			var got []byte
			if err == nil {
				got, err = g.Bytes()
			}
			if (err != nil) != (tt.want == nil) || !bytes.Equal(got, tt.want) {
				t.Errorf("got %x, %v", got, err)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"a key that nobody checks": {`{"name": "a", "steps": [{"wait": 1}]}`, "wait"},
		"another name":             {`{"name": "b"}`, `called "b"`},
		"no JSON":                  {`{`, "a.json"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := golden.Load(fstest.MapFS{"a.json": {Data: []byte(tt.text)}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// TestQuirksAreKnown: every step marked quirk has an expectation, and nothing else has one.
func TestQuirksAreKnown(t *testing.T) {
	scenarios, err := golden.Load(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	known := golden.QuirkSteps()
	for _, sc := range scenarios {
		for i, s := range sc.Steps {
			if has := known[sc.Name][i]; has != (s.Quirk != "") {
				t.Errorf("%s step %d: marked %q, expectation there: %v", sc.Name, i, s.Quirk, has)
			}
			delete(known[sc.Name], i)
		}
		if len(known[sc.Name]) == 0 {
			delete(known, sc.Name)
		}
	}
	if len(known) > 0 {
		t.Errorf("expectations for steps that do not exist: %v", known)
	}
}
