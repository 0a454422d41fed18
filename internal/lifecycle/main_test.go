package lifecycle_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glance/internal/lifecycle"
)

// patience is for conditions that come within milliseconds on a free machine.
const patience = time.Minute

// TestMain lets the test binary be the server program of the tests, too.
func TestMain(m *testing.M) {
	if mode := os.Getenv("LIFECYCLE_TEST_SERVER"); mode != "" {
		os.Exit(testServer(mode))
	}
	os.Exit(m.Run())
}

// testServer is a program on the frame of Run. It prints what happens.
func testServer(mode string) int {
	say := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	log := slog.New(slog.NewTextHandler(os.Stdout, nil))
	err := lifecycle.Run(context.Background(), func(ctx context.Context) (*lifecycle.Daemon, error) {
		switch mode {
		case "fail":
			return nil, errors.New("no such database")
		case "panic":
			panic("a bug")
		case "hang":
			say("starting")
			<-ctx.Done()
			return nil, ctx.Err()
		}
		srv, err := lifecycle.Open(ctx, lifecycle.ServerOptions{Addr: "127.0.0.1:0"}, testHandler(say), log)
		if err != nil {
			return nil, err
		}
		d := &lifecycle.Daemon{
			Service: srv, Log: log,
			Ready: func() { say("ready %s", srv.URL()) },
			Report: func() {
				connections, requests := srv.Load()
				say("report: %d connections, %d requests", connections, requests)
			},
		}
		if limit := os.Getenv("LIFECYCLE_TEST_LIMIT"); limit != "" {
			if d.DrainLimit, err = time.ParseDuration(limit); err != nil {
				return nil, err
			}
		}
		reloads := 0
		d.Reload = func(context.Context) error {
			reloads++
			say("reload %d", reloads)
			switch reloads {
			case 1:
				return errors.New("bad option")
			case 2:
				panic("bad pointer")
			}
			return nil
		}
		return d, nil
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "ERROR: %v\n", err)
		return 1
	}
	say("bye")
	return 0
}

// testHandler answers /, and at /upload reads the body, saying when it begins
// and how it ends.
func testHandler(say func(string, ...any)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		say("upload begins")
		n, err := io.Copy(io.Discard, r.Body)
		say("upload ends after %d bytes, whole: %t, cancelled: %t", n, err == nil, r.Context().Err() != nil)
		fmt.Fprintf(w, "%d", n)
	})
	return mux
}

// program is a running testServer.
type program struct {
	t       *testing.T
	cmd     *exec.Cmd
	pidFile string
	pending *lifecycle.Pending
	lines   chan string
	url     string
}

func launch(t *testing.T, mode string, env ...string) *program {
	t.Helper()
	return launchAt(t, mode, filepath.Join(t.TempDir(), "test.pid"), env...)
}

func launchAt(t *testing.T, mode, pidFile string, env ...string) *program {
	t.Helper()
	p := &program{t: t, pidFile: pidFile, lines: make(chan string, 100)}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), append(env, "LIFECYCLE_TEST_SERVER="+mode, "GORACE=atexit_sleep_ms=0")...) // or each takes a second to end
	p.cmd.Stderr = os.Stderr
	if mode == "fail" || mode == "panic" {
		p.cmd.Stderr = nil
	}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout = w
	p.pending, err = lifecycle.Launch(p.cmd, p.pidFile, false)
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	return p
}

// start launches a server and waits until it is ready.
func start(t *testing.T, env ...string) *program {
	t.Helper()
	return startAt(t, filepath.Join(t.TempDir(), "test.pid"), env...)
}

func startAt(t *testing.T, pidFile string, env ...string) *program {
	t.Helper()
	p := launchAt(t, "serve", pidFile, env...)
	if err := p.pending.Await(limited(t)); err != nil {
		t.Fatalf("not ready: %v", err)
	}
	p.url = strings.Fields(p.expect("ready http://127.0.0.1:"))[1]
	return p
}

// expect skips lines up to one that holds text.
func (p *program) expect(text string) string {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("the program ended without %q", text)
			}
			if strings.Contains(line, text) {
				return line
			}
		case <-timeout:
			p.t.Fatalf("no line with %q", text)
		}
	}
}

func (p *program) signal(sig os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// ends waits for the end and checks that nothing is left behind.
func (p *program) ends(wantCode int) {
	p.t.Helper()
	timer := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	err := p.cmd.Wait()
	if code := p.cmd.ProcessState.ExitCode(); code != wantCode {
		p.t.Errorf("exit code %d (%v), want %d", code, err, wantCode)
	}
	if _, err := os.Stat(p.pidFile); !os.IsNotExist(err) {
		p.t.Errorf("the pid file is still there (%v)", err)
	}
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// upload sends half a body and returns the pipe for the rest and the answer.
func upload(t *testing.T, url string) (*io.PipeWriter, <-chan string) {
	t.Helper()
	r, w := io.Pipe()
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Post(url+"upload", "application/octet-stream", r)
		if err != nil {
			answer <- "error: " + err.Error()
			return
		}
		defer func() { _ = resp.Body.Close() }()
		text, err := io.ReadAll(resp.Body)
		answer <- fmt.Sprintf("%d %s %v", resp.StatusCode, text, err)
	}()
	if _, err := io.WriteString(w, "half"); err != nil {
		t.Fatal(err)
	}
	return w, answer
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
