package oslolog

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Open makes the handler of a program: the files and services that the options
// name are opened. The founding form goes to standard output and to a file
// only when told so; the usual form goes to standard error when nothing else
// is named. Errors are those of the operating system, of formats, and of names
// that nobody knows.
func Open(prog string, isFounding bool, o Options) (*Handler, error) {
	if o.LogConfig != "" {
		return openConfigured(prog, isFounding, &o)
	}
	sinks, err := o.sinks(prog, isFounding)
	if err != nil {
		for _, s := range sinks {
			_ = s.close() // the first error is the one to tell
		}
		return nil, err
	}
	return newHandler(isFounding, &o, sinks)
}

// sinks opens what the options name; on an error what is open already.
func (o *Options) sinks(prog string, isFounding bool) ([]sink, error) {
	var list []sink
	if o.UseSyslog || (isFounding && o.Handler == "syslog") {
		s, err := newSyslog(prog, o.SyslogFacility)
		if err != nil {
			return list, err
		}
		list = append(list, s)
	}
	if o.UseJournal {
		s, err := newJournal(prog)
		if err != nil {
			return list, err
		}
		list = append(list, s)
	}
	if path := o.path(prog, isFounding); path != "" {
		s, err := newFile(path, o)
		if err != nil {
			return list, err
		}
		list = append(list, s)
	}
	switch {
	case isFounding && len(list) == 0:
		list = append(list, &stream{w: os.Stdout})
	case o.UseStderr || len(list) == 0:
		list = append(list, &stream{w: os.Stderr})
	}
	return list, nil
}

// path is the file to log to, or nothing.
func (o *Options) path(prog string, isFounding bool) string {
	name := o.File
	if name == "" && (o.Dir != "" || (isFounding && o.Handler == "file")) {
		name = prog + ".log"
	}
	if name == "" {
		return ""
	}
	if strings.HasPrefix(name, "/") {
		return name
	}
	return filepath.Join(o.Dir, name)
}

// stream writes to a terminal or whatever else is open already.
type stream struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *stream) write(_ slog.Level, line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.w.Write(line)
	return err
}

func (s *stream) reopen() error { return nil }
func (s *stream) close() error  { return nil }
