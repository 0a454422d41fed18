package api_test

import (
	"bytes"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"glance/internal/api"
)

// spyListener hands out connections that write down what net/http asks the
// kernel to send.
type spyListener struct {
	net.Listener
	mu   sync.Mutex
	sent []int64 // bytes of each file that reached the connection as a file
}

func (l *spyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &spyConn{TCPConn: c.(*net.TCPConn), listener: l}, nil
}

type spyConn struct {
	*net.TCPConn
	listener *spyListener
}

func (c *spyConn) ReadFrom(src io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(src)
	if limited, ok := src.(*io.LimitedReader); ok {
		src = limited.R
	}
	if _, ok := src.(fs.File); ok {
		c.listener.mu.Lock()
		c.listener.sent = append(c.listener.sent, n)
		c.listener.mu.Unlock()
	}
	return n, err
}

// Through the longest stock pipeline, with every header that wakes a filter,
// the file of a handler still arrives at the connection as a file.
func TestKernelSendsFiles(t *testing.T) {
	const size = 9<<20 + 5
	data := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
	name := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p := parts()
	p.ProxyHeaders = true
	p.V2 = api.NewRouter(
		api.Route{Method: "GET", Pattern: "/whole", Handle: func(w http.ResponseWriter, _ *http.Request) error {
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			defer func() { _ = f.Close() }()
			w.Header().Set("Content-Length", "9437189")
			_, err = io.Copy(w, f)
			return err
		}},
		api.Route{Method: "GET", Pattern: "/range", Handle: func(w http.ResponseWriter, r *http.Request) error {
			http.ServeFile(w, r, name)
			return nil
		}},
	)
	h, err := api.Pipeline(nil, "glance-api", "keystone+cachemanagement", p)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	spy := &spyListener{Listener: l}
	srv := &httptest.Server{Listener: spy, Config: &http.Server{Handler: api.Entrance{}.Wrap(h)}}
	srv.Start()
	defer srv.Close()
	for _, tt := range []struct {
		path, asked string
		want        []byte
		least       int64 // bytes sent by the kernel; the first ones go with the header
	}{
		{"/v2/whole", "", data, size - 1024},
		{"/v2/range", "bytes=1000-8999999", data[1000:9000000], 8999000 - 1024},
	} {
		spy.sent = nil
		r, _ := http.NewRequestWithContext(t.Context(), "GET", srv.URL+tt.path, nil)
		for i := 0; i < len(confirmed); i += 2 {
			r.Header.Set(confirmed[i], confirmed[i+1])
		}
		r.Header.Set("Origin", "http://a")
		r.Header.Set("Range", tt.asked)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || !bytes.Equal(got, tt.want) || resp.Header.Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("%s: %d bytes, %v, %v", tt.path, len(got), err, resp.Header)
		}
		spy.mu.Lock()
		var sum int64
		for _, n := range spy.sent {
			sum += n
		}
		if sum < tt.least {
			t.Errorf("%s: the kernel sent %v of %d bytes", tt.path, spy.sent, len(tt.want))
		}
		spy.mu.Unlock()
	}
}
