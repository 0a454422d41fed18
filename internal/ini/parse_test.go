package ini_test

import (
	"strings"
	"testing"

	"glance/internal/ini"
)

func parse(t *testing.T, text string) *ini.File {
	t.Helper()
	f, err := ini.Parse("x.conf", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestParseValues(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"equals":                {"k = v", "v"},
		"colon":                 {"k: v", "v"},
		"first separator wins":  {"k = a:b", "a:b"},
		"colon before equals":   {"k : a=b", "a=b"},
		"trailing comment":      {"k = v # not a comment", "v # not a comment"},
		"double quotes":         {`k = " v "`, " v "},
		"single quotes":         {"k = 'v'", "v"},
		"unequal quotes":        {`k = 'v"`, `'v"`},
		"lone quote":            {`k = "`, ""},
		"one pair only":         {`k = ""v""`, `"v"`},
		"empty":                 {"k =", ""},
		"continuation":          {"k = a\n  b\n\tc", "a\nb\nc"},
		"continuation of empty": {"k =\n a", "\na"},
		"comment in blanks":     {"k = a\n # b", "a\n# b"},
		"crlf":                  {"k = v\r\nz = 1\r\n", "v"},
		"blanks behind":         {"k = v  \t", "v"},
		"repeated":              {"k = a\nk = b", "b"},
		"utf-8":                 {"k = bücher", "bücher"},
	} {
		t.Run(name, func(t *testing.T) {
			key := parse(t, "[s]\n"+tt.text).Section("s").Key("k")
			if got := key.Values[len(key.Values)-1].Text; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParseStructure(t *testing.T) {
	f := parse(t, "\ufeff# c\n[a]\nx = 1\n\n[b]\ny = 2\n[a]\nx = 3\n  more\nz = 4\n")
	var got []string
	for _, s := range f.Sections {
		for _, k := range s.Keys {
			for _, v := range k.Values {
				got = append(got, s.Name+"/"+k.Name+" "+v.Pos.String())
			}
		}
	}
	want := "a/x x.conf:3|a/x x.conf:8|a/z x.conf:10|b/y x.conf:6"
	if strings.Join(got, "|") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "|"), want)
	}
}

func TestParseErrors(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"no bracket":                 {"[s", "at x.conf:1, Invalid section (must end with ]): '[s'"},
		"empty section":              {"\n[]", "at x.conf:2, Empty section name: '[]'"},
		"no separator":               {"[s]\nfoo", "at x.conf:2, No ':' or '=' found in assignment: 'foo'"},
		"empty key":                  {"[s]\n= v", "at x.conf:2, Key cannot be empty: '= v'"},
		"no section":                 {"a = 1", "at x.conf:1, Section must be started before assignment: 'a = 1'"},
		"continuation first":         {" a", "at x.conf:1, Unexpected continuation line: 'a'"},
		"continuation after blank":   {"[s]\nk = v\n\n a", "at x.conf:4, Unexpected continuation line: 'a'"},
		"continuation after comment": {"[s]\nk = v\n# c\n a", "at x.conf:4, Unexpected continuation line: 'a'"},
		"quote in text":              {"[s]\nit's", `at x.conf:2, No ':' or '=' found in assignment: "it's"`},
		"secret":                     {"[s]\nadmin_password s3cr3t", "at x.conf:2, No ':' or '=' found in assignment: 'admin_passw…'"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ini.Parse("x.conf", []byte(tt.text))
			if err == nil || err.Error() != "Failed to parse x.conf: "+tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"[DEFAULT]\nbind_port = 9292\n# c\n[a]\nk: v\n  w\n",
		"[a\n", "=", " x", "[s]\nk = '\n", "[app:glance-api]\nfilesystem-store-datadir = /x\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := ini.Parse("x", text)
		if err != nil {
			return
		}
		for _, s := range file.Sections {
			if file.Section(s.Name) != s {
				t.Errorf("section %q is not found by its name", s.Name)
			}
			for _, k := range s.Keys {
				if s.Key(k.Name) != k || len(k.Values) == 0 {
					t.Errorf("key %q is not found by its name", k.Name)
				}
				if k.Name != strings.TrimSpace(k.Name) || k.Name == "" {
					t.Errorf("key %q is not trimmed", k.Name)
				}
			}
		}
	})
}
