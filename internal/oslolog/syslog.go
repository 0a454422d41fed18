package oslolog

import (
	"fmt"
	"log/slog"
	"log/syslog"
	"net"
	"os"
	"strings"
	"sync"
)

// severity is a level in syslog's numbers, which the journal uses too.
func severity(l slog.Level) syslog.Priority {
	switch {
	case l >= LevelCritical:
		return syslog.LOG_CRIT
	case l >= slog.LevelError:
		return syslog.LOG_ERR
	case l >= slog.LevelWarn:
		return syslog.LOG_WARNING
	case l >= slog.LevelInfo:
		return syslog.LOG_INFO
	default:
		return syslog.LOG_DEBUG
	}
}

// facility reads LOG_LOCAL0, LOCAL0 or local0.
func facility(name string) (syslog.Priority, error) {
	short := strings.TrimPrefix(strings.ToLower(name), "log_")
	names := []string{
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"", "", "", "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	}
	if short == "" {
		short = "user"
	}
	for i, known := range names {
		if short == known {
			return syslog.Priority(i << 3), nil
		}
	}
	return 0, fmt.Errorf("syslog facility must be one of: %s; found %q", strings.Join(strings.Fields(strings.Join(names, " ")), ", "), name)
}

// syslogSink writes to the syslog daemon of this machine, or of another one.
type syslogSink struct {
	prog     string
	facility syslog.Priority
	network  string // empty: this machine
	address  string

	mu sync.Mutex
	w  *syslog.Writer
}

func newSyslog(prog, name string) (*syslogSink, error) {
	f, err := facility(name)
	if err != nil {
		return nil, err
	}
	return dialSyslog(&syslogSink{prog: prog, facility: f})
}

func dialSyslog(s *syslogSink) (*syslogSink, error) {
	if err := s.reopen(); err != nil {
		return nil, err
	}
	return s, nil
}

// reopen connects anew: a restarted daemon has a new socket.
func (s *syslogSink) reopen() error {
	w, err := syslog.Dial(s.network, s.address, s.facility|syslog.LOG_INFO, s.prog)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.w
	s.w = w
	if old != nil {
		return old.Close()
	}
	return nil
}

func (s *syslogSink) write(level slog.Level, line []byte) error {
	s.mu.Lock()
	w := s.w
	s.mu.Unlock()
	text := string(line[:len(line)-1])
	switch severity(level) {
	case syslog.LOG_CRIT:
		return w.Crit(text)
	case syslog.LOG_ERR:
		return w.Err(text)
	case syslog.LOG_WARNING:
		return w.Warning(text)
	case syslog.LOG_INFO:
		return w.Info(text)
	default:
		return w.Debug(text)
	}
}

func (s *syslogSink) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Close()
}

// journal writes to the systemd journal in its native protocol.
type journal struct {
	prog string
	conn *net.UnixConn
}

// maxDatagram is what a journal socket takes in one piece; longer records lose
// their end.
const maxDatagram = 128 << 10

func newJournal(prog string) (*journal, error) {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: "/run/systemd/journal/socket", Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	return &journal{prog: prog, conn: conn}, nil
}

func (j *journal) write(level slog.Level, line []byte) error {
	text := line[:min(len(line)-1, maxDatagram)]
	_, err := fmt.Fprintf(j.conn, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nSYSLOG_PID=%d\nMESSAGE=%s\n", severity(level), j.prog, os.Getpid(), text)
	return err
}

func (j *journal) reopen() error { return nil }
func (j *journal) close() error  { return j.conn.Close() }
