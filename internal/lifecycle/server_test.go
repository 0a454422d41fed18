package lifecycle_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"glance/internal/lifecycle"
)

// open serves h until the end of the test.
func open(t *testing.T, opt lifecycle.ServerOptions, h http.HandlerFunc) *lifecycle.Server {
	t.Helper()
	if opt.Addr == "" {
		opt.Addr = "127.0.0.1:0"
	}
	s, err := lifecycle.Open(t.Context(), opt, h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		if err := s.Drain(limitedForCleanup(t)); err != nil {
			t.Error(err)
		}
		if err := receive(t, served); err != nil {
			t.Errorf("Serve = %v after Drain", err)
		}
	})
	return s
}

func limitedForCleanup(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return ctx
}

func hostPort(s *lifecycle.Server) string {
	return strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/")
}

func dial(t *testing.T, s *lifecycle.Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", hostPort(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// exchange sends raw text and returns the status of the answer and whether the
// server means to close the connection.
func exchange(t *testing.T, c net.Conn, request string) (int, bool) {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Close
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestHeaderLimits(t *testing.T) {
	lines := func(n, size int) string {
		var b strings.Builder
		for i := range n {
			name := fmt.Sprintf("X-%04d: ", i)
			b.WriteString(name + strings.Repeat("a", size-len(name)-len("\r\n")) + "\r\n")
		}
		return b.String()
	}
	tests := []struct {
		name    string
		limit   int
		headers string
		want    int
	}{
		{"longest line allowed", 16384, lines(1, 16384), 200},
		{"one byte too long", 16384, lines(1, 16385), 400},
		{"several long lines", 16384, lines(3, 16384), 200},
		{"all lines too long", 16384, lines(6, 16384), 431},
		{"limit over that of all lines", 100000, lines(1, 100000), 200},
		{"no limit", 0, lines(1, 200000), 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, lifecycle.ServerOptions{MaxHeaderLine: tt.limit}, hello)
			got, closes := exchange(t, dial(t, s), "GET / HTTP/1.1\r\nHost: x\r\n"+tt.headers+"\r\n")
			if got != tt.want || closes != (tt.want >= 400) {
				t.Errorf("status %d, close %t, want %d", got, closes, tt.want)
			}
		})
	}
}

func TestHTTPKeepAlive(t *testing.T) {
	for _, disabled := range []bool{false, true} {
		s := open(t, lifecycle.ServerOptions{DisableKeepAlive: disabled}, hello)
		if _, closes := exchange(t, dial(t, s), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); closes != disabled {
			t.Errorf("DisableKeepAlive %t: connection closes %t", disabled, closes)
		}
	}
}

// TestSocketTimeout: the limit is per read, so a slow upload that moves on is
// none, one that stands still fails, and work after the upload has no limit.
func TestSocketTimeout(t *testing.T) {
	const limit = 700 * time.Millisecond
	result := make(chan error, 1)
	s := open(t, lifecycle.ServerOptions{SocketTimeout: limit}, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			select {
			case <-r.Context().Done():
				err = errors.New("cancelled while working")
			case <-time.After(2 * limit):
			}
		}
		result <- err
	})
	head := "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"

	c := dial(t, s)
	if status, _ := exchange(t, c, head+"body"); status != 200 {
		t.Errorf("status %d of a whole upload", status)
	}
	if err := receive(t, result); err != nil {
		t.Errorf("a whole upload: %v", err)
	}
	c = dial(t, s)
	if _, err := io.WriteString(c, head+"bo"); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, result); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a standing upload: %v, want a timeout", err)
	}
	c = dial(t, s) // says nothing at all
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an idle connection: %d, %v, want it closed", n, err)
	}
}

