package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"glance/internal/glance"
)

// Index remembers what the directory does not say. An image has one record.
type Index interface {
	// Add remembers an image whose file is in the directory by now; a record
	// that there is becomes this one. Number counts for nothing.
	Add(ctx context.Context, img glance.CachedImage) error
	// Hit counts a download; an image without a record is none.
	Hit(ctx context.Context, imageID string, at time.Time) error
	// List gives all records, in the index's own order.
	List(ctx context.Context) ([]glance.CachedImage, error)
	// Remove forgets an image; to know nothing of it is fine.
	Remove(ctx context.Context, imageID string) error
}

// Config says where a cache is and how it behaves.
type Config struct {
	Dir       string        // image_cache_dir
	MaxSize   int64         // bytes that Prune leaves
	StallTime time.Duration // after which Clean takes incomplete files for left
	Database  string        // name of a file of the index in Dir; empty is none
}

// Cache is the cache of this node.
type Cache struct {
	cfg    Config
	index  Index
	log    *slog.Logger
	chunks sync.Pool // of *[]byte, for Tee
	turn   chan struct{}
}

// The directories below that of the cache.
const (
	incomplete = "incomplete"
	invalid    = "invalid"
	queue      = "queue"
)

// MakeDirs makes the directories of a cache.
func MakeDirs(dir string) error {
	for _, name := range []string{incomplete, invalid, queue} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o750); err != nil {
			return fmt.Errorf("make the directories of the image cache: %w", err)
		}
	}
	return nil
}

// New makes a cache of directories that there are. Close closes the index too,
// where it can be closed.
func New(cfg Config, index Index, log *slog.Logger) *Cache {
	return &Cache{
		cfg: cfg, index: index, log: log, turn: make(chan struct{}, 1),
		chunks: sync.Pool{New: func() any { b := make([]byte, 0, chunkSize); return &b }},
	}
}

// Close closes the index.
func (c *Cache) Close() error {
	if closer, ok := c.index.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

func (c *Cache) path(elem ...string) string {
	return filepath.Join(append([]string{c.cfg.Dir}, elem...)...)
}

// Has reports whether an image is cached.
func (c *Cache) Has(id string) bool { return c.isImage(id) && exists(c.path(id)) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// isImage reports whether a name in the directory may be that of an image.
func (c *Cache) isImage(name string) bool {
	return IsImage(name) && (c.cfg.Database == "" || !strings.HasPrefix(name, c.cfg.Database))
}

// IsImage reports whether a name in the directory of a cache may be that of an
// image; others are directories, databases, and the locks of the original.
func IsImage(name string) bool {
	switch name {
	case "", incomplete, invalid, queue, "glance-cache-clean", "glance-cache-prune", "glance-cache", "image_cache_db_init",
		"sqlite_centralized_migrate":
		return false
	}
	return name[0] != '.' && len(name) <= 255 && !strings.Contains(name, ".db") && !strings.ContainsAny(name, "/\x00")
}

// Open gives the data of an image, nil when it is not cached. A file of another
// size than the image has, unless that is negative, was cut by a power failure:
// it is removed.
func (c *Cache) Open(ctx context.Context, id string, size int64) *os.File {
	if !c.isImage(id) {
		return nil
	}
	f, err := os.Open(c.path(id))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			c.log.WarnContext(ctx, "a cached image cannot be read", "image_id", id, "error", err)
		}
		return nil
	}
	info, err := f.Stat()
	switch {
	case err != nil || !info.Mode().IsRegular():
	case size >= 0 && info.Size() != size:
		c.log.WarnContext(ctx, "a cached image is not as large as it should be; it is removed", "image_id", id, "size", info.Size())
		if err := c.Delete(ctx, id); err != nil {
			c.log.WarnContext(ctx, "it cannot be removed", "image_id", id, "error", err)
		}
	default:
		return f
	}
	_ = f.Close() // it was only read
	return nil
}

// Hit counts a download.
func (c *Cache) Hit(ctx context.Context, id string) error { return c.index.Hit(ctx, id, time.Now()) }

// List gives what is remembered of all cached images.
func (c *Cache) List(ctx context.Context) ([]glance.CachedImage, error) { return c.index.List(ctx) }

// Delete removes an image from the cache; that it is not there is fine.
func (c *Cache) Delete(ctx context.Context, id string) error {
	_, err := c.remove(ctx, id)
	return err
}

func (c *Cache) remove(ctx context.Context, id string) (there bool, err error) {
	if !c.isImage(id) {
		return false, nil
	}
	there, err = unlink(c.path(id))
	return there, errors.Join(err, c.index.Remove(ctx, id))
}

// unlink removes a file and reports whether it was there.
func unlink(path string) (bool, error) {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// DeleteAll removes all images from the cache and gives their number.
func (c *Cache) DeleteAll(ctx context.Context) (n int, err error) {
	names, err := c.allNames(ctx)
	for _, id := range names {
		there, failed := c.remove(ctx, id)
		if err = errors.Join(err, failed); there {
			n++
		}
	}
	return n, err
}

// allNames are the names of all files and records.
func (c *Cache) allNames(ctx context.Context) ([]string, error) {
	files, err := c.files()
	if err != nil {
		return nil, err
	}
	records, err := c.index.List(ctx)
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	for _, r := range records {
		names = append(names, r.ImageID)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// Drop removes whatever there is of an image that is no more: its file, what is
// being written of it, its place in the queue.
func (c *Cache) Drop(ctx context.Context, id string) error {
	if !c.isImage(id) {
		return nil
	}
	_, failed := unlink(c.path(incomplete, id)) // first: it must not become a file of the cache any more
	_, err := c.Unqueue(id)
	return errors.Join(failed, err, c.Delete(ctx, id))
}

// files are the cached images.
func (c *Cache) files() ([]fs.FileInfo, error) {
	list, err := Files(c.cfg.Dir)
	return slices.DeleteFunc(list, func(f fs.FileInfo) bool { return !c.isImage(f.Name()) }), err
}

// Files are the cached images in the directory of a cache, by name.
func Files(dir string) ([]fs.FileInfo, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the directory of the image cache: %w", err)
	}
	var list []fs.FileInfo
	for _, e := range entries {
		if !e.Type().IsRegular() || !IsImage(e.Name()) {
			continue
		}
		if info, err := e.Info(); err == nil { // else it is gone by now
			list = append(list, info)
		}
	}
	return list, nil
}
