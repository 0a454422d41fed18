package plugin_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/importflow"
	"glance/internal/importflow/plugin"
)

const sizeCap = 1 << 20

// work is an import of a raw image whose staged file holds data.
func work(t *testing.T, data string) *importflow.Work {
	t.Helper()
	path := filepath.Join(t.TempDir(), "staged")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return &importflow.Work{
		Who: &glance.Caller{Roles: []string{"member"}}, Image: &glance.Image{DiskFormat: "raw", ContainerFormat: "bare"},
		Path: path, SizeCap: sizeCap, Log: slog.New(slog.DiscardHandler),
	}
}

func run(t *testing.T, w *importflow.Work, name string, o plugin.Options) error {
	t.Helper()
	steps := plugin.All([]string{name}, o, w.Log)
	if len(steps) != 1 {
		t.Fatalf("%d steps", len(steps))
	}
	return steps[0].Run(t.Context(), w)
}

// wantFile checks the staged file, and that nothing else is beside it.
func wantFile(t *testing.T, w *importflow.Work, want string) {
	t.Helper()
	got, err := os.ReadFile(w.Path)
	if err != nil || string(got) != want {
		t.Errorf("the file has %d bytes: %.40q, %v", len(got), got, err)
	}
	if list, err := os.ReadDir(filepath.Dir(w.Path)); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestAll(t *testing.T) {
	var log bytes.Buffer
	steps := plugin.All([]string{"no_op", "nope", "image_decompression", "inject_image_metadata"}, plugin.Options{},
		slog.New(slog.NewTextHandler(&log, nil)))
	if len(steps) != 2 || !strings.Contains(log.String(), "plugin=nope") || strings.Contains(log.String(), "no_op") {
		t.Errorf("%d steps: %s", len(steps), log.String())
	}
}

func TestInject(t *testing.T) {
	o := plugin.Options{IgnoreRoles: []string{"Admin"}, Inject: map[string]string{"x": "1", "y": "", "os_glance_z": "3"}}
	w := work(t, "")
	w.Image.Properties = []glance.Property{{Name: "x", Value: "0"}}
	if err := run(t, w, "inject_image_metadata", o); err != nil {
		t.Fatal(err)
	}
	want := []glance.Property{{Name: "x", Value: "1"}, {Name: "y"}}
	if got := w.Image.Properties; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("properties are %v", got)
	}
	w = work(t, "")
	w.Who.Roles = []string{"admin", "member"}
	if err := run(t, w, "inject_image_metadata", o); err != nil || len(w.Image.Properties) > 0 {
		t.Errorf("properties are %v, %v", w.Image.Properties, err)
	}
}

func gzipped(parts ...string) string {
	var b bytes.Buffer
	for _, part := range parts {
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(part))
		_ = z.Close()
	}
	return b.String()
}

func zipped(members ...string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, text := range members {
		f, _ := z.Create(strings.Repeat("m", i+1))
		_, _ = f.Write([]byte(text))
	}
	_ = z.Close()
	return b.String()
}

func TestDecompress(t *testing.T) {
	bomb := strings.Repeat("\x00", sizeCap+1)
	tests := []struct {
		name, data, want, err string
	}{
		{"empty", "", "", ""},
		{"plain", "data", "data", ""},
		{"almost", "\x1f\x8b", "\x1f\x8b", ""},
		{"gzip", gzipped("data"), "data", ""},
		{"gzip of parts", gzipped("da", "ta"), "data", ""},
		{"gzip of nothing", gzipped(""), "", ""},
		{"gzip, cut", gzipped("data")[:12], gzipped("data")[:12], "unpack the data"},
		{"gzip bomb", gzipped(bomb), gzipped(bomb), "larger than image_size_cap"},
		{"zip", zipped("data"), "data", ""},
		{"zip of two", zipped("a", "b"), zipped("a", "b"), "Archive contains more than one file."},
		{"zip bomb", zipped(bomb), zipped(bomb), "larger than image_size_cap"},
		{"zip of very many", zipped(make([]string, 2000)...), zipped(make([]string, 2000)...), "Archive contains more than one file."},
		{"zip, cut", zipped("data")[:40], zipped("data")[:40], "not a valid zip file"},
		{"lha", "xx-lh5-xx", "xx-lh5-xx", "No lhafile available."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := work(t, tt.data)
			err := run(t, w, "image_decompression", plugin.Options{})
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v", err)
			}
			wantFile(t, w, tt.want)
			if unpacked := tt.want != tt.data; unpacked != (w.Image.Size != nil) || unpacked && *w.Image.Size != int64(len(tt.want)) {
				t.Errorf("size is %v", w.Image.Size)
			}
		})
	}
	w := work(t, gzipped("data"))
	w.Image.ContainerFormat = "compressed"
	if err := run(t, w, "image_decompression", plugin.Options{}); err != nil {
		t.Error(err)
	}
	wantFile(t, w, gzipped("data"))
}

// TestDecompressCancel: the end of the import ends the unpacking.
func TestDecompressCancel(t *testing.T) {
	w := work(t, gzipped("data"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	steps := plugin.All([]string{"image_decompression"}, plugin.Options{}, w.Log)
	if err := steps[0].Run(ctx, w); err == nil {
		t.Error("it went on")
	}
	wantFile(t, w, gzipped("data"))
}

// FuzzDecompress: no file makes it panic, grow beyond the limit, or leave
// something beside.
func FuzzDecompress(f *testing.F) {
	for _, seed := range []string{"", "data", gzipped("data"), zipped("data"), zipped("a", "b"), "xx-lh5-"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := work(t, string(data))
		_ = run(t, w, "image_decompression", plugin.Options{})
		info, err := os.Stat(w.Path)
		if err != nil || info.Size() > max(sizeCap, int64(len(data))) {
			t.Errorf("%v, %v", info, err)
		}
		if list, err := os.ReadDir(filepath.Dir(w.Path)); err != nil || len(list) != 1 {
			t.Errorf("%v, %v", list, err)
		}
	})
}
