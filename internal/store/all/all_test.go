package all_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/ini"
	"glance/internal/store"
	"glance/internal/store/all"
)

// source is a configuration in which DIR stands for dir.
func source(t *testing.T, dir, text string) *ini.Source {
	t.Helper()
	f, err := ini.Parse("test.conf", []byte(strings.ReplaceAll(text, "DIR", dir)))
	if err != nil {
		t.Fatal(err)
	}
	src := ini.NewSource(nil)
	src.AddFile(f)
	return src
}

type described struct {
	ID, Type, Description string
	Weight                int
	AddDisabled           bool
	Dir                   any
}

func describe(s *store.Set) (list []described) {
	for _, n := range s.Stores() {
		info := n.Driver.Info()
		list = append(list, described{n.ID, info.Type, n.Description, n.Weight, n.AddDisabled, info.Properties["data_dir"]})
	}
	return list
}

// reserved keeps the service's own stores out of the real directories.
const reserved = `
[os_glance_staging_store]
filesystem_store_datadir = DIR/staging
filesystem_store_file_perm = 240
[os_glance_tasks_store]
filesystem_store_datadir = DIR/tasks
`

const multi = reserved + `
[fast]
filesystem_store_datadir = DIR/fast
store_description = fast disk
weight = 10
[plain]
filesystem_store_file_perm = 240
[several]
filesystem_store_datadir =
filesystem_store_datadirs = DIR/a
filesystem_store_datadirs = DIR/b:5
[noca]
https_ca_certificates_file = /none
[backend_defaults]
filesystem_store_datadir = DIR/shared
filesystem_thin_provisioning = true
`

func backends(pairs ...string) (d ini.Dict) {
	for i := 0; i < len(pairs); i += 2 {
		d = append(d, ini.Pair{Key: pairs[i], Value: pairs[i+1]})
	}
	return d
}

func TestMulti(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	s, err := all.Open(source(t, dir, multi), all.Options{
		EnabledBackends: backends("fast", "file", "web", "http", "plain", "file", "several", "file", "noca", "http", "tape", "tape"),
		DefaultBackend:  "fast",
	}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	want := []described{
		{ID: "fast", Type: "file", Description: "fast disk", Weight: 10, Dir: dir + "/fast"},
		{ID: "web", Type: "http", AddDisabled: true},
		{ID: "plain", Type: "file", AddDisabled: true, Dir: dir + "/shared"},
		{ID: "several", Type: "file", Dir: dir + "/b"},
	}
	if diff := cmp.Diff(want, describe(s)); diff != "" {
		t.Errorf("stores (-want +got):\n%s", diff)
	}
	if !s.Multi() || s.Default() != "fast" {
		t.Errorf("multi %v, default %q", s.Multi(), s.Default())
	}
	if thin := s.Stores()[0].Driver.Info().Properties["thin_provisioning"]; thin != true {
		t.Error("backend_defaults do not count")
	}
	for _, text := range []string{"store=plain", "store=noca", "type=tape"} {
		if !strings.Contains(log.String(), text) {
			t.Errorf("the log lacks %s:\n%s", text, &log)
		}
	}
	for _, id := range []string{store.StagingStore, store.TasksStore} {
		d, err := s.Reserved(id)
		if err != nil {
			t.Fatal(err)
		}
		up := store.Upload{ImageID: "1", Attempt: "a", Size: 6}
		object, err := d.Put(t.Context(), up, strings.NewReader("staged"))
		if err != nil || !strings.HasPrefix(object.URL, "file://"+dir+"/") {
			t.Errorf("%s: %s, %v", id, object.URL, err)
		}
	}
}

func TestMultiErrors(t *testing.T) {
	tests := map[string]struct {
		options all.Options
		want    string
	}{
		"reserved id": {
			all.Options{EnabledBackends: backends("os_glance_x", "file"), DefaultBackend: "os_glance_x"},
			"'os_glance_' prefix should not be used in enabled_backends config option. It is reserved for internal use only.",
		},
		"no default": {
			all.Options{EnabledBackends: backends("fast", "file")}, "'default_backend' config option is not set.",
		},
		"unknown default": {
			all.Options{EnabledBackends: backends("fast", "file"), DefaultBackend: "slow"}, "Store for identifier slow not found",
		},
		"default of an unknown type": {
			all.Options{EnabledBackends: backends("fast", "tape"), DefaultBackend: "fast"}, "Store for identifier fast not found",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := all.Open(source(t, t.TempDir(), multi), tt.options, slog.New(slog.DiscardHandler))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v", err)
			}
		})
	}
}

