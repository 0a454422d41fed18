package lifecycle_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// TestSocketActivation: the socket that the service manager opened is the one
// that is served, whatever the configuration says.
func TestSocketActivation(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.CommandContext(limited(t), "sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "LIFECYCLE_TEST_SERVER=serve", "GORACE=atexit_sleep_ms=0")
	cmd.ExtraFiles = []*os.File{f}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String() + "/"
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready "+url+"\n" {
		t.Errorf("got %q, %v", line, err)
	}
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestSocketsOfOthers: variables left over by a parent that was activated mean
// nothing.
func TestSocketsOfOthers(t *testing.T) {
	p := start(t, "LISTEN_FDS=1", "LISTEN_PID=1")
	p.signal(syscall.SIGTERM)
	p.ends(0)
}

// TestReport: USR2 tells what is going on, and ends nothing.
func TestReport(t *testing.T) {
	p := start(t)
	body, answer := upload(t, p.url)
	p.expect("upload begins")
	p.signal(syscall.SIGUSR2)
	p.expect("report: 1 connections, 1 requests")
	p.signal(syscall.SIGTERM)
	p.expect("stopping")
	p.signal(syscall.SIGUSR2)
	p.expect("report: 1 connections, 1 requests")
	_ = body.Close()
	if got, want := receive(t, answer), "200 4 <nil>"; got != want {
		t.Errorf("answer %q, want %q", got, want)
	}
	p.ends(0)
}
