package api_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/api"
	"glance/internal/glance"
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

// connect starts a server and gives a connection to it.
func connect(t *testing.T, h http.Handler) (net.Conn, *bufio.Reader) {
	t.Helper()
	l := &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	e := api.Entrance{Log: slog.New(slog.DiscardHandler)}
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

// refuse answers 413 without a look at the body.
func refuse() http.Handler {
	return api.Handle(func(http.ResponseWriter, *http.Request) error { return glance.TooLarge })
}

// A client that is refused and goes on sending gets its answer, and is listened
// to until it is done.
func TestRefusedUploadIsReadOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := connect(t, refuse())
		const size = 3 << 20
		_, _ = fmt.Fprintf(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", size)
		sent := make(chan error)
		go func() {
			_, err := c.Write(make([]byte, size))
			sent <- err
		}()
		if status, _ := reply(t, r); status != 413 {
			t.Errorf("status %d", status)
		}
		if err := <-sent; err != nil {
			t.Errorf("sending: %v", err)
		}
		// The connection goes on: everything was read.
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if status, _ := reply(t, r); status != 413 {
			t.Errorf("second status %d", status)
		}
	})
}

func TestRefusedUploadThatStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := connect(t, refuse())
		start := time.Now()
		_, _ = io.WriteString(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nxx")
		if status, _ := reply(t, r); status != 413 {
			t.Errorf("status %d", status)
		}
		if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("the connection: %v", err)
		}
		if waited := time.Since(start); waited > time.Minute {
			t.Errorf("after %s", waited)
		}
	})
}

// A client that waits for leave to send is not waited for.
func TestRefusedUploadThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := connect(t, refuse())
		start := time.Now()
		_, _ = io.WriteString(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n")
		if status, _ := reply(t, r); status != 413 {
			t.Errorf("status %d", status)
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("after %s", waited)
		}
	})
}
