package file

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"glance/internal/store"
)

// dir is one of the directories of a store.
type dir struct {
	path     string // as it stands in URLs: absolute, clean, links not followed
	priority int
}

func (s *Store) setDirs(cfg Config) error {
	switch {
	case cfg.Datadir == "" && len(cfg.Datadirs) == 0:
		return bad("Specify at least 'filesystem_store_datadir' or 'filesystem_store_datadirs' option")
	case len(cfg.Datadirs) == 0:
		return s.addDir(cfg.Datadir)
	}
	s.many = true
	for _, text := range cfg.Datadirs {
		if err := s.addDir(text); err != nil {
			return err
		}
	}
	slices.SortStableFunc(s.dirs, func(a, b dir) int { return cmp.Compare(b.priority, a.priority) })
	if cfg.Datadir != "" {
		return bad("Specify either 'filesystem_store_datadir' or 'filesystem_store_datadirs' option")
	}
	return nil
}

// addDir takes a directory, with its priority where there is a choice.
func (s *Store) addDir(text string) error {
	path, priority := text, 0
	if i := strings.LastIndexByte(text, ':'); s.many && i >= 0 {
		path = text[:i]
		if p := strings.TrimSpace(text[i+1:]); p != "" {
			var err error
			if priority, err = strconv.Atoi(p); err != nil {
				return bad("Invalid priority value %s in filesystem configuration", p)
			}
		}
	}
	path = strings.TrimSpace(path)
	if path == "" {
		return bad("Invalid directory specified in filesystem configuration")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return bad("Invalid directory specified in filesystem configuration")
	}
	known := slices.IndexFunc(s.dirs, func(d dir) bool { return d.path == path })
	if known < 0 {
		s.dirs = append(s.dirs, dir{path, priority})
		return nil
	}
	twice := "Directory " + path + " specified multiple times in filesystem_store_datadirs option of filesystem configuration"
	if s.dirs[known].priority != priority {
		return bad("%s", twice)
	}
	s.log.Warn(twice)
	return nil
}

// choose gives the directory for size more bytes: of the highest priority that
// has room somewhere, the one with the most. Compat: a single directory is not
// asked for its room; it may be compressed, or the image sparse.
func (s *Store) choose(size int64) (string, error) {
	if !s.many && len(s.dirs) == 1 {
		return s.dirs[0].path, nil
	}
	var best string
	var most uint64
	for i, d := range s.dirs {
		if best != "" && d.priority < s.dirs[i-1].priority {
			break
		}
		free, err := freeBytes(d.path)
		if err != nil {
			s.log.Warn("cannot ask for free space", "datadir", d.path, "error", err)
			continue
		}
		if free >= uint64(max(size, 0)) && free > most {
			best, most = d.path, free
		}
	}
	if best == "" {
		return "", store.Full(nil)
	}
	return best, nil
}
