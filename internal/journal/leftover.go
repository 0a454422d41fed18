package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Leftover hands every unsettled entry of earlier processes of this host to
// settle, oldest first within a process. The file of a process goes when all
// of its entries were settled without an error, and stays otherwise, for the
// next time. The error joins those of settle and of reading; a damaged line is
// one, and does not keep the others from being settled.
func Leftover(dir, host string, settle func(fields map[string]string) error) error {
	names, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var all []error
	for _, name := range names {
		if of, ok := hostOf(name.Name()); ok && of == host {
			all = append(all, settleFile(filepath.Join(dir, name.Name()), settle))
		}
	}
	return errors.Join(all...)
}

func settleFile(path string, settle func(map[string]string) error) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // network file systems lock only what may be written
	if errors.Is(err, os.ErrNotExist) {
		return nil // another start was quicker
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if ok, err := lock(f); err != nil || !ok || !isAt(f, path) {
		return err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	entries, damaged := unsettled(text)
	var all []error
	if damaged > 0 {
		all = append(all, fmt.Errorf("journal %s is damaged at line %d", path, damaged))
	}
	for _, fields := range entries {
		all = append(all, settle(fields))
	}
	if err := errors.Join(all...); err != nil {
		return err
	}
	return os.Remove(path)
}
