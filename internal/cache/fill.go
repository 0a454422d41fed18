package cache

import (
	"context"
	"crypto/md5" //nolint:gosec // the checksum of images, as clients see it
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"time"

	"glance/internal/glance"
)

// Want is what a file has to be to become one of the cache.
type Want struct {
	ImageID  string
	Size     int64  // bytes; negative is any
	Checksum string // md5 in hexadecimal; empty is any
}

// Fill is a file that is being written. It is for one goroutine, and End ends
// it.
type Fill struct {
	cache   *Cache
	want    Want
	file    *os.File
	hash    hash.Hash
	written int64
	failed  error
}

// settleTime is how long the index may take when its caller is gone already.
const settleTime = 10 * time.Second

var (
	errChecksum = errors.New("the data does not have the checksum of the image")
	errSize     = errors.New("the data is not as long as the image")
	errDropped  = errors.New("the image was dropped from the cache meanwhile")
)

// Begin begins to write an image; nil when it is cached, when somebody is
// writing it, and when it cannot be written, which is logged.
func (c *Cache) Begin(ctx context.Context, want Want) *Fill {
	id := want.ImageID
	if !c.isImage(id) || exists(c.path(id)) {
		return nil
	}
	f, err := c.claim(c.path(incomplete, id))
	if err != nil {
		c.log.WarnContext(ctx, "an image cannot be cached", "image_id", id, "error", err)
	}
	if f == nil {
		return nil
	}
	fill := &Fill{cache: c, want: want, file: f, hash: md5.New()} //nolint:gosec // as above
	if exists(c.path(id)) {                                       // whoever wrote it was done just now
		fill.discard(c.path(incomplete, id))
		return nil
	}
	return fill
}

// claim gives the file at path, empty, locked and marked; nil when it is
// somebody else's.
func (c *Cache) claim(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	switch {
	case errors.Is(err, fs.ErrExist):
		return c.takeOver(path)
	case err != nil:
		return nil, err
	}
	lock(f, true) // somebody may be looking whether the file was left
	mark(f)
	return f, nil
}

// takeOver gives the file at path when whoever wrote it is gone.
func (c *Cache) takeOver(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it was finished just now; the next one to ask finds out how
	}
	if err != nil {
		return nil, err
	}
	if !lock(f, false) || !same(f, path) || !c.left(f) {
		return nil, f.Close()
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	mark(f)
	return f, nil
}

// left reports whether a file that nobody has locked is nobody's: it is one of
// ours, or has not been written to for long.
func (c *Cache) left(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && (marked(f) || time.Since(info.ModTime()) > c.cfg.StallTime)
}

// same reports whether path still names the file.
func same(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(mine, named)
}

// Write adds data. After an error nothing more is written.
func (f *Fill) Write(p []byte) (int, error) {
	if f.failed != nil {
		return 0, f.failed
	}
	n, err := f.file.Write(p)
	f.written += int64(n)
	_, _ = f.hash.Write(p[:n]) // never fails
	f.failed = err
	return n, err
}

// End ends the file: as one of the cache when nothing failed and it is what it
// has to be, else as an invalid one. cause says why the data is not whole; nil
// when all of it was written. The error says why the image is not cached.
func (f *Fill) End(ctx context.Context, cause error) error {
	id := f.want.ImageID
	from := f.cache.path(incomplete, id)
	switch {
	case cause != nil || f.failed != nil:
		cause = errors.Join(cause, f.failed)
	case f.want.Size >= 0 && f.written != f.want.Size:
		cause = errSize
	case f.want.Checksum != "" && hex.EncodeToString(f.hash.Sum(nil)) != f.want.Checksum:
		cause = errChecksum
	}
	if !same(f.file, from) {
		return errors.Join(errDropped, f.file.Close())
	}
	if cause != nil {
		f.reject(from)
		return cause
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := f.publish(ctx, from); err != nil {
		return fmt.Errorf("put an image into the cache: %w", err)
	}
	return nil
}

// publish gives the file its name, and only then the record: a record without a
// file would lie, a file without one is found by Settle and Prune.
func (f *Fill) publish(ctx context.Context, from string) error {
	c, id := f.cache, f.want.ImageID
	unmark(f.file)
	if err := os.Rename(from, c.path(id)); err != nil {
		f.discard(from)
		return err
	}
	if err := f.file.Close(); err != nil {
		return errors.Join(err, c.Delete(ctx, id))
	}
	now := time.Now()
	err := c.index.Add(ctx, glance.CachedImage{ImageID: id, LastAccessed: now, LastModified: now, Size: f.written})
	if err != nil {
		return errors.Join(err, c.Delete(ctx, id))
	}
	if !c.Has(id) { // it was dropped in between
		return errors.Join(errDropped, c.index.Remove(ctx, id))
	}
	_, err = c.Unqueue(id)
	return err
}

// reject keeps the file for whoever wants to know what was wrong with it.
func (f *Fill) reject(from string) {
	unmark(f.file)
	if os.Rename(from, f.cache.path(invalid, f.want.ImageID)) != nil {
		_ = os.Remove(from) // Clean tries again
	}
	_ = f.file.Close() // what is wrong is known
}

func (f *Fill) discard(path string) {
	_ = os.Remove(path) // Clean tries again
	_ = f.file.Close()
}
