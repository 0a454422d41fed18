package images

import (
	"context"
	"errors"
	"strings"

	"glance/internal/cache"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// Curator looks after what the cache of this node holds.
type Curator struct {
	Images metadata.Images
	Policy *policy.Enforcer
	Cache  *cache.Cache // nil where there is none
	// Nodes knows what other nodes have; nil when the cache is described
	// elsewhere than in the database that they share.
	Nodes metadata.Caches
	// Fetch has an image that is queued fetched soon.
	Fetch func(id string)
}

// Cached is what a cache holds.
type Cached struct {
	Images []glance.CachedImage
	Queued []string // ids of the images that are wanted, the oldest wish first
}

func errNoCache() error {
	return glance.Errorf(glance.NotFound, "Caching via API is not supported at this site.")
}

// may asks for permission, and whether there is a cache at all (spec cache §6).
func (c *Curator) may(ctx context.Context, who *glance.Caller, rule policy.Rule, img *glance.Image) error {
	if err := c.Policy.Cache(ctx, who, rule, img); err != nil {
		return err
	}
	if c.Cache == nil {
		return errNoCache()
	}
	return nil
}

// image gives an image as far as the caller sees it.
func (c *Curator) image(ctx context.Context, who *glance.Caller, id string) (*glance.Image, error) {
	img, err := c.Images.Image(ctx, metadata.ScopeOf(*who), id)
	return img, retell(err, glance.NotFound, "Image %s not found.", id)
}

// List tells what is cached and what is wanted.
func (c *Curator) List(ctx context.Context, who *glance.Caller) (held Cached, err error) {
	if err := c.may(ctx, who, policy.CacheList, nil); err != nil {
		return held, err
	}
	if held.Images, err = c.Cache.List(ctx); err != nil {
		return held, err
	}
	held.Queued, err = c.Cache.QueueList()
	return held, err
}

// Want queues an image and has it fetched.
func (c *Curator) Want(ctx context.Context, who *glance.Caller, id string) error {
	img, err := c.image(ctx, who, id)
	if err != nil {
		return err
	}
	if err := c.may(ctx, who, policy.CacheImage, img); err != nil {
		return err
	}
	if !cacheable(img) {
		return glance.Errorf(glance.Invalid, "Only images with status active can be targeted for queueing")
	}
	if err := c.Cache.Queue(id); err != nil {
		return err
	}
	if c.Cache.Queued(id) {
		c.Fetch(id)
	}
	return nil
}

// Drop removes an image from cache and queue; one that is no more too, as long
// as it is in one of them.
func (c *Curator) Drop(ctx context.Context, who *glance.Caller, id string) error {
	img, err := c.image(ctx, who, id)
	if errors.Is(err, glance.NotFound) && c.Cache != nil && (c.Cache.Has(id) || c.Cache.Queued(id)) {
		err = nil
	}
	if err != nil {
		return err
	}
	if err := c.may(ctx, who, policy.CacheDelete, img); err != nil {
		return err
	}
	if err := c.Cache.Delete(ctx, id); err != nil {
		return err
	}
	_, err = c.Cache.Unqueue(id)
	return err
}

// Clear empties what target names: cache, queue, or both when it is empty.
func (c *Curator) Clear(ctx context.Context, who *glance.Caller, target string) error {
	if err := c.may(ctx, who, policy.CacheDelete, nil); err != nil {
		return err
	}
	target = strings.ToLower(target)
	switch target {
	case "", "cache", "queue":
	default:
		return glance.Errorf(glance.Invalid, "If provided 'x-image-cache-clear-target' must be 'cache', 'queue' or empty string.")
	}
	if target != "cache" {
		if _, err := c.Cache.UnqueueAll(); err != nil {
			return err
		}
	}
	if target != "queue" {
		if _, err := c.Cache.DeleteAll(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Clean removes what failed and what was left half-written.
func (c *Curator) Clean(ctx context.Context, who *glance.Caller) error {
	if err := c.may(ctx, who, policy.CacheClean, nil); err != nil {
		return err
	}
	return c.Cache.Clean(ctx)
}

// Prune removes images until the others fit, and tells how many and how large
// they were.
func (c *Curator) Prune(ctx context.Context, who *glance.Caller) (files int, bytes int64, err error) {
	if err := c.may(ctx, who, policy.CachePrune, nil); err != nil {
		return 0, 0, err
	}
	return c.Cache.Prune(ctx)
}

// NodesWith gives the URLs of the nodes that have an image in their cache.
func (c *Curator) NodesWith(ctx context.Context, who *glance.Caller, id string) ([]string, error) {
	if err := c.may(ctx, who, policy.ListCachedNodes, nil); err != nil {
		return nil, err
	}
	if c.Nodes == nil {
		return nil, glance.Errorf(glance.Conflict, "Centralized caching is not enabled")
	}
	if _, err := c.image(ctx, who, id); err != nil {
		return nil, err
	}
	return c.Nodes.NodesWith(ctx, id)
}
