package control_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"glance/internal/control"
	"glance/internal/lifecycle"
)

// patience is for conditions that come within milliseconds on a free machine.
const patience = time.Minute

// TestMain makes the test binary glance-control and all its servers, under
// their names in one directory, as an installation has them.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"glance-control":  func() { os.Exit(glanceControl()) },
		"glance-api":      func() { os.Exit(fakeServer("glance-api")) },
		"glance-registry": func() { os.Exit(fakeServer("glance-registry")) },
		"glance-scrubber": func() { os.Exit(fakeServer("glance-scrubber")) },
	})
}

// glanceControl is the real one, but for places that are the script's own.
func glanceControl() int {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	p := &control.Program{
		Version: "1.2.3", Stdout: os.Stdout, Stderr: os.Stderr,
		Runtime:   lifecycle.RuntimeDir{System: os.Getenv("RUN"), UID: 0}, // as root: all in one place,
		ConfDirs:  []string{os.Getenv("ETC")},
		StopLimit: patience,
	}
	if limit := os.Getenv("STOP_LIMIT"); limit != "" {
		var err error
		if p.StopLimit, err = time.ParseDuration(limit); err != nil {
			panic(err)
		}
	}
	return p.Run(ctx, os.Args[1:])
}

// fakeServer does what the words in its configuration file say, and notes what
// happens in $WORK/<name>.log.
func fakeServer(name string) int {
	log, err := os.OpenFile(filepath.Join(os.Getenv("WORK"), name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		panic(err)
	}
	note := func(format string, args ...any) {
		fmt.Fprintf(log, format+"\n", args...)
	}
	does := conduct(os.Args[1:])
	err = lifecycle.Run(context.Background(), func(ctx context.Context) (*lifecycle.Daemon, error) {
		note("args %q", os.Args[1:])
		fmt.Fprintln(os.Stderr, "a line of log")
		switch {
		case does("refuse"):
			return nil, errors.New("Unable to load the store")
		case does("exit"):
			fmt.Fprintln(os.Stderr, "last words")
			os.Exit(7)
		case does("panic"):
			panic("a bug")
		case does("hang"):
			note("hanging")
			<-ctx.Done()
			return nil, ctx.Err()
		}
		// The port of a real server: nobody may have it twice.
		port, err := os.OpenFile(filepath.Join(os.Getenv("WORK"), name+".port"), os.O_CREATE|os.O_RDWR, 0o666)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(port.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			return nil, fmt.Errorf("Could not bind to 0.0.0.0:9292: %w", err)
		}
		if does("nobody") {
			if err := syscall.Setuid(65534); err != nil {
				return nil, err
			}
		}
		note("serving")
		return &lifecycle.Daemon{
			Service: &fakeService{note: note, busy: does("busy"), port: port, stop: make(chan struct{})},
			Log:     slog.New(slog.DiscardHandler),
			Reload:  func(context.Context) error { note("reloaded"); return nil },
		}, nil
	})
	if err != nil {
		note("failed: %v", err)
		fmt.Fprintf(os.Stderr, "ERROR: %v\n", err)
		return 1
	}
	note("bye")
	return 0
}

// conduct reads the last configuration file that the arguments name.
func conduct(args []string) func(string) bool {
	var text string
	for i, arg := range args[:max(0, len(args)-1)] {
		if arg == "--config-file" {
			data, err := os.ReadFile(args[i+1])
			if err != nil {
				panic(err)
			}
			text = string(data)
		}
	}
	return func(word string) bool { return strings.Contains(text, "fake = "+word) }
}

// fakeService is idle, or busy until $WORK/release exists.
type fakeService struct {
	note func(string, ...any)
	busy bool
	port *os.File
	stop chan struct{}
}

func (s *fakeService) Serve() error {
	<-s.stop
	return nil
}

func (s *fakeService) Drain(ctx context.Context) error {
	s.note("draining")
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.busy && ctx.Err() == nil {
		if _, err := os.Stat(filepath.Join(os.Getenv("WORK"), "release")); err == nil {
			break
		}
		<-tick.C
	}
	close(s.stop)
	return s.port.Close()
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("RUN", filepath.Join(env.WorkDir, "run"))
			env.Setenv("ETC", filepath.Join(env.WorkDir, "system"))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // a process under the race detector takes a second to end otherwise
			env.Setenv("CONTROL", filepath.Join(strings.Split(env.Getenv("PATH"), ":")[0], "glance-control"))
			env.Defer(func() { killAll(env.WorkDir) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"running": cmdRunning,
			"signal":  cmdSignal,
			"waitfor": cmdWaitFor,
			"limits":  cmdLimits,
		},
		Condition: func(cond string) (bool, error) {
			if cond != "root" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return os.Geteuid() == 0, nil
		},
		RequireExplicitExec: true,
	})
}

// killAll ends servers that a script which failed has left.
func killAll(workDir string) {
	for _, pattern := range []string{"*.pid", "*/*.pid"} {
		paths, _ := filepath.Glob(filepath.Join(workDir, pattern))
		for _, path := range paths {
			if state, err := lifecycle.Inspect(path); err == nil && state.Running() {
				_ = syscall.Kill(state.Holder, syscall.SIGKILL)
			}
		}
	}
}

func holder(ts *testscript.TestScript, pidFile string) int {
	state, err := lifecycle.Inspect(ts.MkAbs(pidFile))
	ts.Check(err)
	return state.Holder
}

// running PIDFILE: a live server holds the file.
func cmdRunning(ts *testscript.TestScript, neg bool, args []string) {
	if (holder(ts, args[0]) != 0) == neg {
		ts.Fatalf("%s: held by %d", args[0], holder(ts, args[0]))
	}
}

// signal NAME PIDFILE: sends a signal to the server.
func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(syscall.Kill(holder(ts, args[1]), unix.SignalNum(args[0])))
}

// waitfor FILE REGEXP: until the file holds a match.
func cmdWaitFor(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[1])
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && want.Match(data) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s never matched %s: %s", args[0], args[1], data)
		}
	}
}

// limits PIDFILE: the server has this process's limits, but the soft limit of
// open files is the hard one.
func cmdLimits(ts *testscript.TestScript, _ bool, args []string) {
	for name, resource := range map[string]int{"files": unix.RLIMIT_NOFILE, "data": unix.RLIMIT_DATA} {
		var server, here unix.Rlimit
		ts.Check(unix.Prlimit(holder(ts, args[0]), resource, nil, &server))
		ts.Check(unix.Getrlimit(resource, &here))
		if name == "files" {
			here.Cur = here.Max - 1 // where Go leaves it
		}
		if server.Max != here.Max || server.Cur < here.Cur {
			ts.Fatalf("%s: %+v, want %+v", name, server, here)
		}
	}
}
