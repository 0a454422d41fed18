package cache

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"glance/internal/glance"
)

// Prune removes images until the others have at most MaxSize bytes, those first
// that nobody has asked for the longest. It tells how many it removed, and their
// bytes. One process prunes at a time.
func (c *Cache) Prune(ctx context.Context) (files int, bytes int64, err error) {
	err = c.Alone(ctx, "glance-cache-prune", func() error {
		files, bytes, err = c.prune(ctx)
		return err
	})
	return files, bytes, err
}

func (c *Cache) prune(ctx context.Context) (files int, bytes int64, err error) {
	list, err := c.files()
	if err != nil {
		return 0, 0, err
	}
	total := int64(0)
	for _, f := range list {
		total += f.Size()
	}
	if total <= c.cfg.MaxSize {
		return 0, 0, nil
	}
	if err := c.leastRecent(ctx, list); err != nil {
		return 0, 0, err
	}
	for _, f := range list {
		if total <= c.cfg.MaxSize || err != nil {
			break
		}
		var there bool
		there, err = c.remove(ctx, f.Name())
		total -= f.Size()
		if there {
			files, bytes = files+1, bytes+f.Size()
		}
	}
	return files, bytes, err
}

// leastRecent sorts files by when somebody asked for them; those without a
// record by when they were written.
func (c *Cache) leastRecent(ctx context.Context, list []fs.FileInfo) error {
	records, err := c.index.List(ctx)
	if err != nil {
		return err
	}
	accessed := make(map[string]time.Time, len(records))
	for _, r := range records {
		accessed[r.ImageID] = r.LastAccessed
	}
	last := func(f fs.FileInfo) time.Time {
		if at, ok := accessed[f.Name()]; ok {
			return at
		}
		return f.ModTime()
	}
	slices.SortStableFunc(list, func(a, b fs.FileInfo) int { return last(a).Compare(last(b)) })
	return nil
}

// Clean removes invalid files, and incomplete ones that nobody has written to
// for the stall time. One process cleans at a time.
func (c *Cache) Clean(ctx context.Context) error {
	return c.Alone(ctx, "glance-cache-clean", func() error {
		var failed error
		for _, path := range c.below(invalid) {
			if _, err := unlink(path); err != nil {
				failed = errors.Join(failed, err)
			}
		}
		for _, path := range c.below(incomplete) {
			failed = errors.Join(failed, c.removeLeft(path, func(f *os.File) bool {
				info, err := f.Stat()
				return err == nil && time.Since(info.ModTime()) > c.cfg.StallTime
			}))
		}
		return failed
	})
}

// below are the paths of the files in a directory of the cache.
func (c *Cache) below(dir string) (paths []string) {
	list, _ := Files(c.path(dir)) // none in a directory that cannot be read
	for _, f := range list {
		paths = append(paths, filepath.Join(c.path(dir), f.Name()))
	}
	return paths
}

// removeLeft removes an incomplete file that nobody writes and that is left.
func (c *Cache) removeLeft(path string, left func(*os.File) bool) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if !lock(f, false) || !same(f, path) || !left(f) {
		return nil
	}
	_, err = unlink(path)
	return err
}

// Settle brings directory and index together at the start of a process: it
// removes what an earlier one of ours was killed over, forgets records without a
// file and remembers files without a record.
func (c *Cache) Settle(ctx context.Context) error {
	var failed error
	for _, path := range c.below(incomplete) {
		failed = errors.Join(failed, c.removeLeft(path, marked))
	}
	records, err := c.index.List(ctx)
	if err != nil {
		return errors.Join(failed, err)
	}
	known := map[string]bool{}
	for _, r := range records {
		if known[r.ImageID] = c.Has(r.ImageID); !known[r.ImageID] {
			failed = errors.Join(failed, c.index.Remove(ctx, r.ImageID))
		}
	}
	list, err := c.files()
	for _, f := range list {
		if !known[f.Name()] {
			failed = errors.Join(failed, c.index.Add(ctx, glance.CachedImage{
				ImageID: f.Name(), LastAccessed: f.ModTime(), LastModified: f.ModTime(), Size: f.Size(),
			}))
		}
	}
	return errors.Join(failed, err)
}
