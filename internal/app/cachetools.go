package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"glance/internal/config"
	"glance/internal/housekeeping"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/oslolog"
)

// GlanceCachePruner makes the image cache fit its size; the result is the exit
// code (spec cache §7).
func GlanceCachePruner(ctx context.Context, in config.Input, stdout, stderr io.Writer) int {
	return cacheTool(ctx, in, "pruner", (*cacheWork).prune, stdout, stderr)
}

// GlanceCacheCleaner removes what failed and what was left half-written from
// the image cache.
func GlanceCacheCleaner(ctx context.Context, in config.Input, stdout, stderr io.Writer) int {
	return cacheTool(ctx, in, "cleaner", (*cacheWork).clean, stdout, stderr)
}

// GlanceCachePrefetcher brings the images that are queued into the image cache.
func GlanceCachePrefetcher(ctx context.Context, in config.Input, stdout, stderr io.Writer) int {
	return cacheTool(ctx, in, "prefetcher", (*cacheWork).prefetch, stdout, stderr)
}

// cacheWork is what a program works with.
type cacheWork struct {
	cacheRoom
	cfg *config.API
	db  metadata.Store
	log *slog.Logger
}

func cacheTool(ctx context.Context, in config.Input, name string, run func(*cacheWork, context.Context) error, stdout, stderr io.Writer) int {
	_, _ = fmt.Fprintf(stderr, "The Glance cache %s has been deprecated since the Epoxy (2025.1) release. It will be removed in the G (2026.1) release. "+
		"The Cache API should be used instead.\n", name)
	cfg, _, err := config.LoadTool(in, nil, "", false)
	if err == nil {
		err = withCache(ctx, cfg, run)
	}
	return config.Report(toolFailure(err), stdout, stderr)
}

func withCache(ctx context.Context, cfg *config.API, run func(*cacheWork, context.Context) error) (err error) {
	logs, err := oslolog.Open(cfg.Program, false, oslolog.Options(cfg.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logs.Close()) }()
	ctx, done := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer done()
	w := &cacheWork{cfg: cfg, log: slog.New(logs)}
	g, db, err := toolDatabase(ctx, cfg, w.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	w.db = db
	if w.cacheRoom, err = openCache(ctx, cfg, w.db, false, w.log); err != nil {
		return err
	}
	g.onClose(w.cache.Close)
	return run(w, ctx)
}

func (w *cacheWork) prune(ctx context.Context) error {
	files, bytes, err := w.cache.Prune(ctx)
	w.log.InfoContext(ctx, "pruned the image cache", "files", files, "bytes", bytes)
	return err
}

func (w *cacheWork) clean(ctx context.Context) error { return w.cache.Clean(ctx) }

// prefetchPool is how many images are fetched at the same time.
const prefetchPool = 8

func (w *cacheWork) prefetch(ctx context.Context) error {
	stores, err := buildStores(w.cfg, w.log)
	if err != nil {
		return err
	}
	from := &images.Downloader{Images: w.db, Stores: stores, Cache: w.cache, Log: w.log}
	return (&housekeeping.Prefetcher{Cache: w.cache, Downloader: from, Pool: prefetchPool}).Run(ctx)
}
