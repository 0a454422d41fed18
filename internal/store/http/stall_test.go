package http_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	httpstore "glance/internal/store/http"
)

// TestStall: a transfer that moves may be slow, and its reader too; one that
// stands still ends.
func TestStall(t *testing.T) {
	tests := map[string]struct {
		server, reader time.Duration // pause before each byte, and before each read
		want           string
		kind           glance.Kind
	}{
		"slow server": {59 * time.Second, 0, "01234", -1},
		"slow reader": {0, time.Hour, "01234", -1},
		"stalled":     {61 * time.Second, 0, "", glance.Unavailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var serving sync.WaitGroup
				defer serving.Wait()
				s := open(t, httpstore.Config{})
				s.SetDial(func(context.Context, string, string) (net.Conn, error) {
					client, server := net.Pipe()
					serving.Go(func() { serveSlowly(server, tt.server, "01234") })
					return client, nil
				})
				data, err := s.Open(t.Context(), "http://host/", 0)
				if err != nil {
					t.Fatal(err)
				}
				defer data.Close()
				text, err := io.ReadAll(pausing{data, tt.reader})
				if string(text) != tt.want || (err == nil) != (tt.kind < 0) || err != nil && glance.KindOf(err) != tt.kind {
					t.Errorf("got %q, %v", text, err)
				}
			})
		})
	}
}

// serveSlowly answers one request, a byte after each pause.
func serveSlowly(conn net.Conn, pause time.Duration, text string) {
	defer conn.Close()
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		return
	}
	_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n")
	for i := 0; i < len(text) && err == nil; i++ {
		time.Sleep(pause)
		_, err = io.WriteString(conn, text[i:i+1])
	}
}

type pausing struct {
	io.Reader
	pause time.Duration
}

func (p pausing) Read(b []byte) (int, error) {
	time.Sleep(p.pause)
	return p.Reader.Read(b)
}

// TestStallCancelled: the end of the caller's context is not taken for a stall.
func TestStallCancelled(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(t.Context())
	data, err := open(t, httpstore.Config{}).Open(ctx, server.URL, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	cancel()
	if _, err := io.ReadAll(data); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

// TestUnreadBodies: nobody waits for the body of a redirect or an error.
func TestUnreadBodies(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/data" {
			_, _ = io.WriteString(w, "data")
			return
		}
		w.Header().Set("Location", "/data")
		w.WriteHeader(map[string]int{"/moved": http.StatusFound, "/denied": http.StatusForbidden}[r.URL.Path])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	s := open(t, httpstore.Config{})
	data, err := s.Open(t.Context(), server.URL+"/moved", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if text, err := io.ReadAll(data); err != nil || string(text) != "data" {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := s.Open(t.Context(), server.URL+"/denied", 0); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("got error %v", err)
	}
}
