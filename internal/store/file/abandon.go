package file

import (
	"context"
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"time"

	"glance/internal/store"
)

// Abandon removes what an attempt left: its hidden file, and the image that it
// published when the process died before anybody heard of it.
//
// A published file alone does not tell whose it is: this attempt may have
// failed because another had published before, and may then have removed its
// own hidden file. Removing by name would destroy the other's data; leaving it
// would keep the id occupied for ever. So every attempt marks its file before
// it is published (see setMark), and only a file with the mark is removed.
// Where the file system is too coarse for the mark, published data stays.
func (s *Store) Abandon(_ context.Context, up store.Upload) error {
	if err := checkNames(up); err != nil {
		return err
	}
	var all []error
	for _, d := range s.dirs {
		all = append(all, abandonIn(d.path, up))
	}
	return errors.Join(all...)
}

func abandonIn(dir string, up store.Upload) error {
	left := []string{partName(dir, up)}
	final := filepath.Join(dir, up.ImageID)
	if info, err := os.Lstat(final); err == nil && time.Duration(info.ModTime().Nanosecond()) == mark(up.Attempt) {
		left = append(left, final)
	}
	removed := false
	for _, path := range left {
		switch err := os.Remove(path); {
		case err == nil:
			removed = true
		case !errors.Is(err, os.ErrNotExist):
			return err
		}
	}
	if !removed {
		return nil
	}
	return syncDir(dir) // before the journal forgets the attempt
}

// setMark notes the attempt in the fraction of a second of the modification
// time, in whole microseconds: every file system that is fit for images keeps
// those, network ones too, while extended attributes are missing on many. It
// must be the last change before the file is synced.
func setMark(f *os.File, attempt string) error {
	second := time.Now().Add(-time.Second).Truncate(time.Second) // never in the future
	return os.Chtimes(f.Name(), time.Time{}, second.Add(mark(attempt)))
}

// mark is never 0, which is what coarse file systems give everyone.
func mark(attempt string) time.Duration {
	h := fnv.New64a()
	h.Write([]byte(attempt))
	return time.Duration(1+h.Sum64()%999_999) * time.Microsecond
}
