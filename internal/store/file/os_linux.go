package file

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// syncData makes the disk keep what was written so far.
func syncData(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// freeBytes is the room that unprivileged users have where dir is.
func freeBytes(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Frsize), nil
}

// publish gives part its final name, which must not exist.
func publish(part, final string) error {
	err := unix.Renameat2(unix.AT_FDCWD, part, unix.AT_FDCWD, final, unix.RENAME_NOREPLACE)
	// NFS, Ceph and others know no such flag.
	if is(err, unix.EINVAL, unix.ENOSYS, unix.EOPNOTSUPP) {
		return publishLink(part, final)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: part, New: final, Err: err}
	}
	return nil
}

func writable(dir string) bool { return unix.Access(dir, unix.W_OK) == nil }

func isNotDir(err error) bool { return errors.Is(err, unix.ENOTDIR) }

// cannotSync reports whether a file system refuses to sync directories at all.
func cannotSync(err error) bool { return is(err, unix.EINVAL, unix.EOPNOTSUPP) }

func is(err error, one ...error) bool {
	return slices.ContainsFunc(one, func(e error) bool { return errors.Is(err, e) })
}
