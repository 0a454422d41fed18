package api_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/api"
)

// pipeListener hands out the server ends of in-memory connections, which live
// in fake time.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

const timeout = 10 * time.Second

// connect starts a server with a timeout and gives a connection to it.
func connect(t *testing.T, h http.Handler) (net.Conn, *bufio.Reader) {
	t.Helper()
	l := &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	e := api.Entrance{Log: slog.New(slog.DiscardHandler), Timeout: timeout}
	srv := &http.Server{Handler: e.Wrap(h), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0), ReadHeaderTimeout: time.Hour}
	done := make(chan error)
	go func() { done <- srv.Serve(l) }()
	client, server := net.Pipe()
	l.conns <- server
	t.Cleanup(func() {
		_ = client.Close()
		_ = srv.Close()
		<-done
	})
	return client, bufio.NewReader(client)
}

func reply(t *testing.T, r *bufio.Reader) (int, string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func count() http.Handler {
	return api.Handle(func(w http.ResponseWriter, r *http.Request) error {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return err
		}
		_, err = io.WriteString(w, strings.Repeat("x", int(n)))
		return err
	})
}

// An upload may take as long as it likes, but not stand still.
func TestBodyThatMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := connect(t, count())
		_, _ = io.WriteString(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n")
		for range 8 {
			time.Sleep(timeout - time.Second)
			_, _ = io.WriteString(c, "x")
		}
		if status, body := reply(t, r); status != 200 || len(body) != 8 {
			t.Errorf("%d %q", status, body)
		}
	})
}

func TestBodyThatStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := connect(t, count())
		start := time.Now()
		_, _ = io.WriteString(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nxx")
		if status, body := reply(t, r); status != 408 || !strings.HasPrefix(body, "408 Request Timeout\n\n") {
			t.Errorf("%d %q", status, body)
		}
		if waited := time.Since(start); waited != timeout {
			t.Errorf("after %s", waited)
		}
	})
}

// A handler that fails without reading does not wait for a body that never
// comes.
func TestBodyNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := connect(t, failing(errors.New("no database")))
		_, _ = io.WriteString(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nxx")
		if status, _ := reply(t, r); status != 500 {
			t.Error(status)
		}
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("the connection stays: %v", err)
		}
	})
}

func TestClientThatBreaksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan error, 1)
		c, _ := connect(t, api.Handle(func(_ http.ResponseWriter, r *http.Request) error {
			_, err := io.Copy(io.Discard, r.Body)
			got <- err
			return err
		}))
		_, _ = io.WriteString(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nxx")
		_ = c.Close()
		if err := <-got; !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	})
}

// What takes long after the body is the server's own time.
func TestLongWorkAfterTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := connect(t, api.Handle(func(w http.ResponseWriter, r *http.Request) error {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return err
			}
			select {
			case <-time.After(5 * timeout):
			case <-r.Context().Done():
				return r.Context().Err()
			}
			_, err := io.WriteString(w, "done")
			return err
		}))
		for range 2 { // and the connection is as good as new
			_, _ = io.WriteString(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx")
			if status, body := reply(t, r); status != 200 || body != "done" {
				t.Errorf("%d %q", status, body)
			}
			time.Sleep(3 * timeout)
		}
	})
}

func TestClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan error, 1)
		c, _ := connect(t, api.Handle(func(w http.ResponseWriter, _ *http.Request) error {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					got <- err
					return err
				}
			}
		}))
		start := time.Now()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if err := <-got; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != timeout {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 20 << 16
		c, r := connect(t, api.Handle(func(w http.ResponseWriter, _ *http.Request) error {
			for range 20 {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return err
				}
			}
			return nil
		}))
		_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		for err == nil {
			var m int
			m, err = io.ReadFull(resp.Body, make([]byte, 1<<16))
			n += m
			time.Sleep(timeout - time.Second)
		}
		if n != size {
			t.Errorf("%d of %d bytes: %v", n, size, err)
		}
	})
}
