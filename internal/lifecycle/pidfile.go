package lifecycle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// PidState says what Inspect found at Path.
type PidState struct {
	Path   string
	Exists bool
	// Holder is the pid of the live process that holds the lock, 0 if there
	// is none: then the file is stale, whatever it says.
	Holder int
	// Written is the pid that the file names, 0 if it names none.
	Written int
}

// Running tells whether a live server owns the file.
func (s PidState) Running() bool { return s.Holder != 0 }

// Inspect looks at a pid file without touching it. A missing file is not an
// error.
func Inspect(path string) (PidState, error) {
	state := PidState{Path: path}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0) // a fifo of this name must not block
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return state, nil
	}
	if err != nil {
		return state, err
	}
	defer func() { _ = f.Close() }()
	state.Exists = true
	text, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return state, err
	}
	if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && n > 0 {
		state.Written = n
	}
	lock := wholeFile()
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil {
		return state, &fs.PathError{Op: "query lock", Path: path, Err: err}
	}
	if lock.Type != unix.F_UNLCK {
		if lock.Pid <= 0 { // the kernel cannot name a process of another pid namespace
			return state, fmt.Errorf("%s is held by a process outside this pid namespace", path)
		}
		state.Holder = int(lock.Pid)
	}
	return state, nil
}

// Remove deletes a stale pid file; that of a running server is an error.
func (s PidState) Remove() error {
	p, err := claimPidFile(s.Path) // nobody can take it over while it goes
	if err != nil {
		return err
	}
	p.release()
	return nil
}

func wholeFile() unix.Flock_t {
	return unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
}

// pidFile is a pid file held by this process.
type pidFile struct {
	f    *os.File
	path string
}

// claimPidFile creates path, locks it and writes this process's pid. A stale
// file is taken over; one that a live process holds is an error.
func claimPidFile(path string) (*pidFile, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
		if err != nil {
			return nil, fmt.Errorf("unable to create pid file: %w", err)
		}
		lock := wholeFile()
		if err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock); err != nil {
			_ = f.Close()
			if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
				return nil, fmt.Errorf("pid file %s is held by another process", path)
			}
			return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
		}
		if !stillAt(f, path) { // its former owner removed it between open and lock
			_ = f.Close()
			continue
		}
		p := &pidFile{f: f, path: path}
		if err := p.write(); err != nil {
			p.release()
			return nil, fmt.Errorf("unable to write pid file: %w", err)
		}
		return p, nil
	}
}

func (p *pidFile) write() error {
	if err := p.f.Truncate(0); err != nil {
		return err
	}
	if err := p.f.Chmod(0o644); err != nil { // whatever the umask: anybody may ask for the status
		return err
	}
	_, err := p.f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// release removes the file and gives the lock up, in this order, so that
// nobody finds an unlocked file of ours. A file that somebody put in its
// place meanwhile is left alone.
func (p *pidFile) release() {
	if p == nil {
		return
	}
	if stillAt(p.f, p.path) {
		_ = os.Remove(p.path)
	}
	_ = p.f.Close()
}

func stillAt(f *os.File, path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(held, there)
}
