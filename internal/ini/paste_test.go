package ini_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/ini"
)

func parsePaste(t *testing.T, text string) *ini.Paste {
	t.Helper()
	p, err := ini.ParsePaste("/etc/glance/p.ini", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPasteStructure(t *testing.T) {
	p := parsePaste(t, `# comment
[DEFAULT]
log_date_format = %Y-%m-%d
dir = %(here)s/x
[composite:glance-api-keystone+caching]
paste.composite_factory = glance.api:root_app_factory
/: api
/v2 : %(dir)s

  # indented comment
[pipeline:main]
pipeline = cors
    # comment inside
    context

    rootapp
[app:a]
use = config:%(__file__)s#b
set debug = 1
get x = y
hmac_keys = KEY  # DEPRECATED
percent = 100%%
[pipeline:main]
extra = 1
`)
	want := []*ini.PasteSection{
		{Kind: "composite", Name: "glance-api-keystone+caching", Line: 5, Keys: []ini.PasteKey{
			{Name: "paste.composite_factory", Value: "glance.api:root_app_factory", Line: 6},
			{Name: "/", Value: "api", Line: 7},
			{Name: "/v2", Value: "/etc/glance/x", Line: 8},
		}},
		{Kind: "pipeline", Name: "main", Line: 11, Keys: []ini.PasteKey{
			{Name: "pipeline", Value: "cors\ncontext\nrootapp", Line: 12},
			{Name: "extra", Value: "1", Line: 24},
		}},
		{Kind: "app", Name: "a", Line: 17, Keys: []ini.PasteKey{
			{Name: "use", Value: "config:/etc/glance/p.ini#b", Line: 18},
			{Mode: ini.PasteSet, Name: "debug", Value: "1", Line: 19},
			{Mode: ini.PasteGet, Name: "x", Value: "y", Line: 20},
			{Name: "hmac_keys", Value: "KEY", Line: 21},
			{Name: "percent", Value: "100%", Line: 22},
		}},
	}
	if diff := cmp.Diff(want, p.Sections); diff != "" {
		t.Error(diff)
	}
	if k, ok := p.Default("log_date_format"); !ok || k.Value != "%Y-%m-%d" {
		t.Errorf("a date format is changed: %+v", k)
	}
	if _, ok := p.Section("app", "a").Get("debug"); ok {
		t.Error("a set key passes for a local one")
	}
	if p.Section("app", "b") != nil {
		t.Error("a section that is not there")
	}
}

func TestPasteErrors(t *testing.T) {
	for text, want := range map[string]string{
		"[a":               "at p.ini:1, Invalid section (must end with ]): '[a'",
		"[]":               "at p.ini:1, Empty section name: '[]'",
		"a = b":            "at p.ini:1, Section must be started before assignment: 'a = b'",
		"[a:b]\nfoo":       "at p.ini:2, No ':' or '=' found in assignment: 'foo'",
		"[a:b]\n= foo":     "at p.ini:2, Key cannot be empty: '= foo'",
		"[a:b]\nx = %(y)s": "at p.ini:2, Bad value substitution: '%(y)s'",
		"[a:b]\nx = %(x)s": "at p.ini:2, Bad value substitution: '%(x)s'",
		"[a:b]\nx = %(y)s%(y)s\ny = %(z)s%(z)s%(z)s\nz = %(x)s%(x)s": "at p.ini:2, Bad value substitution: '%(z)s'",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := ini.ParsePaste("p.ini", []byte(text))
			if err == nil || err.Error() != "Failed to parse p.ini: "+want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestParseUse(t *testing.T) {
	for text, want := range map[string]ini.PasteUse{
		"egg:Paste#urlmap":      {"egg", "Paste", "urlmap"},
		"egg:Paste":             {"egg", "Paste", "main"},
		"call:mod:fn":           {"call", "mod:fn", "main"},
		"config:other.ini#name": {"config", "other.ini", "name"},
		" other ":               {"", "other", "main"},
	} {
		if got := ini.ParseUse(text); got != want {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
}

func FuzzParsePaste(f *testing.F) {
	for _, seed := range []string{
		"[DEFAULT]\na=%(here)s\n[app:x]\nuse = egg:P#q\n", "[composite:a]\n/: b\n  c\n", "[a:b]\nset x = %(set)s", "[a:b]\nx=%(x)s%(x)s",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ini.ParsePaste(filepath.Join("d", "p"), text)
		if err != nil {
			return
		}
		for _, s := range p.Sections {
			if p.Section(s.Kind, s.Name) != s {
				t.Errorf("section %s:%s twice", s.Kind, s.Name)
			}
			for _, k := range s.Keys {
				if k.Name == "" && k.Mode == ini.PasteLocal {
					t.Errorf("key without a name in line %d", k.Line)
				}
			}
		}
	})
}

func TestOverlay(t *testing.T) {
	p := parsePaste(t, "[filter:x]\npaste.filter_factory = a:b\nset old_name = 1\nmulti = paste\nold_name = old\n")
	src := source(t, "[s]\nname = file\nmulti = file\n")
	over := src.Overlay(p.Options(p.Section("filter", "x"), "s"))
	if got := fill(t, over); got.Name != "old" || len(got.Multi) != 2 {
		t.Errorf("over it: %+v", got)
	}
	if d := over.Deprecations(); len(d) != 1 || d[0].Pos.String() != "/etc/glance/p.ini:5" {
		t.Errorf("deprecations: %v", d)
	}
	if got := fill(t, src); got.Name != "file" || len(got.Multi) != 1 {
		t.Errorf("below: %+v", got)
	}
	if len(over.Unknown()) != 0 {
		t.Errorf("unknown: %v", over.Unknown())
	}
}

func TestShippedPasteFile(t *testing.T) {
	files, err := filepath.Glob("../../test/golden/testdata/configs/*/glance-api-paste.ini")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range append(files, "../../etc/glance-api-paste.ini") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ini.ParsePaste(path, text)
		if err != nil {
			t.Fatal(err)
		}
		app := p.Section("composite", "glance-api-keystone")
		if app == nil {
			t.Fatalf("%s has no glance-api-keystone", path)
		}
		if health, _ := app.Get("/healthcheck"); health.Value != "healthcheck" {
			t.Errorf("%s: /healthcheck is %q", path, health.Value)
		}
		if pipeline, _ := p.Section("composite", "api").Get("keystone"); len(strings.Fields(pipeline.Value)) < 5 {
			t.Errorf("%s: the keystone pipeline is %q", path, pipeline.Value)
		}
	}
}
