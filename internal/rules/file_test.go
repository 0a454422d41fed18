package rules_test

import (
	"errors"
	"testing"

	"glance/internal/rules"
)

const sample = `# rules of the house
"is_curator": "role:curator"
"always": ""
nothing:
also_nothing: ~
"lists": ["role:curator", ["role:member", "role:reader"]]
"folded": >
  role:curator or
  role:member
never: !
broken: "role:member and"
again: "!"
again: role:member
odd: 7
tagged: !x role:member
anchored: &x "role:member"
aliased: *x
loop: &l [*l]
`

func TestParseFile(t *testing.T) {
	entries, err := rules.ParseFile("policy.yaml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name    string
		line    int
		allowed bool
		problem bool
	}{
		{"is_curator", 2, false, false},
		{"always", 3, true, false},
		{"nothing", 4, true, false},
		{"also_nothing", 5, true, false},
		{"lists", 6, true, false},
		{"folded", 7, true, false},
		{"never", 10, false, true},
		{"broken", 11, false, true},
		{"again", 12, false, false},
		{"again", 13, true, false},
		{"odd", 14, false, true},
		{"tagged", 15, false, true},
		{"anchored", 16, true, false},
		{"aliased", 17, true, false},
		{"loop", 18, false, true},
	}
	if len(entries) != len(want) {
		t.Fatalf("%d entries", len(entries))
	}
	for i, w := range want {
		e := entries[i]
		if e.Name != w.name || e.Line != w.line || (e.Problem != nil) != w.problem {
			t.Errorf("entry %s line %d problem %v, want %+v", e.Name, e.Line, e.Problem, w)
		}
		if got := ask(t, e.Check); got != w.allowed {
			t.Errorf("%s: %v", e.Name, got)
		}
	}
}

func TestParseFileJSON(t *testing.T) {
	entries, err := rules.ParseFile("policy.json", []byte("{\n\t\"a\": \"role:member\",\n\t\"b\": [[\"role:member\"], \"!\"]\n}\n"))
	if err != nil || len(entries) != 2 || entries[1].Line != 3 || !ask(t, entries[0].Check) || !ask(t, entries[1].Check) {
		t.Errorf("%+v, %v", entries, err)
	}
}

func TestParseFileWithoutRules(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "---\n", "{}", "null"} {
		if entries, err := rules.ParseFile("f", []byte(text)); err != nil || len(entries) != 0 {
			t.Errorf("%q: %v, %v", text, entries, err)
		}
	}
}

func TestParseFileErrors(t *testing.T) {
	tests := []struct {
		text string
		line int
	}{
		{"a: @", 1},
		{"a: b\nb: 'c\n", 2},
		{"- a\n", 1},
		{"\njust text\n", 2},
		{"a: b\n---\nc: d\n", 2},
		{"a: b\n? [x]\n: y\n", 2},
	}
	for _, tt := range tests {
		_, err := rules.ParseFile("/etc/p.yaml", []byte(tt.text))
		var bad *rules.FileError
		if !errors.As(err, &bad) || bad.File != "/etc/p.yaml" || bad.Line != tt.line || bad.Msg == "" {
			t.Errorf("%q: %v, want line %d", tt.text, err, tt.line)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"a": [["role:b"], "!"], "c": ""}`))
	f.Add([]byte("a: b\n---\nc: d"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := rules.ParseFile("f", text)
		if err != nil && entries != nil {
			t.Error("entries and an error")
		}
		for _, e := range entries {
			if e.Check == nil || e.Line < 1 {
				t.Errorf("entry %+v", e)
			}
		}
	})
}
