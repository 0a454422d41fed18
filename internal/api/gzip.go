package api

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strconv"
)

// maxGzipBuffer is how many compressed bytes are held back to tell the client
// their number beforehand.
const maxGzipBuffer = 1 << 20

var gzipWord = regexp.MustCompile(`\bgzip\b`)

// Gzip compresses answers for clients whose Accept-Encoding has the word gzip
// (spec images-v2 §3.4). Image data is compressed as it flows, everything else
// as a whole, with its new Content-Length. Answers without a body, parts of
// data and what is compressed already pass as they are. Other clients do not
// notice the filter, and the kernel sends files to them.
func Gzip(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Compat: weights do not matter, not even q=0.
		if r.Method == http.MethodHead || !gzipWord.MatchString(r.Header.Get("Accept-Encoding")) {
			next.ServeHTTP(w, r)
			return
		}
		g := &gzipWriter{ResponseWriter: w}
		next.ServeHTTP(g, r)
		g.finish()
	})
}

type gzipState int

const (
	gzipUndecided gzipState = iota // no header yet
	gzipHolding                    // the answer is compressed into held
	gzipFlowing                    // compressed data goes out at once
	gzipPlain                      // nothing to do
)

type gzipWriter struct {
	http.ResponseWriter
	state  gzipState
	status int
	wrote  bool
	held   bytes.Buffer
	zip    *gzip.Writer
}

func (g *gzipWriter) Unwrap() http.ResponseWriter { return g.ResponseWriter }

// WriteHeader may be called again while nothing has gone out: an error after
// the beginning of a short answer replaces it.
func (g *gzipWriter) WriteHeader(status int) {
	if status < 200 || g.state == gzipFlowing || g.state == gzipPlain {
		g.ResponseWriter.WriteHeader(status)
		return
	}
	g.status = status
	h := g.Header()
	bare := status == http.StatusNoContent || status == http.StatusNotModified || status == http.StatusPartialContent
	if bare || h.Get("Content-Encoding") != "" || h.Get("Content-Length") == "0" {
		g.state = gzipPlain
		g.ResponseWriter.WriteHeader(status)
		return
	}
	g.state, g.wrote = gzipHolding, false
	g.held.Reset()
	g.zip = gzip.NewWriter(gzipSink{g})
	if h.Get("Content-Type") == "application/octet-stream" {
		g.flow()
	}
}

// compressed sets the headers of a compressed answer; length -1 is unknown.
func (g *gzipWriter) compressed(length int) {
	h := g.Header()
	h.Set("Content-Encoding", "gzip")
	h.Add("Vary", "Accept-Encoding")
	h.Del("Content-Length")
	if length >= 0 {
		h.Set("Content-Length", strconv.Itoa(length))
	}
	g.ResponseWriter.WriteHeader(g.status)
}

func (g *gzipWriter) flow() {
	g.state = gzipFlowing
	g.compressed(-1)
}

func (g *gzipWriter) begin() {
	if g.state == gzipUndecided {
		g.WriteHeader(http.StatusOK)
	}
}

func (g *gzipWriter) Write(p []byte) (int, error) {
	g.begin()
	if g.state == gzipPlain {
		return g.ResponseWriter.Write(p)
	}
	g.wrote = g.wrote || len(p) > 0
	return g.zip.Write(p)
}

// ReadFrom lets the kernel send what is not compressed.
func (g *gzipWriter) ReadFrom(src io.Reader) (int64, error) {
	g.begin()
	if g.state == gzipPlain {
		return io.Copy(g.ResponseWriter, src)
	}
	return io.Copy(struct{ io.Writer }{g}, src)
}

// finish sends what is held back. An error means that the client is gone.
func (g *gzipWriter) finish() {
	switch {
	case g.state == gzipHolding && !g.wrote:
		g.ResponseWriter.WriteHeader(g.status)
	case g.state == gzipHolding:
		_ = g.zip.Close()
		if g.state == gzipHolding { // the last block did not overflow it
			g.compressed(g.held.Len())
			_, _ = g.ResponseWriter.Write(g.held.Bytes())
		}
	case g.state == gzipFlowing:
		_ = g.zip.Close()
	}
}

// gzipSink takes the compressed data.
type gzipSink struct{ *gzipWriter }

func (s gzipSink) Write(p []byte) (int, error) {
	if s.state == gzipFlowing {
		return s.ResponseWriter.Write(p)
	}
	if s.held.Len()+len(p) <= maxGzipBuffer {
		return s.held.Write(p)
	}
	s.flow()
	if _, err := s.ResponseWriter.Write(s.held.Bytes()); err != nil {
		return 0, err
	}
	s.held = bytes.Buffer{}
	return s.ResponseWriter.Write(p)
}
