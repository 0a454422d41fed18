package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"glance/internal/rules"
)

// files reads policy files again when they change, and remembers.
type files struct {
	file string
	dirs []string
	find Find

	seen   map[string]stamp
	good   map[string][]rules.Entry // of each file, as last understood
	merged map[string]*rules.Check  // Compat: what a file takes back stays
	failed string                   // the last error, so that one that lasts is reported once
}

// stamp tells versions of a file apart.
type stamp struct {
	modified time.Time
	size     int64
}

func newFiles(c Config) files {
	return files{
		file: c.File, dirs: c.Dirs, find: c.Find,
		good: map[string][]rules.Entry{}, merged: map[string]*rules.Check{},
	}
}

// refresh reads what changed and reports whether there are new rules. With an
// error the files that have none still count; the same error is given once in
// a row.
func (f *files) refresh(log *slog.Logger) (changed bool, err error) {
	paths, stamps, err := f.list()
	problems := []error{err}
	for _, path := range paths {
		if f.seen[path] == stamps[path] {
			continue
		}
		entries, err := read(path, log)
		if err != nil {
			problems = append(problems, err)
			if bad := (*rules.FileError)(nil); !errors.As(err, &bad) {
				delete(stamps, path) // new permissions leave no trace in a stamp: try again
			}
			continue
		}
		f.good[path], changed = entries, true
		log.Info("policy: file read", "file", path, "rules", len(entries))
	}
	f.seen = stamps
	if changed {
		f.merge(paths)
	}
	return changed, f.once(errors.Join(problems...))
}

// merge lays the rules of all files over what is remembered, in order.
func (f *files) merge(paths []string) {
	f.merged = maps.Clone(f.merged)
	for _, path := range paths {
		for _, entry := range f.good[path] {
			f.merged[entry.Name] = entry.Check
		}
	}
}

func (f *files) once(err error) error {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == f.failed {
		return nil
	}
	f.failed = text
	return err
}

// list finds the files that exist, in the order in which they count.
func (f *files) list() (paths []string, stamps map[string]stamp, err error) {
	stamps = map[string]stamp{}
	var problems []error
	add := func(path string) {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			problems = append(problems, err)
		case info.Mode().IsRegular():
			paths = append(paths, path)
			stamps[path] = stamp{info.ModTime(), info.Size()}
		}
	}
	if path, ok := f.locate(f.file); ok {
		add(path)
	}
	for _, dir := range f.dirs {
		dir, ok := f.locate(dir)
		if !ok {
			continue
		}
		names, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
		for _, name := range slices.DeleteFunc(names, func(n fs.DirEntry) bool { return strings.HasPrefix(n.Name(), ".") }) {
			add(filepath.Join(dir, name.Name()))
		}
	}
	return paths, stamps, errors.Join(problems...)
}

func (f *files) locate(name string) (path string, ok bool) {
	if f.find == nil || filepath.IsAbs(name) {
		return name, name != ""
	}
	return f.find(name)
}

// read reads one file. Rules in it that make no sense deny, and are logged.
func read(path string, log *slog.Logger) ([]rules.Entry, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("policy file: %w", err)
	}
	entries, err := rules.ParseFile(path, text)
	if err != nil {
		return nil, fmt.Errorf("policy file: %w", err)
	}
	for _, e := range entries {
		if e.Problem != nil {
			log.Error("policy: rule not understood, it denies", "place", fmt.Sprintf("%s:%d", path, e.Line), "rule", e.Name, "error", e.Problem)
		}
	}
	return entries, nil
}
