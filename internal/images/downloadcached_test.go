package images_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glance/internal/cache"
	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata/memdb"
	"glance/internal/store"
)

// caching gives a cache whose records are in memory.
func (r *rig) caching(t *testing.T) (c *cache.Cache, dir string) {
	t.Helper()
	index, err := memdb.New().CacheOf(t.Context(), "http://node")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := cache.MakeDirs(dir); err != nil {
		t.Fatal(err)
	}
	return cache.New(cache.Config{Dir: dir, MaxSize: 100, StallTime: time.Hour}, index, r.log), dir
}

// hold puts data into the cache as that of an image.
func hold(t *testing.T, c *cache.Cache, id, data string) {
	t.Helper()
	f := c.Begin(t.Context(), cache.Want{ImageID: id, Size: int64(len(data))})
	if _, err := io.WriteString(f, data); err != nil {
		t.Fatal(err)
	}
	if err := f.End(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func readAll(t *testing.T, found *images.Download) string {
	t.Helper()
	data, err := found.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(data)
	if err := errors.Join(err, data.Close(), found.Close()); err != nil {
		t.Fatal(err)
	}
	found.Sent(t.Context(), int64(len(got)))
	return string(got)
}

// TestDownloadCached: each row is an image whose data is "data", and "copy" in
// the cache.
func TestDownloadCached(t *testing.T) {
	for _, tt := range []struct {
		name   string
		who    *glance.Caller
		change func(*glance.Image)
		prefer []string
		want   string
		fault  fault
		hit    bool
	}{
		{name: "hit", who: alice, want: "copy", hit: true},
		{name: "wishes count for nothing", who: alice, prefer: []string{"nope"}, want: "copy", hit: true},
		{name: "not visible", who: carol, fault: fault{glance.NotFound, "No image found with ID " + img1, ""}},
		{name: "policy", who: rita, fault: fault{glance.Forbidden, "You are not authorized to complete download_image action.", ""}},
		{
			name: "deactivated", who: alice, change: func(img *glance.Image) { img.Status = glance.StatusDeactivated },
			fault: fault{glance.Forbidden, "The requested image has been deactivated. Image data download is forbidden.", ""},
		},
		{name: "deactivated, admin", who: boss, change: func(img *glance.Image) { img.Status = glance.StatusDeactivated }, want: "data"},
		{name: "unknown size", who: alice, change: func(img *glance.Image) { img.Size = nil }, want: "copy", hit: true},
		{name: "cut by a power failure", who: alice, change: func(img *glance.Image) { img.Size = new(int64(5)) }, want: "data"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.twice(t)
			if tt.change != nil {
				r.update(t, img1, tt.change)
			}
			d := r.downloader()
			d.Log = r.log
			d.Cache, _ = r.caching(t)
			hold(t, d.Cache, img1, "copy")
			found, err := d.DownloadCached(t.Context(), tt.who, img1, tt.prefer)
			if tt.want == "" {
				wantFault(t, err, tt.fault)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, found); got != tt.want || found.FromCache() != tt.hit {
				t.Errorf("%q, hit %v", got, found.FromCache())
			}
			if list, err := d.Cache.List(t.Context()); err != nil || tt.hit && list[0].Hits != 1 {
				t.Errorf("%+v, %v", list, err)
			}
		})
	}
}

// TestHitIsAFile: the kernel can send it.
func TestHitIsAFile(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	d := r.downloader()
	d.Cache, _ = r.caching(t)
	hold(t, d.Cache, img1, "copy")
	found, err := d.DownloadCached(t.Context(), alice, img1, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := found.Open(t.Context(), 0)
	if _, ok := data.(*os.File); !ok {
		t.Errorf("%T, %v", data, err)
	}
	// Whoever deletes it meanwhile does not matter to who reads it.
	if err := d.Cache.Drop(t.Context(), img1); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(data); err != nil || string(got) != "copy" {
		t.Errorf("%q, %v", got, err)
	}
	found.Sent(t.Context(), 3) // not all of it
	if err := data.Close(); err != nil {
		t.Error(err)
	}
}

// TestTwoMisses: one of two who ask at the same time fills the cache.
func TestTwoMisses(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	d := r.downloader()
	d.Log = r.log
	d.Cache, _ = r.caching(t)
	first, err := d.DownloadCached(t.Context(), alice, img1, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := first.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.DownloadCached(t.Context(), alice, img1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, second); got != "data" || d.Cached(img1) {
		t.Errorf("%q, cached: %v", got, d.Cached(img1))
	}
	if got, err := io.ReadAll(data); err != nil || string(got) != "data" {
		t.Errorf("%q, %v", got, err)
	}
	if err := data.Close(); err != nil || !d.Cached(img1) {
		t.Errorf("%v, cached: %v", err, d.Cached(img1))
	}
	if plain, err := d.Download(t.Context(), alice, img1, nil); err != nil || plain.FromCache() {
		t.Errorf("%v: a download beside the cache comes from there", err)
	}
}

func TestPrefetch(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rig    func(*rig, *images.Downloader)
		cached bool
		fails  bool
	}{
		{name: "active", cached: true},
		{name: "second store", rig: func(r *rig, _ *images.Downloader) { r.fast.opens(store.Unreachable(nil)) }, cached: true},
		{name: "no store", rig: func(r *rig, _ *images.Downloader) { r.fast.opens(errBoom); r.cheap.opens(errBoom) }, fails: true},
		{name: "data gone", rig: func(r *rig, _ *images.Downloader) {
			r.fast.opens(store.NoImage("x", nil))
			r.cheap.opens(store.NoImage("x", nil))
		}, fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.twice(t)
			d := r.downloader()
			d.Log = r.log
			d.Cache, _ = r.caching(t)
			if tt.rig != nil {
				tt.rig(r, d)
			}
			if err := d.Cache.Queue(img1); err != nil {
				t.Fatal(err)
			}
			if err := d.Prefetch(t.Context(), img1); (err != nil) != tt.fails {
				t.Error(err)
			}
			if d.Cached(img1) != tt.cached || d.Cache.Queued(img1) == tt.cached {
				t.Errorf("cached: %v, queued: %v", d.Cached(img1), d.Cache.Queued(img1))
			}
		})
	}
}

func TestPrefetchNothing(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	d := r.downloader()
	d.Log = r.log
	d.Cache, _ = r.caching(t)
	r.update(t, img1, func(img *glance.Image) { img.Status = glance.StatusDeactivated })
	for _, id := range []string{img1, unknown} {
		if err := d.Prefetch(t.Context(), id); err != nil || d.Cached(id) {
			t.Errorf("%s: %v, cached: %v", id, err, d.Cached(id))
		}
	}
}

// TestPrefetchOtherData: what is not the image's is not cached.
func TestPrefetchOtherData(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	r.update(t, img1, func(img *glance.Image) { img.Checksum = strings.Repeat("0", 32) })
	d := r.downloader()
	d.Log = r.log
	var dir string
	d.Cache, dir = r.caching(t)
	if err := d.Prefetch(t.Context(), img1); err == nil || d.Cached(img1) {
		t.Errorf("%v, cached: %v", err, d.Cached(img1))
	}
	if _, err := os.Stat(filepath.Join(dir, "invalid", img1)); err != nil {
		t.Error(err)
	}
}

func TestDeleteDropsFromTheCache(t *testing.T) {
	for _, delayed := range []bool{false, true} {
		r := newRig(t)
		r.twice(t)
		d := r.deleter()
		d.Delayed = delayed
		d.Cache, _ = r.caching(t)
		hold(t, d.Cache, img1, "copy")
		wantFault(t, d.Delete(t.Context(), rita, img1), fault{glance.Forbidden, "You are not authorized to complete delete_image action.", ""})
		if !d.Cache.Has(img1) {
			t.Error("a deletion that is refused drops the image from the cache")
		}
		if _, err := d.DeleteAnywhere(t.Context(), alice, img1); err != nil || d.Cache.Has(img1) {
			t.Errorf("%v, cached: %v", err, d.Cache.Has(img1))
		}
	}
}
