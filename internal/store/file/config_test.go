package file_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/store"
	"glance/internal/store/file"
)

func put(t *testing.T, s *file.Store, id, data string) store.Object {
	t.Helper()
	object, err := s.Put(t.Context(), store.Upload{ImageID: id, Attempt: "a", Size: int64(len(data))}, strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadConfig(t *testing.T) {
	dir := t.TempDir()
	plain := write(t, filepath.Join(t.TempDir(), "plain"), "")
	meta := func(text string) file.Config {
		return file.Config{Datadir: dir, MetadataFile: write(t, filepath.Join(t.TempDir(), "m.json"), text)}
	}
	tests := map[string]struct {
		cfg    file.Config
		reason string
	}{
		"no directory":     {file.Config{}, "Specify at least 'filesystem_store_datadir' or 'filesystem_store_datadirs' option"},
		"both":             {file.Config{Datadir: dir, Datadirs: []string{dir}}, "Specify either 'filesystem_store_datadir' or 'filesystem_store_datadirs' option"},
		"two priorities":   {file.Config{Datadirs: []string{dir, dir + ":1"}}, "Directory " + dir + " specified multiple times in filesystem_store_datadirs option of filesystem configuration"},
		"priority":         {file.Config{Datadirs: []string{dir + ":high"}}, "Invalid priority value high in filesystem configuration"},
		"empty directory":  {file.Config{Datadirs: []string{":1"}}, "Invalid directory specified in filesystem configuration"},
		"not a directory":  {file.Config{Datadir: filepath.Join(plain, "x")}, "Unable to create datadir: " + filepath.Join(plain, "x")},
		"unreadable files": {file.Config{Datadir: dir, FilePerm: 240}, "Please ensure filesystem_store_file_perm lets the owner read: 240"},
		"not octal":        {file.Config{Datadir: dir, FilePerm: 689}, "Invalid value 689 of filesystem_store_file_perm: octal digits are wanted"},
		"no metadata":      {file.Config{Datadir: dir, MetadataFile: "/none"}, "The path for the metadata file /none could not be accessed: "},
		"bad JSON":         {meta(`{"id"`), "The JSON in the metadata file "},
		"empty list":       {meta(`[]`), "The JSON in the metadata file "},
		"no mountpoint":    {meta(`{"id": "1"}`), "The JSON in the metadata file "},
		"no id":            {meta(`[{"mountpoint": "/m"}]`), "The JSON in the metadata file "},
		"a number":         {meta(`[{"id": "1", "mountpoint": "/m", "x": ["a", {"b": 1}]}]`), "The JSON in the metadata file "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := file.Open(tt.cfg, slog.New(slog.DiscardHandler))
			var bad *store.BadConfig
			if !errors.As(err, &bad) || bad.Store != "filesystem" || !strings.HasPrefix(bad.Reason, tt.reason) {
				t.Errorf("got error %v, want %s", err, tt.reason)
			}
			if s == nil {
				t.Error("no store to read from")
			}
		})
	}
}

func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t, file.Config{Datadir: dir, FilePerm: 644})
	put(t, s, "i", "data")
	for path, want := range map[string]os.FileMode{dir: 0o711, filepath.Join(dir, "i"): 0o644} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

func TestPriorities(t *testing.T) {
	a, b, c := t.TempDir(), t.TempDir(), t.TempDir()
	s := open(t, file.Config{Datadirs: []string{a, b + ": 10", c + ":9", b + ":10"}})
	if got, want := put(t, s, "i", "data").URL, "file://"+b+"/i"; got != want {
		t.Errorf("stored at %s, want %s", got, want)
	}
	if got := s.Info().Properties["data_dir"]; got != b {
		t.Errorf("data_dir is %v", got)
	}
	_, err := s.Put(t.Context(), store.Upload{ImageID: "huge", Attempt: "a", Size: 1 << 62}, strings.NewReader(""))
	if glance.KindOf(err) != glance.TooLarge {
		t.Errorf("more than there is room for: got error %v", err)
	}
	write(t, filepath.Join(c, "other"), "") // in another directory than would be chosen
	_, err = s.Put(t.Context(), store.Upload{ImageID: "other", Attempt: "a", Size: 0}, strings.NewReader(""))
	if glance.KindOf(err) != glance.Conflict {
		t.Errorf("an image that exists elsewhere: got error %v", err)
	}
}

