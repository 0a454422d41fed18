package golden

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Web is the web server that scenarios download from; testdata/README.md lists its pages. It speaks HTTP/1.0 and knows
// no ranges, like the one of the recordings.
type Web struct {
	URL      string
	listener net.Listener
	running  sync.WaitGroup
}

// StartWeb listens on a free port of 127.0.0.1 until Close.
func StartWeb(ctx context.Context) (*Web, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &Web{URL: "http://" + l.Addr().String(), listener: l}
	w.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			w.running.Go(func() { serve(conn) })
		}
	})
	return w, nil
}

// Close stops listening and waits for the answers under way.
func (w *Web) Close() error {
	err := w.listener.Close()
	w.running.Wait()
	return err
}

// serve answers one request; a client that went away is no concern of ours.
func serve(conn net.Conn) {
	defer conn.Close()
	if conn.SetDeadline(time.Now().Add(requestTimeout)) != nil {
		return
	}
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	p := find(req.URL.EscapedPath())
	out := bufio.NewWriter(conn)
	fmt.Fprintf(out, "HTTP/1.0 %d %s\r\n", p.status, http.StatusText(p.status))
	if p.location != "" {
		fmt.Fprintf(out, "Location: %s\r\n", p.location)
	}
	if p.data != nil {
		fmt.Fprintf(out, "Content-Length: %d\r\n", p.announced)
	}
	_, _ = out.WriteString("\r\n")
	if p.data != nil && req.Method == http.MethodGet {
		_, _ = io.Copy(out, p.data)
	}
	_ = out.Flush()
}

// page is one answer; data may be shorter than announced.
type page struct {
	status    int
	location  string
	data      io.Reader
	announced int64
}

func find(path string) page {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	first, second, _ := strings.Cut(rest, "/")
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil || n < 0 {
		return page{status: http.StatusNotFound}
	}
	seed, _ := strconv.ParseInt(second, 10, 64)
	random := func(n int64) io.Reader { return io.LimitReader(RandomReader(seed), n) }
	switch kind {
	case "zero":
		return page{http.StatusOK, "", io.LimitReader(zeros{}, n), n}
	case "random":
		return page{http.StatusOK, "", random(n), n}
	case "short":
		return page{http.StatusOK, "", io.LimitReader(zeros{}, n/2), n}
	case "gzip":
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		_, _ = io.Copy(z, random(n)) // a buffer takes everything
		_ = z.Close()
		return page{http.StatusOK, "", &buf, int64(buf.Len())}
	case "status":
		return page{status: int(n)}
	case "redirect":
		to := "/" + second
		if second != "" && second[0] >= '0' && second[0] <= '9' {
			to = "http://" + second
		}
		return page{status: int(n), location: to}
	}
	return page{status: http.StatusNotFound}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
