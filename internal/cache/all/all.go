package all

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"glance/internal/cache"
	"glance/internal/cache/sqliteindex"
	"glance/internal/cache/xattrindex"
)

// The values of image_cache_driver.
const (
	Central = "centralized_db"
	SQLite  = "sqlite"
	XAttr   = "xattr"
)

// Options say which cache to open.
type Options struct {
	Driver    string // image_cache_driver
	Dir       string // image_cache_dir
	MaxSize   int64  // bytes
	StallTime time.Duration
	SQLiteDB  string // image_cache_sqlite_db, relative to Dir

	// Open gives the records of this node in the database that nodes share, for
	// Central.
	Open func(ctx context.Context) (cache.Index, error)
	// Migrate moves what the driver sqlite has left into that database.
	Migrate bool
}

// Open opens a cache, and gives the driver that it has: one that cannot be used
// is logged, and sqlite stands in for it (spec cache §1).
func Open(ctx context.Context, o Options, log *slog.Logger) (c *cache.Cache, driver string, err error) {
	if err := cache.MakeDirs(o.Dir); err != nil {
		return nil, "", err
	}
	file := o.SQLiteDB
	if !filepath.IsAbs(file) {
		file = filepath.Join(o.Dir, file)
	}
	driver = o.Driver
	index, err := o.index(ctx, driver, file)
	if err != nil && driver != SQLite {
		log.WarnContext(ctx, "the image cache is described in a file of its own, as its driver cannot be used", "driver", driver, "error", err)
		driver = SQLite
		index, err = o.index(ctx, driver, file)
	}
	if err != nil {
		return nil, "", err
	}
	if driver == Central && o.Migrate {
		if err := migrate(ctx, file, index); err != nil {
			log.WarnContext(ctx, "what the driver sqlite knows of the image cache was not taken over", "error", err)
		}
	}
	cfg := cache.Config{Dir: o.Dir, MaxSize: o.MaxSize, StallTime: o.StallTime}
	if filepath.Dir(file) == filepath.Clean(o.Dir) {
		cfg.Database = filepath.Base(file)
	}
	return cache.New(cfg, index, log), driver, nil
}

func (o Options) index(ctx context.Context, driver, file string) (cache.Index, error) {
	switch driver {
	case SQLite:
		return sqliteindex.Open(ctx, file)
	case XAttr:
		return xattrindex.Open(o.Dir)
	case Central:
		return o.Open(ctx)
	}
	return nil, errors.New("image_cache_driver " + driver + " is not known")
}

// migrate moves records from the file to another index; those that are there
// already stay as they are.
func migrate(ctx context.Context, file string, to cache.Index) (err error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	from, err := sqliteindex.Open(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	present, err := to.List(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, img := range present {
		known[img.ImageID] = true
	}
	left, err := from.List(ctx)
	for _, img := range left {
		if err == nil && !known[img.ImageID] {
			err = to.Add(ctx, img)
		}
		if err == nil {
			err = from.Remove(ctx, img.ImageID)
		}
	}
	return err
}
