package golden

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
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
		data, _ := io.ReadAll(io.LimitReader(random(n), maxGzip)) // never fails
		packed := gzipped(data)
		return page{http.StatusOK, "", bytes.NewReader(packed), int64(len(packed))}
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

// maxGzip is what fits into one block of random data.
const maxGzip = 16 << 10

// gzipped packs data that cannot be made smaller to the bytes that Python's gzip makes of it: a single stored block.
// compress/gzip ends with an empty block more.
func gzipped(data []byte) []byte {
	size := uint16(len(data))
	b := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 1}
	b = binary.LittleEndian.AppendUint16(b, size)
	b = binary.LittleEndian.AppendUint16(b, ^size)
	b = append(b, data...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(data))
	return binary.LittleEndian.AppendUint32(b, uint32(size))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
