package lifecycle

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// BecomeUser makes the process one of the user, by name or number, and of the
// user's groups; with "user:group" that group is its first. There is no way
// back. Who is that user already need not be root.
func BecomeUser(name string) error {
	name, groupName, _ := strings.Cut(name, ":")
	u, err := lookUpUser(name)
	if err != nil {
		return fmt.Errorf("unable to run as %s: %w", name, err)
	}
	if groupName != "" {
		g, err := lookUpGroup(groupName)
		if err != nil {
			return fmt.Errorf("unable to run in group %s: %w", groupName, err)
		}
		u.Gid = g.Gid
	}
	uid, gid, groups, err := numbers(u)
	if err != nil {
		return fmt.Errorf("unable to run as %s: %w", name, err)
	}
	if uid != 0 && os.Geteuid() == uid && (groupName == "" || os.Getegid() == gid) {
		return nil
	}
	for _, step := range []func() error{
		func() error { return syscall.Setgroups(groups) },
		func() error { return syscall.Setgid(gid) },
		func() error { return syscall.Setuid(uid) },
		func() error { return os.Setenv("HOME", u.HomeDir) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("unable to run as %s: %w", name, err)
		}
	}
	return nil
}

func lookUpUser(name string) (*user.User, error) {
	u, err := user.Lookup(name)
	if err != nil {
		if byID, idErr := user.LookupId(name); idErr == nil {
			return byID, nil
		}
	}
	return u, err
}

func lookUpGroup(name string) (*user.Group, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		if byID, idErr := user.LookupGroupId(name); idErr == nil {
			return byID, nil
		}
	}
	return g, err
}

func numbers(u *user.User) (uid, gid int, groups []int, err error) {
	ids, err := u.GroupIds()
	if err != nil {
		return 0, 0, nil, err
	}
	ids = append(ids, u.Uid, u.Gid)
	all := make([]int, len(ids))
	for i, id := range ids {
		if all[i], err = strconv.Atoi(id); err != nil {
			return 0, 0, nil, err
		}
	}
	last := len(all) - 1
	return all[last-1], all[last], append(all[:last-1], all[last]), nil
}
