package images

import (
	"context"

	"glance/internal/glance"
	"glance/internal/policy"
)

// The calls of before the cache had an API (spec images-v2 §22.2): they know no
// images, only ids.

// OldCached gives what is cached.
func (c *Curator) OldCached(ctx context.Context, who *glance.Caller) ([]glance.CachedImage, error) {
	if err := c.may(ctx, who, policy.ManageImageCache, nil); err != nil {
		return nil, err
	}
	return c.Cache.List(ctx)
}

// OldDelete removes an image from the cache.
func (c *Curator) OldDelete(ctx context.Context, who *glance.Caller, id string) error {
	if err := c.may(ctx, who, policy.ManageImageCache, nil); err != nil {
		return err
	}
	return c.Cache.Delete(ctx, id)
}

// OldDeleteAll empties the cache and tells how many images were in it.
func (c *Curator) OldDeleteAll(ctx context.Context, who *glance.Caller) (int, error) {
	if err := c.may(ctx, who, policy.ManageImageCache, nil); err != nil {
		return 0, err
	}
	return c.Cache.DeleteAll(ctx)
}

// OldQueued gives the ids of the images that are wanted.
func (c *Curator) OldQueued(ctx context.Context, who *glance.Caller) ([]string, error) {
	if err := c.may(ctx, who, policy.ManageImageCache, nil); err != nil {
		return nil, err
	}
	return c.Cache.QueueList()
}

// OldQueue queues an image for the prefetcher.
func (c *Curator) OldQueue(ctx context.Context, who *glance.Caller, id string) error {
	if err := c.may(ctx, who, policy.ManageImageCache, nil); err != nil {
		return err
	}
	return c.Cache.Queue(id)
}

// OldUnqueue takes an image from the queue.
func (c *Curator) OldUnqueue(ctx context.Context, who *glance.Caller, id string) error {
	if err := c.may(ctx, who, policy.ManageImageCache, nil); err != nil {
		return err
	}
	_, err := c.Cache.Unqueue(id)
	return err
}

// OldUnqueueAll empties the queue and tells how many images were in it.
func (c *Curator) OldUnqueueAll(ctx context.Context, who *glance.Caller) (int, error) {
	if err := c.may(ctx, who, policy.ManageImageCache, nil); err != nil {
		return 0, err
	}
	return c.Cache.UnqueueAll()
}
