package file

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"glance/internal/glance"
	"glance/internal/store"
)

// Open gives the file itself, positioned at offset; see store.Driver.
func (s *Store) Open(_ context.Context, url string, offset int64) (store.Data, error) {
	path, err := filePath(url)
	if err != nil {
		return store.Data{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return store.Data{}, unread(path, err)
	}
	size, err := position(f, offset)
	if err != nil {
		f.Close()
		return store.Data{}, unread(path, err)
	}
	return store.Data{ReadCloser: f, Size: size}, nil
}

func position(f *os.File, offset int64) (size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, os.ErrNotExist
	}
	if offset > 0 {
		_, err = f.Seek(offset, io.SeekStart)
	}
	return info.Size(), err
}

// Size asks for the length of the file; see store.Driver.
func (s *Store) Size(_ context.Context, url string) (int64, error) {
	path, err := filePath(url)
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = os.ErrNotExist
	}
	if err != nil {
		return 0, unread(path, err)
	}
	return info.Size(), nil
}

// Delete removes the file; see store.Driver.
func (s *Store) Delete(_ context.Context, url string) error {
	path, err := filePath(url)
	if err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err == nil && info.IsDir() {
		err = os.ErrNotExist
	}
	if err == nil {
		err = os.Remove(path)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrNotExist):
		return store.NoImage(path, err)
	}
	return glance.Because(glance.Forbidden, err, "You cannot delete file "+path)
}

// Owns reports whether url lies in one of the directories.
func (s *Store) Owns(url string) bool {
	path, err := filePath(url)
	return err == nil && slices.ContainsFunc(s.dirs, func(d dir) bool {
		in, ok := strings.CutPrefix(path, strings.TrimSuffix(d.path, "/")+"/")
		return ok && in != ""
	})
}

// filePath gives the file that url means, wherever it lies: images that were
// stored before an operator moved the directories must go on working. No user
// can make such a URL: locations with the schemes of this store are refused.
func filePath(url string) (string, error) {
	rest, ok := strings.CutPrefix(url, scheme)
	if !ok {
		if rest, ok = strings.CutPrefix(url, "filesystem://"); !ok {
			return "", store.BadURL("it is not one of a file")
		}
	}
	// Compat: nothing is unescaped; the original writes paths as they are, and
	// relative ones where datadir is relative.
	path, err := filepath.Abs(strings.TrimSpace(rest))
	if err != nil {
		return "", store.BadURL("%w", err)
	}
	return path, nil
}

// unread classifies what the system says about reading.
func unread(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) || isNotDir(err) {
		return store.NoImage(path, err)
	}
	return store.Unreachable(err)
}