func TestMetadata(t *testing.T) {
	a, b, c := t.TempDir(), t.TempDir(), t.TempDir()
	text := `[{"id": "A", "mountpoint": "` + a + `"}, {"id": "B", "mountpoint": "` + b + `", "share": ["x"]}]`
	path := write(t, filepath.Join(t.TempDir(), "m.json"), text)
	for dir, want := range map[string]map[string]any{
		a: {"id": "A", "mountpoint": a},
		b: {"id": "B", "mountpoint": b, "share": []any{"x"}},
		c: {},
	} {
		s := open(t, file.Config{Datadir: dir, MetadataFile: path})
		got := put(t, s, "i", "data").Metadata
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
		got["store"] = "changed" // what a caller adds stays with that image
		if diff := cmp.Diff(want, put(t, s, "j", "data").Metadata); diff != "" {
			t.Errorf("metadata of the next (-want +got):\n%s", diff)
		}
	}
}

func TestThin(t *testing.T) {
	dir := t.TempDir()
	s := open(t, file.Config{Datadir: dir, Thin: true})
	data := make([]byte, 16<<20)
	copy(data[5<<20:], "something")
	object, err := s.Put(t.Context(), store.Upload{ImageID: "i", Attempt: "a", Size: int64(len(data))}, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "i"))
	if err != nil {
		t.Fatal(err)
	}
	if used := info.Sys().(*syscall.Stat_t).Blocks * 512; used > 1<<20 || info.Size() != 16<<20 || object.Size != 16<<20 {
		t.Errorf("the file uses %d bytes of %d", used, info.Size())
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	outside := write(t, filepath.Join(t.TempDir(), "secret"), "secret")
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "sub", "a b%20?"), "nested")
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s := open(t, file.Config{Datadir: dir})
	const opens = glance.Kind(-1)
	tests := []struct {
		url  string
		want glance.Kind
		owns bool
	}{
		{"file://" + dir + "/sub/a b%20?", opens, true}, // what the original may have written, as it is
		{"filesystem://" + dir + "/sub/a b%20?", opens, true},
		{"file://" + dir + "/link", opens, true},
		{"file://" + dir + "//sub/../link", opens, true},
		{"file://" + dir + "/sub", glance.NotFound, true},
		{"file://" + dir + "/link/x", glance.NotFound, true},
		{"file://" + dir, glance.NotFound, false},
		{"file://" + dir + "/", glance.NotFound, false},
		{"file://" + dir + "2/x", glance.NotFound, false},
		{"file://" + outside, opens, false}, // stored before the operator moved the directory
		{"file:" + dir + "/link", glance.Invalid, false},
		{"http://" + dir + "/link", glance.Invalid, false},
		{"file:///dev/zero", glance.NotFound, false}, // no regular file
	}
	for _, tt := range tests {
		data, err := s.Open(t.Context(), tt.url, 0)
		if err == nil {
			data.Close()
		}
		if (tt.want == opens) != (err == nil) || err != nil && glance.KindOf(err) != tt.want {
			t.Errorf("Open %s: got error %v", tt.url, err)
		}
		if s.Owns(tt.url) != tt.owns {
			t.Errorf("Owns %s: got %v", tt.url, s.Owns(tt.url))
		}
	}
	err := s.Delete(t.Context(), "file://"+dir+"/sub")
	if glance.KindOf(err) != glance.NotFound {
		t.Errorf("deleting a directory: got error %v", err)
	}
}

func TestOpenGivesFile(t *testing.T) {
	s := open(t, file.Config{Datadir: t.TempDir()})
	data, err := s.Open(t.Context(), put(t, s, "i", "data").URL, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if _, ok := data.ReadCloser.(*os.File); !ok {
		t.Errorf("got a %T, which the kernel cannot send", data.ReadCloser)
	}
}
