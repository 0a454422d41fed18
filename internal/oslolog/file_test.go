package oslolog_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/oslolog"
)

// open opens a handler whose lines are their messages.
func open(t *testing.T, o oslolog.Options) (*oslolog.Handler, *slog.Logger) {
	t.Helper()
	if o.DefaultFormat == "" {
		o.DefaultFormat = "%(message)s"
	}
	h, err := oslolog.Open("glance-api", false, o)
	if err != nil {
		t.Fatal(err)
	}
	return h, slog.New(h)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func files(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestFileNames(t *testing.T) {
	dir := t.TempDir()
	for want, tt := range map[string]struct {
		founding bool
		o        oslolog.Options
	}{
		"glance-api.log": {false, oslolog.Options{Dir: dir}},
		"a.log":          {false, oslolog.Options{Dir: dir, File: "a.log"}},
		"b.log":          {false, oslolog.Options{Dir: "/nowhere", File: filepath.Join(dir, "b.log")}},
		"c.log":          {true, oslolog.Options{Dir: dir, File: "c.log", Handler: "file"}},
	} {
		h, err := oslolog.Open("glance-api", tt.founding, tt.o)
		if err != nil {
			t.Fatal(err)
		}
		slog.New(h).Error("here")
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, filepath.Join(dir, want)); !strings.HasSuffix(got, "here\n") {
			t.Errorf("%s: %q", want, got)
		}
	}
	if _, err := oslolog.Open("p", false, oslolog.Options{Dir: filepath.Join(dir, "no")}); err == nil {
		t.Error("a file in no directory is opened")
	}
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	h, log := open(t, oslolog.Options{File: path})
	log.Info("1")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	log.Info("2")
	if err := h.Reopen(); err != nil {
		t.Fatal(err)
	}
	log.Info("3")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	log.Info("lost")
	if old, now := read(t, path+".old"), read(t, path); old != "1\n2\n" || now != "3\n" {
		t.Errorf("old %q, new %q", old, now)
	}
	if err := h.Reopen(); err == nil {
		t.Error("a closed log is opened again")
	}
}

func TestWatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	h, log := open(t, oslolog.Options{File: path, Watch: true})
	defer h.Close()
	log.Info("1")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	log.Info("2")
	log.Info("3")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	log.Info("4")
	if old, now := read(t, path+".old"), read(t, path); old != "1\n" || now != "4\n" {
		t.Errorf("old %q, new %q", old, now)
	}
}

func TestRotationBySize(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log")
	h, log := open(t, oslolog.Options{File: path, RotationType: "size", MaxSizeMB: 1, MaxFiles: 2})
	defer h.Close()
	for i := range 5 {
		log.Info(fmt.Sprint(i) + strings.Repeat("x", 700<<10))
	}
	if got := files(t, dir); got != "a.log a.log.1 a.log.2" {
		t.Errorf("files: %s", got)
	}
	if read(t, path)[0] != '4' || read(t, path+".1")[0] != '3' || read(t, path+".2")[0] != '2' {
		t.Error("the files are not in order")
	}
}

func TestRotationThatCannotMove(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log")
	h, log := open(t, oslolog.Options{File: path, RotationType: "size", MaxSizeMB: 1, MaxFiles: 1})
	defer h.Close()
	if err := os.MkdirAll(path+".1/x", 0o755); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		log.Info(strings.Repeat("x", 700<<10))
	}
	if got := len(read(t, path)); got != 3*(700<<10+1) {
		t.Errorf("records are lost: %d bytes", got)
	}
}

func TestRotationByInterval(t *testing.T) {
	here := time.Local
	time.Local = time.UTC // the dates in file names are local ones
	defer func() { time.Local = here }()
	for unit, tt := range map[string]struct {
		n     int
		steps []time.Duration
		want  string
	}{
		"Seconds":  {10, []time.Duration{9 * time.Second, time.Second, 35 * time.Second}, "a.log a.log.2000-01-01_00-00-00 a.log.2000-01-01_00-00-10"},
		"minutes":  {1, []time.Duration{time.Minute}, "a.log a.log.2000-01-01_00-00"},
		"hours":    {2, []time.Duration{time.Hour, time.Hour}, "a.log a.log.2000-01-01_00"},
		"days":     {1, []time.Duration{23 * time.Hour, time.Hour}, "a.log a.log.2000-01-01"},
		"Midnight": {1, []time.Duration{time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour}, "a.log a.log.2000-01-02 a.log.2000-01-03"},
		// The first of January 2000 was a Saturday; 6 is Sunday.
		"weekday": {6, []time.Duration{24 * time.Hour, 24 * time.Hour}, "a.log a.log.2000-01-02"},
	} {
		t.Run(unit, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				h, log := open(t, oslolog.Options{
					File: filepath.Join(dir, "a.log"), RotationType: "interval", RotateInterval: tt.n, RotateUnit: unit, MaxFiles: 2,
				})
				defer h.Close()
				log.Info("first")
				for _, step := range tt.steps {
					time.Sleep(step)
					log.Info("next")
				}
				if got := files(t, dir); got != tt.want {
					t.Errorf("files: %s", got)
				}
			})
		})
	}
}

func TestRotationOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	for name, o := range map[string]oslolog.Options{
		"type":     {File: path, RotationType: "often"},
		"unit":     {File: path, RotationType: "interval", RotateUnit: "years"},
		"weekday":  {File: path, RotationType: "interval", RotateUnit: "weekday", RotateInterval: 7},
		"facility": {UseSyslog: true, SyslogFacility: "LOG_NOWHERE"},
	} {
		if _, err := oslolog.Open("p", false, o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
