package replicate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"glance/internal/glance"
)

const (
	dataSuffix    = ".img"
	partialSuffix = ".partial" // of files that are not complete
)

// Dump writes every image of a server to a directory: its description to a file
// that is called like its id, and the data of active images beside it, to
// ID.img. Images whose description is there are left alone.
func (r *Replicator) Dump(ctx context.Context, from *Server, dir string) error {
	unlock, err := lock(dir)
	if err != nil {
		return err
	}
	defer unlock()
	return r.each(ctx, from, func(img Image) error {
		r.Log.DebugContext(ctx, fmt.Sprintf("Considering: %s (%s) (%d bytes)", img.id(), img.name(), img.size()))
		if !isUUID(img.id()) {
			return glance.Errorf(glance.Invalid, "the id is no UUID")
		}
		path := filepath.Join(dir, img.id())
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		r.Log.InfoContext(ctx, fmt.Sprintf("Storing: %s (%s) (%d bytes) in %s", img.id(), img.name(), img.size(), path+dataSuffix))
		if img.status() == active && !r.MetaOnly {
			if err := r.dumpData(ctx, from, img, path+dataSuffix); err != nil {
				return err
			}
		}
		text, err := json.Marshal(img)
		if err != nil {
			return err
		}
		return r.write(path, bytes.NewReader(text))
	})
}

func (r *Replicator) dumpData(ctx context.Context, from *Server, img Image, path string) error {
	if img["size"] != nil && img.size() == 0 {
		return r.write(path, bytes.NewReader(nil))
	}
	data, err := from.download(ctx, img.id())
	if err != nil {
		return asMissing(err)
	}
	defer data.Close()
	return r.write(path, verify(img, data))
}

// write makes a file that appears when all of it is on disk.
func (r *Replicator) write(path string, src io.Reader) (err error) {
	partial := path + partialSuffix
	f, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640) //nolint:gosec // whoever calls us named it
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(partial))
		}
	}()
	// Only the two methods: a file would go its own way, with buffers of its own.
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{src}, make([]byte, r.Chunk))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(partial, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// lock keeps other dumps out of a directory as long as this process lives.
func lock(path string) (unlock func(), err error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = dir.Close() // the lock is what is missing
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, glance.Errorf(glance.Conflict, "another glance-replicator dumps to %s", path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = dir.Close() }, nil // nothing was written through it
}
