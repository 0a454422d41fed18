package api

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"syscall"
	"time"
)

// sendChunk is how many bytes of a file go to the kernel in one call. It is
// what one sendfile call takes at most, so that renewing the deadline between
// calls costs nothing.
const sendChunk = 4 << 20

// copyBuffer is how many bytes of anything else are copied at a time.
const copyBuffer = 256 << 10

// response is the one ResponseWriter that the pipeline puts around that of
// net/http. It knows whether the answer has begun, counts bytes for the access
// log, lets middleware change the header at the last moment, and renews the
// write deadline. It passes ReadFrom on, so that the kernel still sends files.
type response struct {
	http.ResponseWriter
	log     *slog.Logger
	control *http.ResponseController
	timeout time.Duration // of each write; 0 is none
	body    *body         // of the request, or nil
	status  int           // 0 until the header is written
	bytes   int64         // of the body
	hooks   []func(status int, h http.Header)
}

func newResponse(w http.ResponseWriter) *response {
	return &response{ResponseWriter: w, control: http.NewResponseController(w)}
}

// responseOf finds the response in the chain of writers, or nil.
func responseOf(w http.ResponseWriter) *response {
	for {
		switch v := w.(type) {
		case *response:
			return v
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil
		}
	}
}

// OnHeader calls f with the final status and header just before the header of
// the answer is written. What was registered last, by the middleware that is
// nearest to the application, is called first. The writer must come from the
// pipeline or from Handle; on any other one f is never called.
func OnHeader(w http.ResponseWriter, f func(status int, h http.Header)) {
	if res := responseOf(w); res != nil {
		res.hooks = append(res.hooks, f)
	}
}

func (w *response) logger() *slog.Logger {
	if w.log == nil {
		return slog.Default() // a handler outside any pipeline
	}
	return w.log
}

func (w *response) begun() bool { return w.status != 0 }

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	if status >= 200 && !w.begun() {
		w.status = status
		for i := len(w.hooks) - 1; i >= 0; i-- {
			w.hooks[i](status, w.Header())
		}
		w.renew()
		w.body.leave()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) begin() {
	if !w.begun() {
		w.WriteHeader(http.StatusOK)
	}
}

func (w *response) Write(p []byte) (int, error) {
	w.begin()
	w.renew()
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom sends src. Files go to the kernel in pieces.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	w.begin()
	to, ok := w.ResponseWriter.(io.ReaderFrom)
	if !ok || !isFile(src) {
		return io.CopyBuffer(onlyWriter{w}, src, make([]byte, copyBuffer))
	}
	limit := &io.LimitedReader{R: src, N: 1<<63 - 1}
	if l, ok := src.(*io.LimitedReader); ok {
		limit = l // the caller sees in it what is left
	}
	var sent int64
	for limit.N > 0 {
		// The kernel is only used for a file directly below one limit.
		piece := &io.LimitedReader{R: limit.R, N: min(limit.N, sendChunk)}
		want := piece.N
		w.renew()
		n, err := to.ReadFrom(piece)
		limit.N -= n
		sent += n
		w.bytes += n
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && n > 0 && sent > n:
			// Slow, but moving. Not in the first piece: there it may be the header that is stuck in a buffer.
		case err != nil || n < want:
			return sent, err
		}
	}
	return sent, nil
}

func isFile(src io.Reader) bool {
	if l, ok := src.(*io.LimitedReader); ok {
		src = l.R
	}
	// What package net wants of a reader before it calls the kernel: *os.File, or what its WriteTo makes of itself.
	_, ok := src.(interface {
		fs.File
		io.Seeker
		syscall.Conn
	})
	return ok
}

// onlyWriter keeps io.Copy from coming back to ReadFrom.
type onlyWriter struct{ io.Writer }

// renew gives the next write its full time. Connections without deadlines
// (tests) do not matter.
func (w *response) renew() {
	if w.timeout > 0 {
		_ = w.control.SetWriteDeadline(time.Now().Add(w.timeout))
	}
}

// FlushError is for http.ResponseController.
func (w *response) FlushError() error {
	w.begin()
	w.renew()
	return w.control.Flush()
}

// Flush makes the response an http.Flusher; an error shows at the next write.
func (w *response) Flush() { _ = w.FlushError() }
