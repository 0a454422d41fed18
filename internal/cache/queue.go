package cache

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"glance/internal/glance"
)

// Queue asks for an image to be fetched. One that is cached, being written or
// queued already stays as it is. Invalid: no file can have the id as its name.
func (c *Cache) Queue(id string) error {
	if !c.isImage(id) {
		return glance.Errorf(glance.Invalid, "No image has the id %q.", id)
	}
	if exists(c.path(id)) || exists(c.path(incomplete, id)) {
		return nil
	}
	f, err := os.OpenFile(c.path(queue, id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("queue an image: %w", err)
	}
	// The clock that the kernel stamps files with stands still for milliseconds.
	now := time.Now()
	return errors.Join(f.Close(), os.Chtimes(f.Name(), now, now))
}

// Queued reports whether an image is wanted.
func (c *Cache) Queued(id string) bool { return c.isImage(id) && exists(c.path(queue, id)) }

// QueueList gives the ids of the images that are wanted, in the order in which
// they were asked for.
func (c *Cache) QueueList() ([]string, error) {
	list, err := Files(filepath.Join(c.cfg.Dir, queue))
	slices.SortStableFunc(list, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	ids := make([]string, len(list))
	for i, f := range list {
		ids[i] = f.Name()
	}
	return ids, err
}

// Unqueue takes an image from the queue and reports whether it was there.
func (c *Cache) Unqueue(id string) (bool, error) {
	if !c.isImage(id) {
		return false, nil
	}
	return unlink(c.path(queue, id))
}

// UnqueueAll empties the queue and gives the number of images that were in it.
func (c *Cache) UnqueueAll() (n int, err error) {
	ids, err := c.QueueList()
	for _, id := range ids {
		there, failed := c.Unqueue(id)
		if err = errors.Join(err, failed); there {
			n++
		}
	}
	return n, err
}
