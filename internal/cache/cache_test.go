package cache_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/internal/cache"
	"glance/internal/glance"
)

func TestDelete(t *testing.T) {
	r := newRig(t)
	r.fill(t, 1, "one")
	r.fill(t, 2, "two")
	r.put(t, "a stray", 0, id(3))
	f := r.Open(t.Context(), id(1), 3)
	must(t, r.Delete(t.Context(), id(1)))
	must(t, r.Delete(t.Context(), id(1)))
	if got, err := io.ReadAll(f); err != nil || string(got) != "one" {
		t.Errorf("who reads a file that is deleted gets %q, %v", got, err)
	}
	must(t, f.Close())
	r.wantFiles(t, id(2), id(3))
	r.wantRecords(t, 2)
	must(t, r.index.Add(t.Context(), glance.CachedImage{ImageID: id(4)}))
	if n, err := r.DeleteAll(t.Context()); err != nil || n != 2 {
		t.Errorf("%d deleted, %v", n, err)
	}
	r.wantFiles(t)
	r.wantRecords(t)
}

func TestDrop(t *testing.T) {
	r := newRig(t)
	r.fill(t, 1, "one")
	must(t, r.Queue(id(2)))
	r.put(t, "", 0, "incomplete", id(3))
	for n := range 4 {
		must(t, r.Drop(t.Context(), id(n)))
	}
	r.wantFiles(t)
	r.wantRecords(t)
}

// TestCut: a file that a power failure cut is not served.
func TestCut(t *testing.T) {
	r := newRig(t)
	r.fill(t, 1, "data")
	r.put(t, "da", 0, id(1))
	if f := r.Open(t.Context(), id(1), 4); f != nil {
		t.Error("half a file is served")
	}
	r.wantFiles(t)
	r.wantRecords(t)
	r.fill(t, 2, "data")
	if f := r.Open(t.Context(), id(2), -1); f == nil {
		t.Error("an image of unknown size is not served")
	} else {
		must(t, f.Close())
	}
}

// TestNames: no id leads out of the cache or to what else is in it.
func TestNames(t *testing.T) {
	r := newRig(t)
	r.put(t, "secret", 0, "cache.db")
	r.put(t, "secret", 0, "mine.sqlite-wal")
	r.put(t, "", 0, "glance-cache-prune")
	outside := filepath.Join(filepath.Dir(r.dir), "outside")
	must(t, os.WriteFile(outside, []byte("secret"), 0o600))
	for _, name := range []string{
		"", ".", "..", "../outside", "queue", "incomplete", "invalid", "cache.db", "cache.db-journal", "mine.sqlite-wal", "glance-cache-prune",
		"a/b", "nul\x00", strings.Repeat("x", 256),
	} {
		if f := r.Open(t.Context(), name, -1); f != nil {
			t.Errorf("%q is served", name)
		}
		if err := r.Queue(name); glance.KindOf(err) != glance.Invalid {
			t.Errorf("queue %q: %v", name, err)
		}
		if f := r.Begin(t.Context(), cache.Want{ImageID: name, Size: -1}); f != nil {
			t.Errorf("%q is written", name)
		}
		must(t, r.Delete(t.Context(), name))
		must(t, r.Drop(t.Context(), name))
		if there, err := r.Unqueue(name); there || err != nil || r.Has(name) || r.Queued(name) {
			t.Errorf("%q: %v, %v", name, there, err)
		}
	}
	if n, err := r.DeleteAll(t.Context()); n != 0 || err != nil {
		t.Errorf("%d deleted, %v", n, err)
	}
	r.wantFiles(t, "cache.db", "mine.sqlite-wal")
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
}

