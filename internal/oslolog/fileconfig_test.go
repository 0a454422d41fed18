package oslolog_test

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/oslolog"
)

// The shape of the logging.cnf.sample of the first release.
const loggingSample = `
[loggers]
keys=root,api,quiet

[formatters]
keys=normal,normal_with_name

[handlers]
keys=production,file,errors,nothing

[logger_root]
level=NOTSET
handlers=file,errors

[logger_api]
level=DEBUG
handlers=nothing
qualname=glance-api

[logger_quiet]
level=ERROR
handlers=file
propagate=0
qualname=glance-api.quiet

[handler_production]
class=handlers.SysLogHandler
level=ERROR
formatter=normal_with_name
args=(('127.0.0.1', PORT), handlers.SysLogHandler.LOG_LOCAL0)

[handler_file]
class=FileHandler
level=DEBUG
formatter=normal_with_name
args=('DIR/all.log', 'w')

[handler_errors]
class=logging.handlers.RotatingFileHandler
level=ERROR
formatter=normal
args=('DIR/errors.log', 'a', 30,
      1)

[handler_nothing]
class=NullHandler
args=()

[formatter_normal]
format=%(levelname)s %(message)s

[formatter_normal_with_name]
format=(%(name)s): %(asctime)s %(levelname)s %(message)s
datefmt=%Y
`

func configured(t *testing.T, text string) (*oslolog.Handler, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "logging.cnf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return oslolog.Open("glance-api", true, oslolog.Options{LogConfig: path})
}

func TestLogConfig(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.NewReplacer("DIR", dir, "PORT", port, "handlers=file,errors", "handlers=file,errors,production").Replace(loggingSample)
	if err := os.WriteFile(filepath.Join(dir, "all.log"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := configured(t, text)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(h)
	log.Debug("1")
	log.With(oslolog.Logger, "glance-api.x").Error("2")
	log.With(oslolog.Logger, "glance-api.quiet.x").Warn("lost")
	log.With(oslolog.Logger, "glance-api.quiet").Error("3")
	log.Error("4", "padding", strings.Repeat("x", 20))
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	all := strings.Split(read(t, filepath.Join(dir, "all.log")), "\n")
	for i, want := range []string{"(root): YEAR DEBUG 1", "(glance-api.x): YEAR ERROR 2", "(glance-api.quiet): YEAR ERROR 3"} {
		year := strings.Fields(all[i])[1]
		if got := strings.Replace(all[i], year, "YEAR", 1); len(year) != 4 || got != want {
			t.Errorf("all.log line %d: got %s, want %s", i, all[i], want)
		}
	}
	if got := read(t, filepath.Join(dir, "errors.log.1")); got != "ERROR 2\n" {
		t.Errorf("errors.log.1: %q", got)
	}
	packet := make([]byte, 1000)
	n, _, err := conn.ReadFrom(packet)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(packet[:n]); !strings.HasPrefix(got, "<131>") || !strings.Contains(got, "glance-api[") || !strings.Contains(got, "ERROR 2") {
		t.Errorf("syslog: %q", got)
	}
}

func TestLogConfigErrors(t *testing.T) {
	base := "[loggers]\nkeys=root\n[handlers]\nkeys=h\n[formatters]\nkeys=\n[logger_root]\nhandlers=h\n[handler_h]\nclass=StreamHandler\nargs=(sys.stderr,)\n"
	if h, err := configured(t, base); err != nil {
		t.Errorf("the base of this test is not right: %v", err)
	} else if err := h.Close(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string][2]string{
		"handler h: class \"X\" is not known":                      {"StreamHandler", "X"},
		"handler h: args should begin with the name of the file":   {"class=StreamHandler\nargs=(sys.stderr,)", "class=FileHandler\nargs=()"},
		"logger root: handler \"x\" is not in [handlers]":          {"handlers=h", "handlers=x"},
		"handler h: level should be NOTSET, DEBUG, INFO, WARNING,": {"class=", "level=LOUD\nclass="},
		"logger a: has no qualname":                                {"keys=root", "keys=root,a"},
		"formatter f: log format: \"%s\" is not of the form":       {"keys=\n", "keys=f\n[formatter_f]\nformat=%s\n"},
	} {
		_, err := configured(t, strings.Replace(base, change[0], change[1], 1))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %s", err, name)
		}
	}
	_, err := oslolog.Open("p", true, oslolog.Options{LogConfig: "/no/such"})
	if err == nil || err.Error() != "Unable to locate specified logging config file: /no/such" {
		t.Errorf("got %v", err)
	}
}

func FuzzLogConfig(f *testing.F) {
	f.Add("[loggers]\nkeys=root\n[handlers]\nkeys=h\n[logger_root]\nhandlers=h\nlevel=INFO\n[handler_h]\nclass=StreamHandler\nargs=(sys.stdout,)\n")
	f.Add("[a\n=\n b\n[formatters]\nkeys=f\n[formatter_f]\nformat=%(message)s\ndatefmt=%Y\nclass=x.JSONFormatter")
	dir := f.TempDir()
	path := filepath.Join(dir, "logging.cnf")
	f.Fuzz(func(t *testing.T, text string) {
		for _, opens := range []string{"File", "SysLog"} { // nothing outside this test
			if strings.Contains(text, opens) {
				return
			}
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := oslolog.Open("p", false, oslolog.Options{LogConfig: path})
		if err != nil {
			return
		}
		h.Enabled(t.Context(), slog.LevelInfo)
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}
