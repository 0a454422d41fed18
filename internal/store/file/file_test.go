package file_test

import (
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"glance/internal/store"
	"glance/internal/store/file"
	"glance/internal/store/storetest"
)

func open(t testing.TB, cfg file.Config) *file.Store {
	t.Helper()
	s, err := file.Open(cfg, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// names lists the files below dirs.
func names(t *testing.T, dirs ...string) (list []string) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				list = append(list, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func TestSuite(t *testing.T) {
	configs := map[string]func(t *testing.T) (file.Config, []string){
		"plain": func(t *testing.T) (file.Config, []string) {
			dir := filepath.Join(t.TempDir(), "a", "images")
			return file.Config{Datadir: dir, FilePerm: 640}, []string{dir}
		},
		"thin": func(t *testing.T) (file.Config, []string) {
			dir := t.TempDir()
			return file.Config{Datadir: dir, Thin: true}, []string{dir}
		},
		"odd chunks": func(t *testing.T) (file.Config, []string) {
			dir := t.TempDir()
			return file.Config{Datadir: dir, Thin: true, ChunkSize: 1000}, []string{dir}
		},
		"two directories": func(t *testing.T) (file.Config, []string) {
			a, b := t.TempDir(), t.TempDir()
			return file.Config{Datadirs: []string{a, b + ":7"}}, []string{a, b}
		},
		"linked directory": func(t *testing.T) (file.Config, []string) {
			dir, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
			if err := os.Symlink(dir, link); err != nil {
				t.Fatal(err)
			}
			return file.Config{Datadir: link + "/"}, []string{dir}
		},
	}
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) storetest.Fixture {
				cfg, dirs := config(t)
				return storetest.Fixture{
					Driver:  open(t, cfg),
					Foreign: "swift://elsewhere/1",
					Names:   func(t *testing.T) []string { return names(t, dirs...) },
				}
			})
		})
	}
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) storetest.Fixture {
		return storetest.Fixture{Driver: open(b, file.Config{Datadir: b.TempDir()})}
	})
}

// TestPanickingSource: nothing stays behind, no goroutine either.
func TestPanickingSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, file.Config{Datadir: dir})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic got lost")
				}
			}()
			source := io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { panic("broken") }))
			_, _ = s.Put(t.Context(), store.Upload{ImageID: "i", Attempt: "a", Size: store.SizeUnknown}, source)
		}()
		if left := names(t, dir); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
}
