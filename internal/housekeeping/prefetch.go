package housekeeping

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"glance/internal/cache"
	"glance/internal/images"
)

// Prefetcher brings images that are queued into the cache.
type Prefetcher struct {
	Cache      *cache.Cache
	Downloader *images.Downloader
	Pool       int // images at the same time; less than 1 is 1
}

// Run fetches every image that is queued. One process does so at a time. What
// fails with one image stays in the queue and is among the errors.
func (p *Prefetcher) Run(ctx context.Context) error {
	return p.Cache.Alone(ctx, "glance-cache", func() error {
		ids, err := p.Cache.QueueList()
		if err != nil {
			return err
		}
		errs := make([]error, len(ids))
		free := make(chan struct{}, max(1, p.Pool))
		var pool sync.WaitGroup
		for i, id := range ids {
			free <- struct{}{}
			pool.Go(func() {
				defer func() { <-free }()
				if err := p.Downloader.Prefetch(ctx, id); err != nil {
					errs[i] = fmt.Errorf("image %s: %w", id, err)
				}
			})
		}
		pool.Wait()
		return errors.Join(errs...)
	})
}
