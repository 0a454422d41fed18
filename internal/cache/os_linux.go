package cache

import (
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"
)

// lock locks a file for this opening of it and reports whether it did. It goes
// with the file's closing, at the death of the process too.
func lock(f *os.File, wait bool) bool {
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err == nil
		}
	}
}

// lockProcess takes the lock that the original takes on a lock file.
func lockProcess(f *os.File) (held bool, err error) {
	err = syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart})
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}

// The mark of files that this program writes, and keeps locked while it does.
// Where there are no attributes, age alone tells what was left.
const markName = "user.glance.filling"

func byFD(f *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) }

func mark(f *os.File) { _ = syscall.Setxattr(byFD(f), markName, []byte("1"), 0) }

func unmark(f *os.File) { _ = syscall.Removexattr(byFD(f), markName) }

func marked(f *os.File) bool {
	_, err := syscall.Getxattr(byFD(f), markName, nil)
	return err == nil
}
