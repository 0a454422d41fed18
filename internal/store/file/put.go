package file

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"glance/internal/glance"
	"glance/internal/store"
)

const scheme = "file://"

// Put writes an image; see store.Driver.
func (s *Store) Put(ctx context.Context, up store.Upload, r io.Reader) (store.Object, error) {
	if err := checkNames(up); err != nil {
		return store.Object{}, err
	}
	for _, d := range s.dirs { // before the data is moved; publish decides
		final := filepath.Join(d.path, up.ImageID)
		if _, err := os.Lstat(final); err == nil {
			return store.Object{}, store.Duplicate(final)
		}
	}
	path, err := s.choose(up.Size)
	if err != nil {
		return store.Object{}, err
	}
	final := filepath.Join(path, up.ImageID)
	size, err := s.write(ctx, up, path, final, r)
	if err != nil {
		return store.Object{}, err
	}
	return store.Object{URL: scheme + final, Size: size, Metadata: s.metadata(final)}, nil
}

// checkNames refuses what would be another file than is meant.
func checkNames(up store.Upload) error {
	for _, name := range []string{up.ImageID, up.Attempt} {
		if name == "" || name[0] == '.' || strings.ContainsAny(name, "/\x00") || len(name) > 100 {
			return glance.Errorf(glance.Invalid, "%q cannot name a file", name)
		}
	}
	return nil
}

// partName is the hidden name of an attempt.
func partName(dir string, up store.Upload) string {
	return filepath.Join(dir, "."+up.ImageID+"."+up.Attempt+".part")
}

// write makes the file under its hidden name and publishes it.
func (s *Store) write(ctx context.Context, up store.Upload, dir, final string, r io.Reader) (size int64, err error) {
	part, published := partName(dir, up), false
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // Compat: the umask decides
	if err != nil {
		return 0, s.failed(err)
	}
	defer func() { // also when r panics
		f.Close()
		if !published {
			s.remove(part)
		}
	}()
	size, err = s.fill(ctx, f, up, r)
	if err != nil {
		return 0, err
	}
	if err := s.settle(f, up); err != nil {
		return 0, s.failed(err)
	}
	if err := publish(part, final); err != nil {
		if errors.Is(err, os.ErrExist) {
			return 0, store.Duplicate(final)
		}
		return 0, s.failed(err)
	}
	published = true
	if err := syncDir(dir); err != nil {
		s.remove(final)
		return 0, s.failed(err)
	}
	return size, nil
}

// fill copies the data and checks how much it is.
func (s *Store) fill(ctx context.Context, f *os.File, up store.Upload, r io.Reader) (int64, error) {
	w := &sink{ctx: ctx, file: f, want: up.Size, buffers: &s.buffers}
	if s.thin {
		w.chunk = s.chunk
	}
	err := w.takeAll(r)
	if w.failed != nil {
		return 0, s.failed(w.failed)
	}
	if err != nil {
		return 0, err // the reader's own
	}
	if up.Size != store.SizeUnknown && w.size != up.Size {
		return 0, store.SizeMismatch(up.Size, w.size)
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return w.size, s.failed(w.finish())
}

// settle makes the file what it is to be for ever, on the disk.
func (s *Store) settle(f *os.File, up store.Upload) error {
	if s.setPerm {
		if err := f.Chmod(s.perm); err != nil {
			s.log.Warn("Unable to set permission to image", "path", f.Name(), "error", err)
		}
	}
	if err := setMark(f, up.Attempt); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) remove(path string) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.log.Error("Unable to remove partial image data", "path", path, "error", err)
	}
}

// failed classifies what the system says about writing.
func (s *Store) failed(err error) error {
	var known *glance.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EFBIG), errors.Is(err, syscall.EDQUOT):
		return store.Full(err)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EROFS):
		return store.WriteDenied(err)
	}
	return err
}