// TestNothingIsWrapped guards sendfile: net/http uses it only when it finds
// the bare connection and the handler the bare ResponseWriter. The same
// connection shows the socket options.
func TestNothingIsWrapped(t *testing.T) {
	type facts struct {
		writer, conn string
		idle, stall  int
	}
	seen := make(chan facts, 1)
	h := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		f := facts{writer: fmt.Sprintf("%T", w), conn: fmt.Sprintf("%T", c)}
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Error(err)
		}
		_ = raw.Control(func(fd uintptr) {
			f.idle, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)
			f.stall, _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
		})
		_ = c.Close()
		seen <- f
	}
	opt := lifecycle.ServerOptions{Addr: "127.0.0.1:0", SocketTimeout: 900 * time.Second}
	s := open(t, opt, h)
	ask := func() facts {
		c := dial(t, s)
		if _, err := io.WriteString(c, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"); err != nil {
			t.Fatal(err)
		}
		return receive(t, seen)
	}
	if got, want := ask(), (facts{"*http.response", "*net.TCPConn", 600, 900_000}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	opt.KeepIdle, opt.SocketTimeout = 77*time.Second, 0
	if err := s.Reconfigure(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	if got, want := ask(), (facts{"*http.response", "*net.TCPConn", 77, 0}); got != want {
		t.Errorf("reconfigured: %+v, want %+v", got, want)
	}
}

func TestPortInUseFailsAtOnce(t *testing.T) {
	s := open(t, lifecycle.ServerOptions{}, hello)
	_, err := lifecycle.Open(t.Context(), lifecycle.ServerOptions{Addr: hostPort(s)}, http.HandlerFunc(hello), slog.New(slog.DiscardHandler))
	if want := "Could not bind to " + hostPort(s) + ": address already in use"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAddresses(t *testing.T) {
	for addr, prefix := range map[string]string{
		"0.0.0.0:0":   "http://0.0.0.0:",
		"[::1]:0":     "http://[::1]:",
		"[::]:0":      "http://[::]:",
		"localhost:0": "http://127.0.0.1:",
	} {
		s := open(t, lifecycle.ServerOptions{Addr: addr}, hello)
		if !strings.HasPrefix(s.URL(), prefix) {
			t.Errorf("%s: URL %s", addr, s.URL())
		}
	}
}

// TestFault15ReconfigureWithoutGap: while options change again and again, no
// request fails, neither on new nor on kept connections.
func TestFault15ReconfigureWithoutGap(t *testing.T) {
	opt := lifecycle.ServerOptions{Addr: "127.0.0.1:0", MaxHeaderLine: 1000}
	s := open(t, opt, hello)
	url := s.URL()
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for {
				select {
				case <-stop:
					return
				default:
				}
				resp, err := client.Get(url)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	for i := range 50 {
		opt.MaxHeaderLine = 2000 + i
		opt.Backlog = 100 + i
		if err := s.Reconfigure(t.Context(), opt); err != nil {
			t.Error(err)
		}
		if s.URL() != url {
			t.Errorf("URL %s, want %s", s.URL(), url)
		}
	}
	close(stop)
	clients.Wait()
}

// TestFault15AddressChange: the new address is open before the old one
// closes, a request under way ends, and an address that is taken changes
// nothing.
func TestFault15AddressChange(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-release
		}
		hello(w, r)
	}
	taken := open(t, lifecycle.ServerOptions{}, hello)
	opt := lifecycle.ServerOptions{Addr: "127.0.0.1:0"}
	s := open(t, opt, h)
	old := s.URL()
	slow := make(chan string, 1)
	go func() {
		resp, err := http.Get(old + "slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		_ = resp.Body.Close()
		slow <- resp.Status
	}()
	receive(t, begun)

	opt.Addr = hostPort(taken)
	if err := s.Reconfigure(t.Context(), opt); err == nil {
		t.Error("no error for an address in use")
	}
	if s.URL() != old {
		t.Errorf("URL %s after a failure, want %s", s.URL(), old)
	}
	opt.Addr = "[::1]:0"
	if err := s.Reconfigure(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	eventually(t, "the old address is closed", func() bool {
		c, err := net.Dial("tcp", strings.Trim(old, "htp:/"))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	close(release)
	if got := receive(t, slow); got != "200 OK" {
		t.Errorf("the request under way: %s", got)
	}
}

// TestFault15SamePortOtherHost: the old socket is not in the way of the new
// one, and neither lets a second server in.
func TestFault15SamePortOtherHost(t *testing.T) {
	opt := lifecycle.ServerOptions{Addr: "0.0.0.0:0"}
	s := open(t, opt, hello)
	_, port, err := net.SplitHostPort(hostPort(s))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "0.0.0.0"} {
		opt.Addr = net.JoinHostPort(host, port)
		if err := s.Reconfigure(t.Context(), opt); err != nil {
			t.Fatal(err)
		}
		eventually(t, "an answer from the new socket", func() bool {
			resp, err := http.Get("http://127.0.0.1:" + port)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err == nil && s.URL() == "http://"+opt.Addr+"/"
		})
		if l, err := lifecycle.Open(t.Context(), opt, http.HandlerFunc(hello), slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("a second server got %s", opt.Addr)
			_ = l.Drain(t.Context())
		}
	}
}

func TestReconfigureTLS(t *testing.T) {
	borrowed := httptest.NewTLSServer(nil)
	defer borrowed.Close()
	opt := lifecycle.ServerOptions{Addr: "127.0.0.1:0"}
	s := open(t, opt, hello)
	opt.TLS = &tls.Config{Certificates: borrowed.TLS.Certificates}
	if err := s.Reconfigure(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	resp, err := borrowed.Client().Get(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if !strings.HasPrefix(s.URL(), "https://") || resp.ProtoMajor != 1 {
		t.Errorf("%s answered with %s", s.URL(), resp.Proto)
	}
}

// TestDrainWithoutServe: a server that never came to serve closes its port.
func TestDrainWithoutServe(t *testing.T) {
	s, err := lifecycle.Open(t.Context(), lifecycle.ServerOptions{Addr: "127.0.0.1:0"}, http.HandlerFunc(hello), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", hostPort(s)); err == nil {
		_ = c.Close()
		t.Error("the port is still open")
	}
	if err := s.Serve(); err != nil {
		t.Errorf("Serve after Drain: %v", err)
	}
	if err := s.Reconfigure(t.Context(), lifecycle.ServerOptions{Addr: "127.0.0.1:1"}); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Reconfigure after Drain: %v", err)
	}
}