func TestWrongOptions(t *testing.T) {
	src := source(t, t.TempDir(), reserved+"[a]\nweight = heavy\nfilesystem_store_datadir = DIR\nfilesystem_store_chunk_size = 0\n[b]\nhttps_insecure = perhaps\n")
	_, err := all.Open(src, all.Options{EnabledBackends: backends("a", "file", "b", "http"), DefaultBackend: "a"}, slog.New(slog.DiscardHandler))
	var wrong ini.ValueErrors
	if !errors.As(err, &wrong) || len(wrong) != 3 {
		t.Errorf("got error %v", err)
	}
	src = source(t, t.TempDir(), "[glance_store]\nfilesystem_store_chunk_size = x\n")
	_, err = all.Open(src, single(t.TempDir()), slog.New(slog.DiscardHandler))
	if !errors.As(err, &wrong) || len(wrong) != 1 {
		t.Errorf("got error %v", err)
	}
}

func single(dir string) all.Options {
	return all.Options{
		NodeStagingURI: "file://" + dir + "/staging", Stores: []string{"file", "http", "filesystem"}, DefaultStore: "file",
	}
}

func TestSingle(t *testing.T) {
	dir := t.TempDir()
	src := source(t, dir, "[glance_store]\nfilesystem_store_datadir = DIR/images\n[backend_defaults]\nfilesystem_store_file_perm = 240\n")
	s, err := all.Open(src, single(dir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	want := []described{
		{ID: "file", Type: "file", Dir: dir + "/images"},
		{ID: "http", Type: "http", AddDisabled: true},
	}
	if diff := cmp.Diff(want, describe(s)); diff != "" {
		t.Errorf("stores (-want +got):\n%s", diff)
	}
	object, err := s.Put(t.Context(), "ignored", store.Upload{ImageID: "1", Attempt: "a", Size: 4}, strings.NewReader("data"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.Open(t.Context(), glance.Location{URL: object.URL, Metadata: object.Metadata}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if text, err := io.ReadAll(data); err != nil || string(text) != "data" {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := s.Reserved(store.StagingStore); err != nil {
		t.Error(err)
	}
	if _, err := s.Reserved(store.TasksStore); err == nil {
		t.Error("there is a store of tasks")
	}
	if _, err := os.Stat(filepath.Join(dir, "staging")); err != nil {
		t.Error(err)
	}
}

func TestSingleErrors(t *testing.T) {
	dir := t.TempDir()
	change := func(f func(o *all.Options)) all.Options {
		o := single(dir)
		f(&o)
		return o
	}
	tests := map[string]struct {
		options all.Options
		want    string
	}{
		"scheme":  {change(func(o *all.Options) { o.DefaultStore = "swift" }), "Store for scheme swift not found"},
		"staging": {change(func(o *all.Options) { o.NodeStagingURI = "http://x/" }), `node_staging_uri must be a URI of the form file:///directory, not "http://x/"`},
		"nothing": {change(func(o *all.Options) { o.Stores = []string{"tape"} }), "Store for scheme file not found"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			src := source(t, dir, "[glance_store]\nfilesystem_store_datadir = DIR/images\n")
			_, err := all.Open(src, tt.options, slog.New(slog.DiscardHandler))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v", err)
			}
		})
	}
}

func TestTypes(t *testing.T) {
	for _, typ := range all.Types() {
		t.Run(typ.Name, func(t *testing.T) {
			ini.Describe(typ.Options()) // panics when a tag cannot be meant
			src := source(t, t.TempDir(), reserved+"[x]\nfilesystem_store_datadir = DIR/x\n")
			s, err := all.Open(src, all.Options{EnabledBackends: backends("x", typ.Name), DefaultBackend: "x"}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Stores()[0].Driver.Info().Type; got != typ.Name {
				t.Errorf("opened a store of type %s", got)
			}
		})
	}
}
