package housekeeping

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"glance/internal/images"
)

// Fetcher fetches images into the cache beside requests, one after the other.
type Fetcher struct {
	ctx  context.Context //nolint:containedctx // the work is nobody's request
	cut  context.CancelFunc
	from *images.Downloader
	hold func() (release func())
	log  *slog.Logger

	mu      sync.Mutex
	ids     []string      // the first one is being fetched
	running chan struct{} // closed when ids has become empty; nil when it is
	ended   bool
}

// NewFetcher makes a fetcher, which Drain ends, or the end of ctx. hold is called
// when there is something to do, and what it returns when all is done: it keeps
// alive what the fetcher works with.
func NewFetcher(ctx context.Context, from *images.Downloader, hold func() (release func()), log *slog.Logger) *Fetcher {
	ctx, cut := context.WithCancel(ctx)
	return &Fetcher{ctx: ctx, cut: cut, from: from, hold: hold, log: log}
}

// Want has an image fetched, unless it waits for that already. What comes after
// Drain stays in the queue of the cache.
func (f *Fetcher) Want(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended || slices.Contains(f.ids, id) {
		return
	}
	f.ids = append(f.ids, id)
	if f.running == nil {
		f.running = make(chan struct{})
		release := f.hold()
		go func() {
			defer release() // last: it may close what the fetcher works with
			f.run()
		}()
	}
}

func (f *Fetcher) run() {
	for id, ok := f.first(); ok; id, ok = f.next() {
		if err := f.from.Prefetch(f.ctx, id); err != nil {
			f.log.WarnContext(f.ctx, "an image was not brought into the cache", "image_id", id, "error", err)
		}
	}
}

func (f *Fetcher) first() (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ids[0], true
}

// next is done with an image and gives the one after it.
func (f *Fetcher) next() (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids = f.ids[1:]
	if len(f.ids) > 0 && f.ctx.Err() == nil {
		return f.ids[0], true
	}
	f.ids = nil
	close(f.running)
	f.running = nil
	return "", false
}

// Drain takes no more, and returns when what was wanted is fetched. The end of
// ctx cuts that: the rest stays in the queue of the cache.
func (f *Fetcher) Drain(ctx context.Context) {
	f.mu.Lock()
	f.ended = true
	running := f.running
	f.mu.Unlock()
	defer f.cut()
	if running == nil {
		return
	}
	select {
	case <-running:
	case <-ctx.Done():
		f.cut()
		<-running
	}
}
