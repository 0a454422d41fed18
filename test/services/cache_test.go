//go:build services

package services_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"glance/internal/cache"
	"glance/internal/cache/all"
)

// theirCache does with the cache of a configuration what the words say.
const theirCache = `
import json, sys
from oslo_config import cfg
from glance import image_cache
cfg.CONF([], default_config_files=[sys.argv[1]])
c, what, id = image_cache.ImageCache(), sys.argv[2], sys.argv[3]
if what == 'fill':
    for chunk in c.get_caching_iter(id, None, iter([b'their data'])):
        pass
elif what == 'read':
    with c.open_for_read(id) as f:
        sys.stdout.write(f.read().decode())
elif what == 'queue':
    c.queue_image(id)
elif what == 'list':
    json.dump({'cached': c.get_cached_images(), 'queued': c.get_queued_images()}, sys.stdout)
`

// TestCacheBesideTheOriginal: both take over the cache of the other, with what
// is remembered of it, back and forth.
func TestCacheBesideTheOriginal(t *testing.T) {
	t.Parallel()
	const mine, theirs, wanted = "5c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11", "6c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11", "7c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11"
	for _, driver := range []string{all.SQLite, all.XAttr} {
		t.Run(driver, func(t *testing.T) {
			s := newShell(t)
			s.write("theirs.py", []byte(theirCache))
			s.write("cache.conf", []byte("[DEFAULT]\nimage_cache_dir = "+s.path("cache")+"\nimage_cache_driver = "+driver+"\n"))
			they := func(what, id string) string {
				t.Helper()
				return s.run("/usr/bin/python3", "theirs.py", "cache.conf", what, id)
			}
			ours := func(work func(c *cache.Cache)) {
				t.Helper()
				c, got, err := all.Open(t.Context(), all.Options{
					Driver: driver, Dir: s.path("cache"), SQLiteDB: "cache.db", MaxSize: 15, StallTime: time.Hour,
				}, slog.New(slog.DiscardHandler))
				if err != nil || got != driver {
					t.Fatalf("%s, %v", got, err)
				}
				if err := c.Settle(t.Context()); err != nil {
					t.Error(err)
				}
				work(c)
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}
			they("fill", theirs)
			they("read", theirs)
			they("queue", wanted)
			ours(func(c *cache.Cache) {
				list, err := c.List(t.Context())
				if err != nil || len(list) != 1 || list[0].ImageID != theirs || list[0].Hits != 1 || list[0].Size != 10 || time.Since(list[0].LastModified) > time.Hour {
					t.Errorf("what they cached: %+v, %v", list, err)
				}
				if !c.Queued(wanted) {
					t.Error("what they want is not wanted")
				}
				f := c.Begin(t.Context(), cache.Want{ImageID: mine, Size: 8})
				if _, err := io.WriteString(f, "our data"); err != nil {
					t.Fatal(err)
				}
				if err := f.End(t.Context(), nil); err != nil {
					t.Fatal(err)
				}
				if err := c.Hit(t.Context(), theirs); err != nil {
					t.Error(err)
				}
			})
			if got := they("read", mine); got != "our data" {
				t.Errorf("they read %q", got)
			}
			hits := map[string]int{}
			var list struct {
				Cached []struct {
					ID   string `json:"image_id"`
					Hits int
					Size int
				}
			}
			if err := json.Unmarshal([]byte(they("list", "")), &list); err != nil {
				t.Fatal(err)
			}
			for _, img := range list.Cached {
				hits[img.ID] = img.Hits
			}
			if hits[mine] != 1 || hits[theirs] != 2 {
				t.Errorf("they know %v", hits)
			}
			ours(func(c *cache.Cache) {
				if err := c.Hit(t.Context(), mine); err != nil { // not every disk remembers that they read it
					t.Error(err)
				}
				if files, bytes, err := c.Prune(t.Context()); err != nil || files != 1 || bytes != 10 {
					t.Errorf("pruned %d files, %d bytes, %v", files, bytes, err)
				}
			})
			if got := they("list", ""); strings.Contains(got, `"`+theirs+`"`) || !strings.Contains(got, `"`+mine+`"`) {
				t.Errorf("after pruning they know %s", got)
			}
		})
	}
}