func TestQueue(t *testing.T) {
	r := newRig(t)
	wantQueue := func(images ...int) {
		t.Helper()
		got, err := r.QueueList()
		must(t, err)
		ids := []string{}
		for _, n := range images {
			ids = append(ids, id(n))
		}
		if g, w := strings.Join(got, " "), strings.Join(ids, " "); g != w || got == nil {
			t.Errorf("queue %s, want %s", g, w)
		}
	}
	wantQueue()
	r.fill(t, 9, "cached")
	r.put(t, "", time.Minute, "queue", id(5))
	r.put(t, "", time.Hour, "queue", id(6))
	for _, n := range []int{9, 5, 1} {
		must(t, r.Queue(id(n)))
	}
	wantQueue(6, 5, 1)
	for _, want := range []bool{true, false} {
		if there, err := r.Unqueue(id(5)); err != nil || there != want {
			t.Errorf("%v, %v, want %v", there, err, want)
		}
	}
	if n, err := r.UnqueueAll(); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
	wantQueue()
	for _, n := range []int{8, 3, 7, 2} { // faster than the clock of the file system
		must(t, r.Queue(id(n)))
	}
	wantQueue(8, 3, 7, 2)
}

func TestPrune(t *testing.T) {
	r := newRig(t)
	for n := range 3 {
		r.fill(t, n, strings.Repeat("x", 40))
	}
	must(t, r.index.Hit(t.Context(), id(0), time.Now().Add(time.Hour)))
	r.put(t, strings.Repeat("x", 30), time.Hour, id(7)) // of a process that was killed before it told the index
	r.put(t, strings.Repeat("x", 500), 0, "cache.db")
	r.put(t, strings.Repeat("x", 500), 0, "invalid", id(8))
	prune := func(files int, bytes int64) {
		t.Helper()
		if f, b, err := r.Prune(t.Context()); err != nil || f != files || b != bytes {
			t.Errorf("%d files, %d bytes, %v; want %d, %d", f, b, err, files, bytes)
		}
	}
	prune(2, 70)
	r.wantFiles(t, id(0), id(2), "cache.db", "invalid/"+id(8))
	r.wantRecords(t, 0, 2)
	prune(0, 0)
}

// TestPruneOfStrays: the original never ends when its table is empty.
func TestPruneOfStrays(t *testing.T) {
	r := newRig(t)
	r.put(t, strings.Repeat("x", 101), 0, id(1))
	if f, b, err := r.Prune(t.Context()); err != nil || f != 1 || b != 101 {
		t.Errorf("%d files, %d bytes, %v", f, b, err)
	}
}

func TestSettle(t *testing.T) {
	r := newRig(t)
	r.fill(t, 1, "one")
	must(t, r.Hit(t.Context(), id(1)))
	must(t, r.index.Add(t.Context(), glance.CachedImage{ImageID: id(2)}))
	r.put(t, "stray", time.Hour, id(3))
	must(t, r.Settle(t.Context()))
	must(t, r.Settle(t.Context()))
	r.wantRecords(t, 1, 3)
	if list, err := r.List(t.Context()); err != nil || list[0].Hits != 1 || list[1].Size != 5 || time.Since(list[1].LastAccessed) < time.Minute {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestAtOnce: everything at the same time, by two processes. Whoever opens an
// image gets the whole of it.
func TestAtOnce(t *testing.T) {
	r := newRig(t)
	data := random(90)
	processes := []*cache.Cache{r.Cache, r.another()}
	var all sync.WaitGroup
	for n, c := range processes {
		run := func(f func()) {
			all.Go(func() {
				for range 50 {
					f()
				}
			})
		}
		for range 2 {
			run(func() {
				if f := c.Begin(t.Context(), want(n, data)); f != nil {
					_, _ = io.WriteString(f, data)
					_ = f.End(t.Context(), nil) // it may be dropped
				}
			})
			run(func() {
				if f := c.Open(t.Context(), id(1-n), 90); f != nil {
					if got, err := io.ReadAll(f); err != nil || string(got) != data {
						t.Errorf("%d bytes, %v", len(got), err)
					}
					f.Close()
				}
			})
		}
		run(func() { mustNot(t, c.Drop(t.Context(), id(n))) })
		run(func() {
			_, _, err := c.Prune(t.Context())
			mustNot(t, err)
		})
		run(func() { mustNot(t, c.Clean(t.Context())) })
	}
	all.Wait()
	must(t, r.Settle(t.Context()))
	entries, err := os.ReadDir(filepath.Join(r.dir, "incomplete"))
	if err != nil || len(entries) > 0 {
		t.Errorf("incomplete: %v, %v", entries, err)
	}
}

// mustNot fails from any goroutine.
func mustNot(t *testing.T, err error) {
	if err != nil {
		t.Error(err)
	}
}
