package journal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// How many bytes a file has at least before it is emptied, when all entries are
// settled, and before those that are not move to a new one.
const (
	shrinkAt  = 64 << 10
	rewriteAt = 4 * shrinkAt
)

const suffix = ".journal"

// Journal is the open journal of this process.
type Journal struct {
	dir, host string

	mu      sync.Mutex // held for short writes to the file, never for a sync but that of rewrite
	file    *os.File   // opened for appending, locked
	size    int64
	rewrite int64                        // the size at which entries move to a new file
	open    map[uint64]map[string]string // entries begun and not done, by number
	number  uint64                       // of the last entry
	written uint64                       // how many notes were written
	lost    error                        // why the note of an end was not
	broken  error                        // why nothing can be trusted any more

	syncing sync.Mutex // held during a sync: others wait and find theirs done
	synced  uint64     // how many notes are on the disk
}

// Entry is something that this process is doing.
type Entry struct {
	j      *Journal
	number uint64
	done   bool // guarded by j.mu
}

// Open makes a new journal in dir, which is made when it is missing.
func Open(dir, host string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, err
	}
	for {
		f, err := create(dir, host)
		if err != nil {
			return nil, err
		}
		if f == nil {
			continue
		}
		if err := syncDir(dir); err != nil {
			f.Close()
			return nil, err
		}
		return &Journal{dir: dir, host: host, file: f, rewrite: rewriteAt, open: map[uint64]map[string]string{}}, nil
	}
}

// create makes and locks a file. A start of another process that looks for
// leftovers may see it before it is locked, and take it for one: then there is
// none, and the caller tries again.
func create(dir, host string) (*os.File, error) {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	path := filepath.Join(dir, url.PathEscape(host)+"-"+hex.EncodeToString(random)+suffix)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, err
	}
	ok, err := lock(f)
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	if !ok || !isAt(f, path) {
		return nil, f.Close()
	}
	return f, nil
}

// isAt reports whether path still names f.
func isAt(f *os.File, path string) bool {
	mine, errMine := f.Stat()
	there, errThere := os.Lstat(path)
	return errMine == nil && errThere == nil && os.SameFile(mine, there)
}

// Begin notes that something is about to be done; when it returns, the note is
// on the disk. Many that begin at the same time share one sync.
func (j *Journal) Begin(fields map[string]string) (*Entry, error) {
	if fields == nil {
		fields = map[string]string{}
	}
	e, nth, err := j.begin(fields)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if err := j.sync(nth); err != nil {
		e.Done()
		return nil, fmt.Errorf("journal: %w", err)
	}
	return e, nil
}

// Sync returns when every Done that came before is on the disk.
func (j *Journal) Sync() error {
	j.mu.Lock()
	nth, err := j.written, j.lost
	j.mu.Unlock()
	if err == nil {
		err = j.sync(nth)
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// begin writes the entry; its note is the nth.
func (j *Journal) begin(fields map[string]string) (e *Entry, nth uint64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return nil, 0, j.broken
	}
	if err := j.write(line{j.number + 1, fields}); err != nil {
		return nil, 0, err
	}
	j.number++
	j.written++
	j.open[j.number] = maps.Clone(fields)
	return &Entry{j: j, number: j.number}, j.written, nil
}

// write appends a line, or nothing.
func (j *Journal) write(l line) error {
	text, err := l.append(nil)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(text); err != nil {
		if undo := j.file.Truncate(j.size); undo != nil {
			j.broken = errors.Join(err, undo)
		}
		return err
	}
	j.size += int64(len(text))
	return nil
}

// sync returns when the nth note is on the disk.
func (j *Journal) sync(nth uint64) error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.synced >= nth {
		return nil
	}
	j.mu.Lock()
	if j.broken == nil && j.size >= j.rewrite {
		j.renew()
	}
	all, f, err := j.written, j.file, j.broken
	j.mu.Unlock()
	if err == nil {
		err = datasync(f)
	}
	if err != nil {
		// After a failed sync the system may have dropped what it could not
		// write, and the next sync would succeed without it.
		j.mu.Lock()
		j.broken = err
		j.mu.Unlock()
		return err
	}
	j.synced = all
	return nil
}

// Done notes that the entry is settled: done or undone. A note that cannot be
// written, or that is lost in a power failure, costs a second settling after the
// next start, so there is no error; where that matters, Sync tells. Calling it
// again does nothing.
func (e *Entry) Done() {
	j := e.j
	j.mu.Lock()
	defer j.mu.Unlock()
	if e.done {
		return
	}
	e.done = true
	delete(j.open, e.number)
	j.written++
	if len(j.open) == 0 && j.size >= shrinkAt && j.file.Truncate(0) == nil {
		j.size, j.lost = 0, nil
		return
	}
	if err := j.write(line{number: e.number}); err != nil {
		j.lost = err
	}
}

// Close ends the journal. Its file goes when all is settled, and otherwise
// stays for the next start.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken == nil {
		j.broken = os.ErrClosed
	}
	var err error
	if len(j.open) == 0 {
		err = os.Remove(j.file.Name())
	}
	return errors.Join(err, j.file.Close())
}

// hostOf gives the host that a file belongs to.
func hostOf(name string) (host string, ok bool) {
	name, ok = strings.CutSuffix(name, suffix)
	i := strings.LastIndexByte(name, '-')
	if !ok || i < 0 {
		return "", false
	}
	host, err := url.PathUnescape(name[:i])
	return host, err == nil
}

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
