package images_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/store/file"
)

// reaperRig is a node that stages on a disk.
type reaperRig struct {
	*rig
	dir string
}

func newReaperRig(t *testing.T) *reaperRig {
	return &reaperRig{newRig(t), t.TempDir()}
}

func (r *reaperRig) reaper(t *testing.T) *images.Reaper {
	t.Helper()
	driver, err := file.Open(file.Config{Datadir: r.dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return &images.Reaper{Images: r.db, Staging: &images.Staging{Driver: driver, Prefix: "file://" + r.dir + "/"}, Log: r.log}
}

func (r *reaperRig) stage(t *testing.T, name string, age time.Duration) {
	t.Helper()
	path, at := filepath.Join(r.dir, name), time.Now().Add(-age)
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func (r *reaperRig) staged(t *testing.T) (names []string) {
	t.Helper()
	list, err := os.ReadDir(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}

// TestReap: what goes, and above all what stays.
func TestReap(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name string
		file string
		age  time.Duration
		img  func(*glance.Image) // nil: there is none
		gone bool
	}{
		{"deleted", img1, time.Hour, deleted(glance.StatusDeleted), true},
		{"waits for the scrubber", img1, time.Hour, deleted(glance.StatusPendingDelete), true},
		{"deleted just now", img1, 10 * time.Minute, deleted(glance.StatusDeleted), false},
		{"staged", img1, 30 * day, status(glance.StatusUploading), false},
		{"being imported", img1, 30 * day, status(glance.StatusImporting), false},
		{"queued", img1, 30 * day, status(glance.StatusQueued), false},
		{"active", img1, 30 * day, status(glance.StatusActive), false},
		{"unknown", img1, 8 * day, nil, true},
		{"unknown, and not old", img1, 6 * day, nil, false},
		{"being written", "." + img1 + ".attempt.part", 30 * day, deleted(glance.StatusDeleted), false},
		{"no id", "notes.txt", 30 * day, nil, false},
		{"nearly an id", img1 + ".qcow2", 30 * day, nil, false},
		{"a hash", "0123456789abcdef0123456789abcdef", 30 * day, nil, false},
		{"journal of a task", "running-task-" + img1, 30 * day, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newReaperRig(t)
			if tt.img != nil {
				r.add(t, queued())
				r.update(t, img1, tt.img)
			}
			r.stage(t, tt.file, tt.age)
			if err := r.reaper(t).Reap(t.Context()); err != nil {
				t.Error(err)
			}
			if gone := len(r.staged(t)) == 0; gone != tt.gone {
				t.Errorf("gone: %v, want %v", gone, tt.gone)
			}
		})
	}
}

func deleted(s glance.Status) func(*glance.Image) {
	return func(img *glance.Image) { img.Status, img.Deleted = s, true }
}

// TestReapWithoutDatabase: nobody can say, so nothing goes.
func TestReapWithoutDatabase(t *testing.T) {
	r := newReaperRig(t)
	r.stage(t, img1, 1000*time.Hour)
	r.db.beforeRead = func() error { return errBoom }
	if err := r.reaper(t).Reap(t.Context()); !errors.Is(err, errBoom) {
		t.Errorf("got %v", err)
	}
	if len(r.staged(t)) != 1 {
		t.Error("the data is gone")
	}
}

// TestReapBounded: more than a thousand go at two times.
func TestReapBounded(t *testing.T) {
	r := newReaperRig(t)
	for i := range 1001 {
		r.stage(t, fmt.Sprintf("%08d-1111-4111-8111-111111111111", i), 1000*time.Hour)
	}
	for _, want := range []int{1, 0} {
		if err := r.reaper(t).Reap(t.Context()); err != nil {
			t.Error(err)
		}
		if left := len(r.staged(t)); left != want {
			t.Errorf("%d files left, want %d", left, want)
		}
	}
}

// TestReaperRuns looks at once, every hour, and not any more when it is told to
// end; a look that fails is made up for by the next one.
func TestReaperRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReaperRig(t)
		r.stage(t, img1, 1000*time.Hour)
		reaper := r.reaper(t)
		begun := time.Now()
		var looks []time.Duration
		r.db.beforeRead = func() error {
			looks = append(looks, time.Since(begun))
			if len(looks) < 3 {
				return errBoom
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			reaper.Run(ctx)
		}()
		time.Sleep(150 * time.Minute)
		cancel()
		<-ended
		if want := []time.Duration{0, time.Hour, 2 * time.Hour}; !slices.Equal(looks, want) || len(r.staged(t)) > 0 {
			t.Errorf("looked after %v, left %q", looks, r.staged(t))
		}
	})
}
