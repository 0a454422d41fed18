package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"glance/internal/cache"
	cacheall "glance/internal/cache/all"
	"glance/internal/config"
	"glance/internal/housekeeping"
	"glance/internal/images"
	"glance/internal/ini"
	"glance/internal/metadata"
)

// cacheRoom is the image cache of this node; the zero value is none.
type cacheRoom struct {
	cache  *cache.Cache
	driver string
	nodes  metadata.Caches // nil unless the driver is the database's
}

// buildCache opens the image cache, and brings its directory and its records
// together.
func buildCache(ctx context.Context, g *Generation, cfg *config.API, db metadata.Store) (room cacheRoom, err error) {
	if err := checkCache(cfg); err != nil || cfg.Cache.Dir == "" {
		return room, err
	}
	if room, err = openCache(ctx, cfg, db, true, g.log); err != nil {
		return room, config.Fail(config.CodeFailure, err)
	}
	g.onClose(room.cache.Close)
	if err := room.cache.Settle(ctx); err != nil {
		g.log.WarnContext(ctx, "the image cache is not as it is described; glance-cache-cleaner or pruner may help", "error", err)
	}
	return room, nil
}

// openCache opens the image cache; migrate takes over what the driver sqlite
// left.
func openCache(ctx context.Context, cfg *config.API, db metadata.Caches, migrate bool, log *slog.Logger) (room cacheRoom, err error) {
	opt := &cfg.Cache
	if opt.Dir == "" {
		return room, errors.New("image_cache_dir is not set")
	}
	room.cache, room.driver, err = cacheall.Open(ctx, cacheall.Options{
		Driver: opt.Driver, Dir: opt.Dir, MaxSize: opt.MaxSize, StallTime: seconds(opt.StallTime), SQLiteDB: opt.SQLiteDB, Migrate: migrate,
		Open: func(ctx context.Context) (cache.Index, error) {
			if cfg.Images.WorkerSelfReference == "" {
				return nil, errors.New("worker_self_reference_url is not set")
			}
			return db.CacheOf(ctx, cfg.Images.WorkerSelfReference)
		},
	}, log)
	if room.driver == cacheall.Central {
		room.nodes = db
	}
	return room, err
}

// checkCache is the rule of the original about the node's name, for those who
// ask for that driver. Compat: it looks for "cache" in the flavor, which
// "caching" does not have. Whoever does not say which driver may have a
// configuration from when it was sqlite, which stands in where there is no name
// (spec cache §1).
func checkCache(cfg *config.API) error {
	if strings.Contains(cfg.PasteDeploy.Flavor, "cache") && cfg.Source.IsSet(ini.DefaultSection, "image_cache_driver") &&
		cfg.Cache.Driver == cacheall.Central && cfg.Images.WorkerSelfReference == "" {
		return config.Fail(config.CodeFailure, errors.New("'worker_self_reference_url' needs to be set if `centralized_db` is defined as "+
			"cache driver for image_cache_driver config option."))
	}
	return nil
}

// buildCurator makes what looks after the cache, and starts what fetches into
// it. The end of the process waits for that, but not for longer than for
// requests.
func buildCurator(s site, g *Generation, r room, downloader *images.Downloader) *images.Curator {
	curator := &images.Curator{Images: r.db, Policy: r.policy, Cache: r.cache.cache, Nodes: r.cache.nodes}
	if r.cache.cache == nil {
		return curator
	}
	fetcher := housekeeping.NewFetcher(s.life, downloader, g.hold, s.log)
	curator.Fetch = fetcher.Want
	g.onDrain(fetcher.Drain)
	g.onClose(func() error {
		fetcher.Drain(s.life)
		return nil
	})
	return curator
}
