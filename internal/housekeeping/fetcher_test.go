package housekeeping_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/cache"
	"glance/internal/glance"
	"glance/internal/housekeeping"
	"glance/internal/images"
	"glance/internal/metadata/memdb"
	"glance/internal/store"
	"glance/internal/store/mem"
)

// slowStore takes a second for each image.
type slowStore struct{ store.Driver }

func (s slowStore) Open(ctx context.Context, url string, offset int64) (store.Data, error) {
	time.Sleep(time.Second)
	if strings.HasSuffix(url, imageID(3)) {
		return store.Data{}, store.Unreachable(nil)
	}
	return s.Driver.Open(ctx, url, offset)
}

func imageID(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", n, n) }

// newDownloader has images 0 to 4 in a slow store, of which 3 cannot be read.
func newDownloader(t *testing.T) *images.Downloader {
	t.Helper()
	db := memdb.New()
	set, err := store.NewSet(false, "slow", store.Named{ID: "slow", Driver: slowStore{mem.New("slow")}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	index, err := db.CacheOf(t.Context(), "http://node")
	if err != nil {
		t.Fatal(err)
	}
	if err := cache.MakeDirs(dir); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	for n := range 5 {
		put, err := set.Put(t.Context(), "slow", store.Upload{ImageID: imageID(n), Size: 4}, strings.NewReader("data"))
		if err != nil {
			t.Fatal(err)
		}
		img := &glance.Image{
			ID: imageID(n), Status: glance.StatusActive, Visibility: glance.VisibilityPublic, Size: new(int64(4)),
			Locations: []glance.Location{{URL: put.URL, Metadata: put.Metadata}},
		}
		if err := db.CreateImage(t.Context(), img); err != nil {
			t.Fatal(err)
		}
	}
	return &images.Downloader{
		Images: db, Stores: set, Log: log, Cache: cache.New(cache.Config{Dir: dir, MaxSize: 1, StallTime: time.Hour}, index, log),
	}
}

func cached(d *images.Downloader) (list string) {
	for n := range 5 {
		if d.Cached(imageID(n)) {
			list += fmt.Sprint(n)
		}
	}
	return list
}

func TestPrefetcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDownloader(t)
		for _, n := range []int{4, 3, 1, 0} {
			if err := d.Cache.Queue(imageID(n)); err != nil {
				t.Fatal(err)
			}
		}
		begun := time.Now()
		err := (&housekeeping.Prefetcher{Cache: d.Cache, Downloader: d, Pool: 2}).Run(t.Context())
		if took := time.Since(begun); cached(d) != "014" || took != 2*time.Second || !strings.Contains(fmt.Sprint(err), imageID(3)) {
			t.Errorf("cached %s after %v, %v", cached(d), took, err)
		}
		if left, err := d.Cache.QueueList(); err != nil || len(left) != 1 || left[0] != imageID(3) {
			t.Errorf("left: %v, %v", left, err)
		}
	})
}

func TestFetcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDownloader(t)
		var held atomic.Int64
		f := housekeeping.NewFetcher(t.Context(), d, func() func() {
			held.Add(1)
			return func() { held.Add(-1) }
		}, slog.New(slog.DiscardHandler))
		f.Want(imageID(0))
		f.Want(imageID(0))
		synctest.Wait()
		if held.Load() != 1 {
			t.Error("nobody holds what it works with")
		}
		time.Sleep(1500 * time.Millisecond)
		if cached(d) != "0" || held.Load() != 0 {
			t.Errorf("cached %s, held %d", cached(d), held.Load())
		}
		for _, n := range []int{1, 3, 2} {
			f.Want(imageID(n))
		}
		f.Drain(t.Context())
		if cached(d) != "012" {
			t.Errorf("drained: %s", cached(d))
		}
		f.Want(imageID(4))
		f.Drain(t.Context())
		synctest.Wait()
		if cached(d) != "012" || held.Load() != 0 {
			t.Errorf("after the end: %s, held %d", cached(d), held.Load())
		}
	})
}

// TestFetcherCut: what is not done when the patience ends stays undone, and the
// call comes back.
func TestFetcherCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDownloader(t)
		f := housekeeping.NewFetcher(t.Context(), d, func() func() { return func() {} }, slog.New(slog.DiscardHandler))
		for n := range 3 {
			f.Want(imageID(n))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		f.Drain(ctx)
		if cached(d) != "0" {
			t.Errorf("cached %s", cached(d))
		}
	})
}
