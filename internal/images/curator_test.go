package images_test

import (
	"slices"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
)

func (r *rig) curator(t *testing.T) (c *images.Curator, wanted *[]string) {
	t.Helper()
	wanted = new([]string)
	c = &images.Curator{Images: r.db, Policy: r.policy, Fetch: func(id string) { *wanted = append(*wanted, id) }}
	c.Cache, _ = r.caching(t)
	return c, wanted
}

func TestCurator(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	c, wanted := r.curator(t)
	ctx := t.Context()
	for range 2 {
		if err := c.Want(ctx, boss, img1); err != nil {
			t.Fatal(err)
		}
	}
	hold(t, c.Cache, img1, "copy")
	if err := c.Want(ctx, boss, img1); err != nil || !slices.Equal(*wanted, []string{img1, img1}) {
		t.Errorf("%v, wanted %v: an image that is there is wanted no more", err, *wanted)
	}
	if held, err := c.List(ctx, boss); err != nil || len(held.Images) != 1 || held.Queued == nil || len(held.Queued) != 0 {
		t.Errorf("%+v, %v", held, err)
	}
	r.update(t, img1, func(img *glance.Image) { img.Status = glance.StatusDeactivated })
	wantFault(t, c.Want(ctx, boss, img1), fault{glance.Invalid, "Only images with status active can be targeted for queueing", ""})
	wantFault(t, c.Want(ctx, boss, unknown), fault{glance.NotFound, "Image " + unknown + " not found.", ""})

	// An image that is no more can be dropped as long as it is there.
	hold(t, c.Cache, unknown, "copy")
	wantFault(t, c.Drop(ctx, alice, unknown), fault{glance.Forbidden, "You are not authorized to complete cache_delete action.", ""})
	if err := c.Drop(ctx, boss, unknown); err != nil || c.Cache.Has(unknown) {
		t.Errorf("%v, cached: %v", err, c.Cache.Has(unknown))
	}
	wantFault(t, c.Drop(ctx, boss, unknown), fault{glance.NotFound, "Image " + unknown + " not found.", ""})
	_, err := c.NodesWith(ctx, boss, unknown)
	wantFault(t, err, fault{glance.Conflict, "Centralized caching is not enabled", ""})
	c.Nodes = r.db
	_, err = c.NodesWith(ctx, boss, unknown)
	wantFault(t, err, fault{glance.NotFound, "Image " + unknown + " not found.", ""})
}

func TestCuratorClear(t *testing.T) {
	r := newRig(t)
	c, _ := r.curator(t)
	for _, tt := range []struct {
		target         string
		cached, queued bool // what is left
	}{{"", false, false}, {"Cache", false, true}, {"QUEUE", true, false}} {
		hold(t, c.Cache, img1, "copy")
		if err := c.Cache.Queue(img2); err != nil {
			t.Fatal(err)
		}
		if err := c.Clear(t.Context(), boss, tt.target); err != nil || c.Cache.Has(img1) != tt.cached || c.Cache.Queued(img2) != tt.queued {
			t.Errorf("%q: %v, cached %v, queued %v", tt.target, err, c.Cache.Has(img1), c.Cache.Queued(img2))
		}
		if err := c.Clear(t.Context(), boss, ""); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCuratorRefuses: who may not hears that first; without a cache there is
// nothing to be heard.
func TestCuratorRefuses(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	c, _ := r.curator(t)
	none := *c
	none.Cache = nil
	ctx := t.Context()
	for rule, call := range map[string]func(*images.Curator, *glance.Caller) error{
		"cache_list":   func(c *images.Curator, who *glance.Caller) error { return second(c.List(ctx, who)) },
		"cache_image":  func(c *images.Curator, who *glance.Caller) error { return c.Want(ctx, who, img1) },
		"cache_delete": func(c *images.Curator, who *glance.Caller) error { return c.Drop(ctx, who, img1) },
		"cache_clean":  func(c *images.Curator, who *glance.Caller) error { return c.Clean(ctx, who) },
		"cache_prune": func(c *images.Curator, who *glance.Caller) error {
			_, _, err := c.Prune(ctx, who)
			return err
		},
		"list_cached_nodes": func(c *images.Curator, who *glance.Caller) error { return second(c.NodesWith(ctx, who, img1)) },
		"manage_image_cache": func(c *images.Curator, who *glance.Caller) error {
			for _, err := range []error{
				second(c.OldCached(ctx, who)), second(c.OldQueued(ctx, who)), second(c.OldDeleteAll(ctx, who)), second(c.OldUnqueueAll(ctx, who)),
				c.OldDelete(ctx, who, img1), c.OldUnqueue(ctx, who, img1),
			} {
				if glance.KindOf(err) != glance.KindOf(c.OldQueue(ctx, who, img1)) {
					return err
				}
			}
			return c.OldQueue(ctx, who, img1)
		},
	} {
		refused := fault{glance.Forbidden, "You are not authorized to complete " + rule + " action.", ""}
		wantFault(t, call(c, alice), refused)
		wantFault(t, call(&none, alice), refused)
		wantFault(t, call(&none, boss), fault{glance.NotFound, "Caching via API is not supported at this site.", ""})
	}
	wantFault(t, c.Clear(ctx, boss, "all"), fault{glance.Invalid, "If provided 'x-image-cache-clear-target' must be 'cache', 'queue' or empty string.", ""})
}

func second[T any](_ T, err error) error { return err }
