package keystone_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"glance/internal/auth/keystone"
	"glance/internal/glance"
)

var netError = net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

func newCanceled(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

// proxy stands between a filter and its identity service, and breaks.
type proxy struct {
	url      string
	listener net.Listener
	to       string
	mu       sync.Mutex
	how      func(client net.Conn, dial func() (net.Conn, error))
	open     sync.WaitGroup
	conns    []net.Conn
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{url: "http://" + l.Addr().String(), listener: l, to: strings.TrimPrefix(to, "http://"), how: through}
	p.open.Go(p.serve)
	t.Cleanup(func() {
		_ = l.Close()
		p.breakAll()
		p.open.Wait()
	})
	return p
}

func (p *proxy) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.keep(c)
		p.mu.Lock()
		how := p.how
		p.mu.Unlock()
		p.open.Go(func() {
			defer c.Close()
			how(c, func() (net.Conn, error) {
				up, err := new(net.Dialer).DialContext(context.Background(), "tcp", p.to)
				if err == nil {
					p.keep(up)
				}
				return up, err
			})
		})
	}
}

func (p *proxy) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, c)
}

func (p *proxy) breakAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

// set changes how connections are treated, and ends those that are open.
func (p *proxy) set(how func(net.Conn, func() (net.Conn, error))) {
	p.mu.Lock()
	p.how = how
	p.mu.Unlock()
	p.breakAll()
}

func through(client net.Conn, dial func() (net.Conn, error)) {
	up, err := dial()
	if err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(up, client)
		_ = up.Close()
	})
	_, _ = io.Copy(client, up)
	_ = client.Close()
	both.Wait()
}

// say reads something and answers with a text.
func say(text string) func(net.Conn, func() (net.Conn, error)) {
	return func(c net.Conn, _ func() (net.Conn, error)) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, text)
	}
}

func stall(c net.Conn, _ func() (net.Conn, error)) { _, _ = io.Copy(io.Discard, c) }

func reset(c net.Conn, _ func() (net.Conn, error)) {
	_ = c.(*net.TCPConn).SetLinger(0)
}

// endless sends a body without end.
func endless(c net.Conn, _ func() (net.Conn, error)) {
	_, _ = c.Read(make([]byte, 4096))
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"token\": \"")
	piece := []byte(strings.Repeat("x", 64<<10))
	for {
		if _, err := c.Write(piece); err != nil {
			return
		}
	}
}

func page(status, body string) string {
	return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n" + body
}

// Each breakage gives the right answer, and the end of it the right one again,
// without a restart: with the service's own token at hand and without.
func TestBreakage(t *testing.T) {
	faults := map[string]func(net.Conn, func() (net.Conn, error)){
		"stalls":                  stall,
		"resets":                  reset,
		"closes":                  func(net.Conn, func() (net.Conn, error)) {},
		"garbage":                 say("this is no HTTP " + secret + "\r\n\r\n"),
		"500":                     say(page("500 Oops", secret)),
		"503":                     say(page("503 Busy", "<html>")),
		"404 of somebody else":    say(page("404 Not Found", "<html>nginx</html>")),
		"200 without sense":       say(page("200 OK", "<html>welcome</html>")),
		"200 with other JSON":     say(page("200 OK", `{"token": {"expires_at": 5}}`)),
		"200 with an empty token": say(page("200 OK", `{"token": {}}`)),
		"cut off":                 say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"token\":"),
		"a body without end":      endless,
	}
	for name, fault := range faults {
		for _, loggedIn := range []bool{true, false} {
			t.Run(name+map[bool]string{true: ", logged in", false: ", not logged in"}[loggedIn], func(t *testing.T) {
				t.Parallel()
				id := newIdentity(t)
				id.tokens[userToken], id.tokens[otherToken] = describe("p1", "reader"), describe("p2", "reader")
				p := newProxy(t, id.url)
				c := config(p.url + "/v3")
				c.Timeout = 300 * time.Millisecond
				if name == "a body without end" {
					c.Timeout = time.Minute
				}
				strict, _ := open(t, c)
				c.Delay = true
				lenient, _ := open(t, c)
				if loggedIn {
					for _, f := range []*keystone.Filter{strict, lenient} {
						if _, err := ask(t, f, "X-Auth-Token", userToken); err != nil {
							t.Fatal(err)
						}
					}
				}
				p.set(fault)
				if _, err := ask(t, strict, "X-Auth-Token", otherToken); !errors.Is(err, glance.Unavailable) {
					t.Errorf("strict: %v", err)
				}
				if h, err := ask(t, lenient, "X-Auth-Token", otherToken); err != nil || h.Get("X-Identity-Status") != "Invalid" || h.Get("X-User-Id") != "" {
					t.Errorf("delayed: %v, %v", h, err)
				}
				if _, err := ask(t, strict); !errors.Is(err, glance.Unauthenticated) {
					t.Errorf("without a token: %v", err)
				}
				if loggedIn {
					if _, err := ask(t, strict, "X-Auth-Token", userToken); err != nil {
						t.Errorf("a token that is remembered: %v", err)
					}
				}
				p.set(through)
				for _, f := range []*keystone.Filter{strict, lenient} {
					if h, err := ask(t, f, "X-Auth-Token", otherToken); err != nil || h.Get("X-Project-Id") != "p2" {
						t.Errorf("after the recovery: %v, %v", h, err)
					}
				}
			})
		}
	}
}

// A connection that died while idle costs nobody anything.
func TestIdleConnectionDies(t *testing.T) {
	id := newIdentity(t)
	id.tokens[userToken], id.tokens[otherToken] = describe("p1", "reader"), describe("p2", "reader")
	p := newProxy(t, id.url)
	c := config(p.url + "/v3")
	c.Retries = 3
	f, _ := open(t, c)
	if _, err := ask(t, f, "X-Auth-Token", userToken); err != nil {
		t.Fatal(err)
	}
	p.breakAll()
	if _, err := ask(t, f, "X-Auth-Token", otherToken); err != nil {
		t.Error(err)
	}
}

// Close does not wait for an identity service that never answers.
func TestCloseWhileWaiting(t *testing.T) {
	id := newIdentity(t)
	p := newProxy(t, id.url)
	p.set(stall)
	f, err := keystone.Open(config(p.url))
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := newCanceled(t)
	left := make(chan error)
	go func() {
		_, err := f.Check(ctx, "GET", "/", http.Header{"X-Auth-Token": {userToken}})
		left <- err
	}()
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("left with %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
