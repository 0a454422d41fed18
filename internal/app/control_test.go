package app_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"glance/internal/control"
	"glance/internal/lifecycle"
)

// glanceControl is the real one, but for places that are the script's own.
func glanceControl() int {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	p := &control.Program{
		Version: "1.2.3", Stdout: os.Stdout, Stderr: os.Stderr,
		Runtime:   lifecycle.RuntimeDir{System: os.Getenv("RUN"), UID: 0}, // as root: all in one place
		ConfDirs:  []string{os.Getenv("ETC")},
		StopLimit: patience,
	}
	return p.Run(ctx, os.Args[1:])
}

// TestControl runs sessions of glance-control with the real servers. Each
// script has a free $PORT, and everything below its own directory.
func TestControl(t *testing.T) {
	t.Parallel()
	top, err := os.MkdirTemp("", "glance-control-") //nolint:usetesting // only root gets into a directory of t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	if err := os.Chmod(top, 0o755); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/control", WorkdirRoot: top, RequireExplicitExec: true, Setup: setUpControl,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"answers": cmdAnswers, "waitanswer": cmdWaitAnswer, "signal": cmdSignal, "waitfor": cmdWaitFor,
		},
		Condition: func(cond string) (bool, error) {
			if cond != "root" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return os.Geteuid() == 0, nil
		},
	})
}

func setUpControl(env *testscript.Env) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"PORT": port, "RUN": env.WorkDir + "/run", "ETC": env.WorkDir + "/system", "HOME": env.WorkDir, "GORACE": "atexit_sleep_ms=0",
		"OS_DATABASE__CONNECTION": "sqlite:///" + env.WorkDir + "/glance.sqlite", "OS_OSLO_POLICY__POLICY_DIRS": env.WorkDir + "/policy.d",
		"OS_DEFAULT__NODE_STAGING_URI": "file://" + env.WorkDir + "/staging", "OS_GLANCE_STORE__FILESYSTEM_STORE_DATADIR": env.WorkDir + "/images",
	} {
		env.Setenv(name, value)
	}
	env.Defer(func() { killAll(env.WorkDir) })
	return l.Close()
}

// killAll ends servers that a script which failed has left.
func killAll(dir string) {
	for _, pattern := range []string{"*.pid", "*/*.pid"} {
		paths, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, path := range paths {
			if state, err := lifecycle.Inspect(path); err == nil && state.Running() {
				_ = syscall.Kill(state.Holder, syscall.SIGKILL)
			}
		}
	}
}

func answers(port string) bool {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Get("http://127.0.0.1:" + port + "/v2/images")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// answers PORT: a server does, now.
func cmdAnswers(ts *testscript.TestScript, neg bool, args []string) {
	if answers(args[0]) == neg {
		ts.Fatalf("answers: %t", neg)
	}
}

// waitanswer PORT: until a server does.
func cmdWaitAnswer(ts *testscript.TestScript, _ bool, args []string) {
	await(ts, "an answer", func() bool { return answers(args[0]) })
}

// signal NAME PIDFILE: sends a signal to the server, and waits for its end.
func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	state, err := lifecycle.Inspect(ts.MkAbs(args[1]))
	ts.Check(err)
	p, err := state.Open()
	ts.Check(err)
	defer p.Close()
	ts.Check(p.Signal(unix.SignalNum(args[0])))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ts.Check(p.Wait(ctx))
}

// waitfor FILE REGEXP: until the file holds a match.
func cmdWaitFor(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[1])
	await(ts, args[1], func() bool {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && want.Match(data)
	})
}

func await(ts *testscript.TestScript, what string, cond func() bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !cond(); <-tick.C {
		if time.Now().After(end) {
			ts.Fatalf("waited in vain for %s", what)
		}
	}
}
