package oslolog

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// file is a log file. It may be moved by others (Reopen, Watch) or move itself
// (rotation).
type file struct {
	mu    sync.Mutex
	path  string
	f     *os.File
	size  int64
	watch bool
	roll  roller // nil without rotation
}

// roller decides when a file begins anew and moves the old one away.
type roller interface {
	due(size int64, line int, now time.Time) bool
	// move renames the file and removes the oldest ones.
	move(path string, now time.Time) error
}

func newFile(path string, o *Options) (*file, error) {
	f := &file{path: path, watch: o.Watch}
	switch strings.ToLower(o.RotationType) {
	case "", "none":
	case "size":
		// Compat: as in Python, nothing rotates when no old file is kept.
		if o.MaxFiles > 0 && o.MaxSizeMB > 0 {
			f.roll = &sizeRoller{limit: int64(o.MaxSizeMB) << 20, keep: o.MaxFiles}
		}
	case "interval":
		r, err := newTimeRoller(o, f.lastWrite())
		if err != nil {
			return nil, err
		}
		f.roll = r
	default:
		return nil, fmt.Errorf("log_rotation_type should be none, interval or size, found %q", o.RotationType)
	}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

// lastWrite is where an interval begins: with what an earlier run wrote.
func (f *file) lastWrite() time.Time {
	if info, err := os.Stat(f.path); err == nil && info.Size() > 0 {
		return info.ModTime()
	}
	return time.Now()
}

func (f *file) open() error {
	opened, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	info, err := opened.Stat()
	if err != nil {
		_ = opened.Close()
		return err
	}
	f.f, f.size = opened, info.Size()
	return nil
}

func (f *file) write(_ slog.Level, line []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return fs.ErrClosed
	}
	// A file that cannot be moved is written on: a log that grows too long is
	// better than none.
	failed := f.prepare(len(line))
	n, err := f.f.Write(line)
	f.size += int64(n)
	return errors.Join(failed, err)
}

// prepare moves to the file that the line belongs to.
func (f *file) prepare(line int) error {
	if f.watch && f.moved() {
		return f.again()
	}
	now := time.Now()
	if f.roll == nil || !f.roll.due(f.size, line, now) {
		return nil
	}
	if err := f.roll.move(f.path, now); err != nil {
		return err
	}
	return f.again()
}

// moved tells whether the name belongs to another file by now.
func (f *file) moved() bool {
	byName, err := os.Stat(f.path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	byHandle, err := f.f.Stat()
	return err == nil && !os.SameFile(byName, byHandle)
}

// again opens the name anew. The old file stays open until the new one is.
func (f *file) again() error {
	old := f.f
	if err := f.open(); err != nil {
		return err
	}
	return old.Close()
}

func (f *file) reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return fs.ErrClosed
	}
	return f.again()
}

func (f *file) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	f.f = nil
	return err
}
