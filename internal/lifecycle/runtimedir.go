package lifecycle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// RuntimeDir knows where pid files lie: in the system's directory, and for
// users who may not write there in one of their own.
type RuntimeDir struct {
	System string
	UID    int
}

// DefaultRuntimeDir is the one of this process.
func DefaultRuntimeDir() RuntimeDir {
	return RuntimeDir{System: "/var/run/glance", UID: os.Geteuid()}
}

// own lists the user's own directories, the preferred one first. All are
// searched, because start and stop may come from sessions with different
// environments; the last one depends on nothing but the uid.
func (r RuntimeDir) own() []string {
	if r.UID == 0 {
		return nil
	}
	var dirs []string
	if xdg := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(xdg) {
		dirs = append(dirs, filepath.Join(xdg, "glance"))
	}
	return append(dirs,
		fmt.Sprintf("/run/user/%d/glance", r.UID),
		fmt.Sprintf("/tmp/glance-%d", r.UID))
}

// Find looks for the pid file of a program ("glance-api") in every place:
// the one of a running server, else any that exists, else none.
func (r RuntimeDir) Find(program string) (PidState, error) {
	found, err := Inspect(filepath.Join(r.System, program+".pid"))
	if err != nil && (r.UID == 0 || !errors.Is(err, fs.ErrPermission)) {
		return found, err
	}
	for _, dir := range r.own() {
		if found.Running() {
			break
		}
		if r.private(dir) != nil {
			continue
		}
		state, err := Inspect(filepath.Join(dir, program+".pid"))
		if err != nil {
			return state, err
		}
		if state.Running() || state.Exists && !found.Exists {
			found = state
		}
	}
	return found, nil
}

// Place returns the path for a new pid file of program and makes the
// directory: the system's where it can be written to, else the first of the
// user's own that can be made.
func (r RuntimeDir) Place(program string) (string, error) {
	name := program + ".pid"
	err := os.MkdirAll(r.System, 0o755)
	if err == nil {
		err = unix.Access(r.System, unix.W_OK|unix.X_OK)
	}
	if err == nil {
		return filepath.Join(r.System, name), nil
	}
	for _, dir := range r.own() {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			continue
		}
		if err = r.private(dir); err == nil {
			return filepath.Join(dir, name), nil
		}
	}
	return "", fmt.Errorf("no directory for pid files: %w", err)
}

// private checks that dir is a directory of this user that nobody else may
// write to: one with a predictable name in /tmp may have been laid there by
// somebody else.
func (r RuntimeDir) private(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(stat.Uid) != r.UID || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not a private directory of user %d", dir, r.UID)
	}
	return nil
}
