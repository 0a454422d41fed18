package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// metadefManager runs glance-manage with the source path source and gives what
// it logs.
func metadefManager(t *testing.T, source string) (m manager, logged func() string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	m = newManager(t, "sqlite:///"+t.TempDir()+"/glance.sqlite\n[DEFAULT]\nmetadata_source_path = "+source+"\nuse_stderr = false\nlog_file = "+file)
	if code, _, stderr := m.run("db", "sync"); code != 0 {
		t.Fatal(stderr)
	}
	return m, func() string {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, 0); err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

func TestManageMetadefs(t *testing.T) {
	source, other, out := t.TempDir(), t.TempDir(), t.TempDir()
	for path, text := range map[string]string{
		source + "/a.json": `{"namespace": "A", "display_name": "The A"}`, other + "/b.json": `{"namespace": "B", "display_name": "The B"}`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, logged := metadefManager(t, source)
	for _, tt := range []struct{ words, want string }{
		{"db load_metadefs", "File " + source + "/a.json loaded to database."},
		{"db load_metadefs --merge", "File " + source + "/a.json loaded to database."},
		{"db load_metadefs --path " + other, "File " + other + "/b.json loaded to database."},
		{"db load_metadefs " + other + "/b.json", "Skipping namespace B. It already exists in the database."},
		{"db load_metadefs --path " + other + " --merge --overwrite", "Overwriting namespace B"},
		{"db load_metadefs --overwrite", "To use --prefer_new or --overwrite you need to combine of these options with --merge option."},
		{"db load_metadefs --merge --prefer_new --overwrite", "Please provide no more than one option from this list: --prefer_new, --overwrite"},
		{"db_load_metadefs", "Skipping namespace A."},
		{"db_load_metadefs " + other, "Skipping namespace B."},
		{"db_load_metadefs " + other + " False", "File " + other + "/b.json loaded to database."},
		{"db_load_metadefs " + other + " x x x", "Please provide no more than one option from this list: --prefer_new, --overwrite"},
		{"db export_metadefs --path " + out, "Namespace B saved in " + out + "/TheB.json"},
		{"db_export_metadefs " + out, "Overwriting: " + out + "/TheA.json"},
		{"db export_metadefs", "Namespace A saved in " + source + "/TheA.json"},
		{"db unload_metadefs", "Table metadef_resource_types has been cleared"},
		{"db load_metadefs", "File " + source + "/TheB.json loaded to database."},
		{"db_unload_metadefs", "Table metadef_properties has been cleared"},
	} {
		m.want(tt.words, 0, "", "")
		if text := logged(); !strings.Contains(text, tt.want) {
			t.Errorf("%s: log %s, want %s", tt.words, text, tt.want)
		}
	}
	for words, want := range map[string]string{
		"db load_metadefs a b": "unrecognized arguments: b", "db_load_metadefs a b c d e": "unrecognized arguments: e", "db unload_metadefs a": "unrecognized arguments: a",
		"db_load_metadefs --merge": "unrecognized arguments: --merge", "db_export_metadefs a b": "unrecognized arguments: b",
		"db load_metadefs --path": "argument --path: expected one argument",
	} {
		if code, _, stderr := m.run(strings.Fields(words)...); code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d, %s, want %s", words, code, stderr, want)
		}
	}
	for _, words := range []string{"db load_metadefs -h", "db_load_metadefs -h", "db export_metadefs --help"} {
		if code, stdout, _ := m.run(strings.Fields(words)...); code != 0 || !strings.HasPrefix(stdout, "usage: glance-manage db") {
			t.Errorf("%s: %d, %s", words, code, stdout)
		}
	}
}

func TestManageMetadefsWithoutDatabase(t *testing.T) {
	newManager(t, "").want("db load_metadefs", 1, "", "No database is configured: set connection in section [database].\n")
	m := newManager(t, "sqlite:///"+t.TempDir()+"/missing.sqlite")
	for _, words := range []string{"db load_metadefs", "db unload_metadefs", "db export_metadefs"} {
		if code, _, stderr := m.run(strings.Fields(words)...); code != 1 || !strings.Contains(stderr, "glance-manage db sync") {
			t.Errorf("%s: %d, %s", words, code, stderr)
		}
	}
}
