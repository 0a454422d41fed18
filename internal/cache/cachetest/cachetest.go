package cachetest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"glance/internal/cache"
	"glance/internal/glance"
)

// Open gives the index of the cache in dir, whose directories are there.
type Open func(t *testing.T, dir string) cache.Index

// Run runs the whole suite.
func Run(t *testing.T, open Open) {
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *rig)
	}{
		{"a record", aRecord},
		{"a record again", aRecordAgain},
		{"records of nothing", recordsOfNothing},
		{"opened again", openedAgain},
		{"hits at the same time", hitsAtTheSameTime},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &rig{dir: t.TempDir(), open: open}
			if err := cache.MakeDirs(r.dir); err != nil {
				t.Fatal(err)
			}
			r.Index = open(t, r.dir)
			tt.run(t, r)
		})
	}
}

type rig struct {
	cache.Index
	dir  string
	open Open
}

func id(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", n, n) }

// add adds the nth image with its file.
func (r *rig) add(t *testing.T, n int) glance.CachedImage {
	t.Helper()
	at := time.Date(2026, 1, 2, 3, 4, n, 567891000, time.UTC)
	img := glance.CachedImage{ImageID: id(n), LastAccessed: at, LastModified: at.Add(-time.Hour), Size: int64(10 + n)}
	if err := os.WriteFile(filepath.Join(r.dir, img.ImageID), make([]byte, img.Size), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, r.Add(t.Context(), img))
	return img
}

// remove removes an image with its file.
func (r *rig) remove(t *testing.T, n int) {
	t.Helper()
	must(t, os.Remove(filepath.Join(r.dir, id(n))))
	must(t, r.Remove(t.Context(), id(n)))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants compares all records, whatever their order, to the microsecond.
func (r *rig) wants(t *testing.T, want ...glance.CachedImage) {
	t.Helper()
	got, err := r.List(t.Context())
	must(t, err)
	show := func(list []glance.CachedImage) string {
		list = slices.Clone(list)
		slices.SortFunc(list, func(a, b glance.CachedImage) int { return cmp.Compare(a.ImageID, b.ImageID) })
		text := ""
		for _, img := range list {
			text += fmt.Sprintln(img.ImageID, img.LastAccessed.UnixMicro(), img.LastModified.UnixMicro(), img.Size, img.Hits)
		}
		return text
	}
	if g, w := show(got), show(want); g != w {
		t.Errorf("records:\n%swant\n%s", g, w)
	}
}

func aRecord(t *testing.T, r *rig) {
	r.wants(t)
	one, two := r.add(t, 1), r.add(t, 2)
	r.wants(t, one, two)
	one.Hits, one.LastAccessed = 2, time.Date(2026, 2, 3, 4, 5, 6, 789012000, time.UTC)
	must(t, r.Hit(t.Context(), id(1), one.LastAccessed))
	must(t, r.Hit(t.Context(), id(1), one.LastAccessed))
	r.wants(t, one, two)
	r.remove(t, 1)
	r.wants(t, two)
}

func aRecordAgain(t *testing.T, r *rig) {
	one := r.add(t, 1)
	must(t, r.Hit(t.Context(), id(1), time.Now()))
	r.wants(t, func() glance.CachedImage {
		list, err := r.List(t.Context())
		must(t, err)
		hit := one
		hit.Hits, hit.LastAccessed = 1, list[0].LastAccessed
		return hit
	}())
	r.add(t, 1)
	r.wants(t, one)
	r.remove(t, 1)
	r.add(t, 1)
	r.wants(t, one)
}

func recordsOfNothing(t *testing.T, r *rig) {
	for _, name := range []string{id(1), "../" + id(1), "queue", ""} {
		must(t, r.Hit(t.Context(), name, time.Now()))
		must(t, r.Remove(t.Context(), name))
	}
	r.wants(t)
}

func openedAgain(t *testing.T, r *rig) {
	one := r.add(t, 1)
	must(t, r.Hit(t.Context(), id(1), one.LastAccessed))
	one.Hits = 1
	r.Index = r.open(t, r.dir)
	r.wants(t, one)
}

func hitsAtTheSameTime(t *testing.T, r *rig) {
	one := r.add(t, 1)
	const workers, each = 8, 5
	var all sync.WaitGroup
	errs := make([]error, workers)
	for i := range workers {
		all.Go(func() { errs[i] = hits(t.Context(), r.Index, one, each) })
	}
	all.Wait()
	for _, err := range errs {
		must(t, err)
	}
	one.Hits = workers * each
	r.wants(t, one)
}

func hits(ctx context.Context, x cache.Index, img glance.CachedImage, n int) error {
	for range n {
		if err := x.Hit(ctx, img.ImageID, img.LastAccessed); err != nil {
			return err
		}
	}
	return nil
}
