package file

import (
	"errors"
	"os"
)

// publishLink gives part its final name by a second link, which fails where
// the name exists.
func publishLink(part, final string) error {
	// A server may have linked and lost its answer: then the name is ours.
	if err := os.Link(part, final); err != nil && !(errors.Is(err, os.ErrExist) && same(part, final)) {
		return err
	}
	if err := os.Remove(part); err != nil {
		return errors.Join(err, os.Remove(final))
	}
	return nil
}

func same(a, b string) bool {
	ia, errA := os.Lstat(a)
	ib, errB := os.Lstat(b)
	return errA == nil && errB == nil && os.SameFile(ia, ib)
}

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !cannotSync(err) {
		return err
	}
	return nil
}
