package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// sweepBatch is how many names are read at once.
const sweepBatch = 256

// Sweep looks through the files that have names of images; see store.Sweep.
// Hidden files, directories and links are no images.
func (s *Store) Sweep(ctx context.Context, before time.Time, gone func(imageID string, written time.Time) (bool, error)) error {
	var kept error
	for _, d := range s.dirs {
		failed, err := sweepDir(ctx, d.path, before, gone)
		if err != nil {
			return err
		}
		kept = errors.Join(kept, failed)
	}
	return kept
}

// sweepDir ends with err; kept is why the last of the files that could not be
// removed is still there.
func sweepDir(ctx context.Context, dir string, before time.Time, gone func(string, time.Time) (bool, error)) (kept, err error) {
	f, err := os.Open(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for {
		list, err := f.ReadDir(sweepBatch)
		if errors.Is(err, io.EOF) {
			return kept, nil
		}
		if err != nil {
			return kept, err
		}
		for _, entry := range list {
			if ctx.Err() != nil {
				return kept, context.Cause(ctx)
			}
			if entry.Name()[0] == '.' || !entry.Type().IsRegular() {
				continue
			}
			found, err := entry.Info()
			if err != nil || !found.ModTime().Before(before) {
				continue // gone by itself, or young
			}
			switch nobodys, err := gone(entry.Name(), found.ModTime()); {
			case err != nil:
				return kept, err
			case nobodys:
				if err := removeSame(filepath.Join(dir, entry.Name()), found); err != nil {
					kept = err
				}
			}
		}
	}
}

// removeSame removes a file if it still is the one that was found.
func removeSame(path string, found fs.FileInfo) error {
	now, err := os.Lstat(path)
	if err == nil && os.SameFile(now, found) && now.ModTime().Equal(found.ModTime()) {
		err = os.Remove(path)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
