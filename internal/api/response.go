package api

import (
	"io"
	"log/slog"
	"net/http"
)

// response is the one ResponseWriter that the pipeline puts around that of
// net/http. It knows whether the answer has begun, counts bytes for the access
// log and lets middleware change the header at the last moment. It passes
// ReadFrom on, so that the kernel still sends files.
type response struct {
	http.ResponseWriter
	log     *slog.Logger
	control *http.ResponseController
	body    *body // of the request, or nil
	status  int   // 0 until the header is written
	bytes   int64 // of the body
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
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom sends src; net/http has the kernel send it when it is a file.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	w.begin()
	n, err := io.Copy(w.ResponseWriter, src)
	w.bytes += n
	return n, err
}

// FlushError is for http.ResponseController.
func (w *response) FlushError() error {
	w.begin()
	return w.control.Flush()
}

// Flush makes the response an http.Flusher; an error shows at the next write.
func (w *response) Flush() { _ = w.FlushError() }
