package metadefs_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
	"glance/internal/metadefs"
)

// loader is a Loader on a database in memory with what it logs.
type loader struct {
	metadefs.Loader
	t   *testing.T
	log strings.Builder
}

func newLoader(t *testing.T) *loader {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite://", sqldb.Options{CreateIfEmpty: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	l := &loader{t: t}
	l.Database = db
	l.Log = slog.New(slog.NewTextHandler(&l.log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	return l
}

// wants loads path and checks the lines of the log, of which the texts are
// prefixes.
func (l *loader) wants(path string, opts metadefs.LoadOptions, lines ...string) {
	l.t.Helper()
	l.log.Reset()
	if err := l.Load(l.t.Context(), path, opts); err != nil {
		l.t.Error(err)
	}
	got := strings.Split(strings.TrimSpace(l.log.String()), "\n")
	if len(got) != len(lines) {
		l.t.Fatalf("log %q, want %q", got, lines)
	}
	for i, line := range lines {
		level, text, _ := strings.Cut(line, " ")
		if plain := strings.NewReplacer(`"`, "", `\`, "").Replace(got[i]); !strings.HasPrefix(plain, "level="+level+" msg="+text) {
			l.t.Errorf("log %q, want %q", plain, line)
		}
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const finished = "INFO Metadata loading finished"

func TestLoadDirectory(t *testing.T) {
	l, dir := newLoader(t), t.TempDir()
	a := write(t, dir, "a.json", `{"namespace": "A", "tags": [{"name": "t"}]}`)
	b := write(t, dir, "b.json", `{"namespace": "B"`)
	c := write(t, dir, "c.json", `{"namespace": "C"}`)
	write(t, dir, "notes.txt", "{")
	if err := os.Mkdir(filepath.Join(dir, "d.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	l.wants(dir, metadefs.LoadOptions{}, "INFO File "+a+" loaded to database.",
		"ERROR Failed to parse json file "+b+" while populating metadata due to: unexpected end of JSON input", "INFO File "+c+" loaded to database.", finished)
	write(t, dir, "a.json", `{"namespace": "A", "owner": "new", "tags": [{"name": "u"}]}`)
	tags := func(want ...string) {
		t.Helper()
		ns, err := l.Database.Namespace(t.Context(), metadata.Everything(), "A")
		if err != nil {
			t.Fatal(err)
		}
		list, err := l.Database.MetadefTags(t.Context(), ns, metadata.TagQuery{Limit: -1, Sort: "id", Asc: true})
		names := []string{ns.Owner}
		for _, tag := range list {
			names = append(names, tag.Name)
		}
		if err != nil || strings.Join(names, " ") != strings.Join(want, " ") {
			t.Errorf("owner and tags %q, %v, want %q", names, err, want)
		}
	}
	l.wants(a, metadefs.LoadOptions{}, "INFO Skipping namespace A. It already exists in the database.", finished)
	tags("admin", "t")
	l.wants(a, metadefs.LoadOptions{Merge: true}, "INFO File "+a+" loaded to database.", finished)
	tags("admin", "t", "u")
	l.wants(a, metadefs.LoadOptions{Merge: true, PreferNew: true}, "INFO File "+a+" loaded to database.", finished)
	tags("new", "t", "u")
	l.wants(a, metadefs.LoadOptions{Merge: true, Overwrite: true}, "INFO Overwriting namespace A", "INFO File "+a+" loaded to database.", finished)
	tags("new", "u")
	l.log.Reset()
	if err := l.Unload(t.Context()); err != nil || strings.Count(l.log.String(), "has been cleared") != 6 {
		t.Errorf("unload: %v, %s", err, &l.log)
	}
	l.wants(a, metadefs.LoadOptions{}, "INFO File "+a+" loaded to database.", finished)
}

func TestLoadNothing(t *testing.T) {
	l, dir := newLoader(t), t.TempDir()
	const both = "ERROR Please provide no more than one option from this list: --prefer_new, --overwrite"
	const alone = "ERROR To use --prefer_new or --overwrite you need to combine of these options with --merge option."
	l.wants(dir, metadefs.LoadOptions{}, "ERROR Json schema files not found in "+dir+". Aborting.")
	l.wants(dir+"/missing", metadefs.LoadOptions{}, "ERROR open "+dir+"/missing: no such file or directory")
	l.wants("/dev/zero", metadefs.LoadOptions{}, "ERROR ")
	l.wants(dir, metadefs.LoadOptions{PreferNew: true}, alone)
	l.wants(dir, metadefs.LoadOptions{Overwrite: true, PreferNew: true}, alone)
	l.wants(dir, metadefs.LoadOptions{Merge: true, Overwrite: true, PreferNew: true}, both)
}

// What a file holds never ends the command; it is named with the file.
func TestLoadHostileFiles(t *testing.T) {
	l, dir := newLoader(t), t.TempDir()
	file := write(t, dir, "x.json", "")
	for text, want := range map[string]string{
		"":                                   "unexpected end of JSON input",
		"null":                               "there is no object",
		"[1]":                                "json: cannot unmarshal array",
		"{}":                                 "there is no namespace",
		"{} {}":                              "invalid character '{' after top-level value",
		"\xff":                               "the text is not UTF-8",
		`{"Namespace": "N"}`:                 "there is no namespace",
		`{"namespace": null}`:                "there is no namespace",
		`{"namespace": 5}`:                   "namespace is not a string",
		`{"namespace": "N", "protected": 1}`: "protected is not true or false",
		`{"namespace": "N", "tags": {}}`:     "tags is not a list of objects",
		`{"namespace": "N", "tags": ["a"]}`:  "tags is not a list of objects",
		`{"namespace": "N", "tags": [{"name": "a"}, {}]}`:           "tag 2: there is no name",
		`{"namespace": "N", "objects": [{"name": []}]}`:             "object 1: name is not a string",
		`{"namespace": "N", "properties": []}`:                      "properties is not an object",
		`{"namespace": "N", "resource_type_associations": [{}]}`:    "resource type 1: there is no name",
		`{"namespace": "N", "description": ` + nested(20_000) + `}`: "invalid character '[' exceeded max depth",
		`{"namespace": "` + strings.Repeat("x", 17<<20) + `"}`:      "the file has more than 16777216 bytes",
	} {
		write(t, dir, "x.json", text)
		l.wants(file, metadefs.LoadOptions{}, "ERROR Failed to parse json file "+file+" while populating metadata due to: "+want, finished)
	}
	l.wants(dir, metadefs.LoadOptions{}, "ERROR Failed to parse", finished)
	write(t, dir, "x.json", `{"namespace": "N", "tags": null, "properties": null, "owner": null, "objects": [{"name": "o", "properties": `+nested(5000)+`}]}`)
	l.wants(file, metadefs.LoadOptions{}, "INFO File ", finished)
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// refusing is a database that fails in one way.
type refusing struct {
	metadata.MetadefLoader
	err error
}

func (r refusing) LoadNamespace(context.Context, *glance.MetadefNamespace, metadata.LoadMode) (bool, error) {
	return false, r.err
}

func TestLoadRefused(t *testing.T) {
	l := newLoader(t)
	file := write(t, t.TempDir(), "x.json", `{"namespace": "N"}`)
	l.Database = refusing{err: glance.Errorf(glance.Invalid, "A value is too long.")}
	l.wants(file, metadefs.LoadOptions{}, "ERROR Failed to load json file "+file+" due to: A value is too long.", finished)
	l.Database = refusing{err: glance.Errorf(glance.Unavailable, "The database is not available.")}
	if err := l.Load(t.Context(), file, metadefs.LoadOptions{}); !errors.Is(err, glance.Unavailable) || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v", err)
	}
}
