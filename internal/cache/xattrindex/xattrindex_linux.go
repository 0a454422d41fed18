package xattrindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"glance/internal/cache"
	"glance/internal/glance"
)

const attribute = "user.hits"

// Index is the attributes of the files in a directory.
type Index struct {
	dir string
	mu  sync.Mutex // of hits: an attribute cannot be incremented in one step
}

var _ cache.Index = (*Index)(nil)

// Open looks whether files in dir can have attributes.
func Open(dir string) (*Index, error) {
	f, err := os.CreateTemp(dir, ".attributes-*")
	if err != nil {
		return nil, fmt.Errorf("try the attributes of files in the image cache: %w", err)
	}
	err = errors.Join(f.Close(), setHits(f.Name(), 1), os.Remove(f.Name()))
	if err != nil {
		return nil, fmt.Errorf("files in %s cannot have extended attributes: %w", dir, err)
	}
	return &Index{dir: dir}, nil
}

func setHits(path string, n int64) error {
	return syscall.Setxattr(path, attribute, strconv.AppendInt(nil, n, 10), 0)
}

// hits of a file without the attribute are none.
func hits(path string) int64 {
	text := make([]byte, 20)
	n, err := syscall.Getxattr(path, attribute, text)
	if err != nil {
		return 0
	}
	count, _ := strconv.ParseInt(strings.TrimSpace(string(text[:n])), 10, 64)
	return count
}

func (x *Index) path(imageID string) (string, bool) {
	return filepath.Join(x.dir, imageID), cache.IsImage(imageID)
}

// Add implements cache.Index. The size is that of the file.
func (x *Index) Add(_ context.Context, img glance.CachedImage) error {
	path, ok := x.path(img.ImageID)
	if !ok {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return unlessGone(errors.Join(setHits(path, img.Hits), os.Chtimes(path, img.LastAccessed, img.LastModified)))
}

// unlessGone: a file that was removed meanwhile needs no attributes.
func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Hit implements cache.Index.
func (x *Index) Hit(_ context.Context, imageID string, at time.Time) error {
	path, ok := x.path(imageID)
	if !ok {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return unlessGone(errors.Join(setHits(path, hits(path)+1), os.Chtimes(path, at, time.Time{})))
}

// List implements cache.Index: records come by id.
func (x *Index) List(context.Context) ([]glance.CachedImage, error) {
	files, err := cache.Files(x.dir)
	list := make([]glance.CachedImage, 0, len(files))
	for _, f := range files {
		img := glance.CachedImage{ImageID: f.Name(), LastModified: f.ModTime().UTC(), Size: f.Size(), Hits: hits(filepath.Join(x.dir, f.Name()))}
		if st, ok := f.Sys().(*syscall.Stat_t); ok {
			img.LastAccessed = time.Unix(st.Atim.Unix()).UTC()
		}
		list = append(list, img)
	}
	return list, err
}

// Remove implements cache.Index: the record goes with the file, which goes first.
func (x *Index) Remove(context.Context, string) error { return nil }
