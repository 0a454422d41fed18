package file_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/store"
	"glance/internal/store/file"
	"glance/internal/store/mem"
)

// aged writes a file that is so old.
func aged(t *testing.T, path string, age time.Duration) {
	t.Helper()
	write(t, path, "data")
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestSweep(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, path := range []string{a + "/old", a + "/kept", b + "/other", a + "/.hidden", a + "/written"} {
		aged(t, path, 2*time.Hour)
	}
	aged(t, a+"/young", time.Minute)
	aged(t, filepath.Join(t.TempDir(), "x"), 2*time.Hour)
	if err := os.Symlink(a+"/kept", a+"/link"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(a+"/directory", 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, file.Config{Datadirs: []string{a, b}})
	var asked []string
	err := store.Sweep(t.Context(), s, time.Now().Add(-time.Hour), func(id string, written time.Time) (bool, error) {
		asked = append(asked, id)
		if age := time.Since(written).Round(time.Hour); age != 2*time.Hour {
			t.Errorf("%s is %v old", id, age)
		}
		if id == "written" { // anew, while we look
			write(t, a+"/written", "new")
		}
		return id != "kept", nil
	})
	if err != nil {
		t.Error(err)
	}
	slices.Sort(asked)
	if want := []string{"kept", "old", "other", "written"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q, want %q", asked, want)
	}
	if got, want := names(t, a, b), []string{a + "/.hidden", a + "/kept", a + "/link", a + "/written", a + "/young"}; !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
}

func TestSweepEnds(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		aged(t, filepath.Join(dir, name), time.Hour)
	}
	s := open(t, file.Config{Datadir: dir})
	stop, asked := errors.New("stop"), 0
	err := store.Sweep(t.Context(), s, time.Now(), func(string, time.Time) (bool, error) {
		asked++
		return true, stop
	})
	if !errors.Is(err, stop) || asked != 1 || len(names(t, dir)) != 2 {
		t.Errorf("got %v, asked %d times, left %q", err, asked, names(t, dir))
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if err := s.Sweep(ctx, time.Now(), nil); !errors.Is(err, stop) {
		t.Errorf("cancelled: got %v", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.Sweep(t.Context(), time.Now(), nil); err != nil {
		t.Errorf("no directory: got %v", err)
	}
	if err := store.Sweep(t.Context(), mem.New("m"), time.Now(), nil); !errors.Is(err, glance.Unsupported) {
		t.Errorf("a store that cannot: got %v", err)
	}
}
