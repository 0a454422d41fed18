package lifecycle_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"glance/internal/lifecycle"
)

func TestRunEndsQuietlyOnStopSignals(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1} {
		t.Run(sig.String(), func(t *testing.T) {
			p := start(t)
			p.signal(sig)
			p.expect("bye")
			p.ends(0)
		})
	}
}

// TestFault04ReadinessIsReported: a parent hears of failures that come after
// exec, and the pid file is gone by then.
func TestFault04ReadinessIsReported(t *testing.T) {
	p := launch(t, "fail")
	err := p.pending.Await(limited(t))
	var refused lifecycle.StartError
	if !errors.As(err, &refused) || refused.Error() != "no such database" {
		t.Errorf("Await = %v, want the server's text", err)
	}
	p.ends(1)
}

func TestStopWhileStarting(t *testing.T) {
	p := launch(t, "hang")
	p.expect("starting")
	p.signal(syscall.SIGHUP) // must not kill
	p.signal(syscall.SIGTERM)
	if err := p.pending.Await(limited(t)); err == nil || err.Error() != "stopped while starting" {
		t.Errorf("Await = %v", err)
	}
	p.ends(0)
}

// TestPanicWhileStartingIsNotReady: the panic ends the process before it says
// anything.
func TestPanicWhileStartingIsNotReady(t *testing.T) {
	p := launch(t, "panic")
	if err := p.pending.Await(limited(t)); !errors.Is(err, lifecycle.ErrNoReport) {
		t.Errorf("Await = %v, want ErrNoReport", err)
	}
}

func TestKilledServerLeavesNoReport(t *testing.T) {
	p := launch(t, "hang")
	p.expect("starting")
	p.signal(syscall.SIGKILL)
	if err := p.pending.Await(limited(t)); !errors.Is(err, lifecycle.ErrNoReport) {
		t.Errorf("Await = %v, want ErrNoReport", err)
	}
}

func TestAwaitHonoursItsContext(t *testing.T) {
	p := launch(t, "hang")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.pending.Await(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Await = %v", err)
	}
}

// TestFault14RequestsEndBeforeTheServer: TERM lets an upload finish.
func TestFault14RequestsEndBeforeTheServer(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGUSR1} {
		t.Run(sig.String(), func(t *testing.T) {
			p := start(t, "LIFECYCLE_TEST_LIMIT=10m")
			body, answer := upload(t, p.url)
			p.expect("upload begins")
			p.signal(sig)
			eventually(t, "the port is closed", func() bool {
				conn, err := net.Dial("tcp", strings.Trim(p.url, "htp:/"))
				if err == nil {
					_ = conn.Close()
				}
				return err != nil
			})
			if _, err := io.WriteString(body, " and half"); err != nil {
				t.Error(err)
			}
			_ = body.Close()
			if got, want := receive(t, answer), "200 13 <nil>"; got != want {
				t.Errorf("answer %q, want %q", got, want)
			}
			p.expect("whole: true, cancelled: false")
			p.ends(0)
		})
	}
}

// TestCutLetsHandlersCleanUp: what is cut gets its error and time to act on
// it, however it is cut.
func TestCutLetsHandlersCleanUp(t *testing.T) {
	tests := []struct {
		name, limit string
		signals     []os.Signal
	}{
		{"limit", "10ms", []os.Signal{syscall.SIGTERM}},
		{"second TERM", "10m", []os.Signal{syscall.SIGTERM, syscall.SIGTERM}},
		{"shutdown, then TERM sets the limit", "10ms", []os.Signal{syscall.SIGUSR1, syscall.SIGTERM}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, "LIFECYCLE_TEST_LIMIT="+tt.limit)
			body, answer := upload(t, p.url)
			p.expect("upload begins")
			for i, sig := range tt.signals {
				p.signal(sig)
				if i == 0 && len(tt.signals) > 1 { // equal signals that wait would merge
					p.expect("ing")
				}
			}
			p.expect("upload ends after 4 bytes, whole: false, cancelled: true")
			p.ends(0)
			_ = body.Close() // the client's transport waits for it
			if got := receive(t, answer); !strings.HasPrefix(got, "error") {
				t.Errorf("answer %q of a cut request", got)
			}
		})
	}
}

// TestFault15ReloadNeverKills: an error and a panic in Reload change nothing.
func TestFault15ReloadNeverKills(t *testing.T) {
	p := start(t)
	for _, line := range []string{"bad option", "bad pointer", "Reloaded configuration"} {
		p.signal(syscall.SIGHUP)
		p.expect(line)
		resp, err := http.Get(p.url)
		if err != nil {
			t.Fatalf("after %q: %v", line, err)
		}
		_ = resp.Body.Close()
	}
	p.signal(syscall.SIGTERM)
	p.ends(0)
}

func TestFault20SystemdIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	next := func(want string) {
		t.Helper()
		buf := make([]byte, 256)
		n, err := socket.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), want) {
			t.Fatalf("%q, %v, want %q", buf[:n], err, want)
		}
	}
	p := start(t, "NOTIFY_SOCKET="+path)
	next("READY=1")
	p.signal(syscall.SIGHUP)
	next("RELOADING=1\nMONOTONIC_USEC=")
	next("READY=1")
	p.signal(syscall.SIGTERM)
	next("STOPPING=1")
	p.ends(0)
}

// TestFault09Limits: the soft limit of open files is raised (to the hard one, or
// the one below, where Go leaves it), the hard one stays; memory is not limited.
func TestFault09Limits(t *testing.T) {
	p := start(t)
	for name, resource := range map[string]int{"files": unix.RLIMIT_NOFILE, "data": unix.RLIMIT_DATA} {
		var server, here unix.Rlimit
		if err := errors.Join(unix.Prlimit(p.cmd.Process.Pid, resource, nil, &server), unix.Getrlimit(resource, &here)); err != nil {
			t.Fatal(err)
		}
		if name == "files" {
			here.Cur = here.Max - 1
		}
		if server.Max != here.Max || server.Cur < here.Cur {
			t.Errorf("%s: %+v, want %+v", name, server, here)
		}
	}
	p.signal(syscall.SIGTERM)
	p.ends(0)
}
