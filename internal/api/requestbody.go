package api

import (
	"context"
	"io"
	"net/http"
	"time"
)

// bodyError is a request body that could not be read: the client went away,
// was too slow, or broke the rules of HTTP. Whoever reports it, the client is
// the cause.
type bodyError struct{ error }

func (e *bodyError) Unwrap() error { return e.error }

// body is a request body that knows how far it was read.
type body struct {
	io.ReadCloser
	started bool
	done    bool // at its end or broken
}

func (b *body) Read(p []byte) (int, error) {
	b.started = true
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	b.done = true
	if err != io.EOF {
		return n, &bodyError{err}
	}
	return n, io.EOF
}

// How long a client that is refused in the middle of its upload is listened to
// further: in all, and without hearing anything.
const (
	lingerTime  = 30 * time.Second
	lingerStall = 5 * time.Second
)

// lingers reports whether the client is still sending a body that nobody will
// use. One that waits for leave to send (Expect) is not.
func (w *response) lingers(r *http.Request) bool {
	return w.body != nil && !w.body.done && (w.body.started || r.Header.Get("Expect") == "")
}

// linger reads on, and throws away, what a refused client still sends. If the
// connection were closed at once, the client's machine would throw the answer
// away unread: all the user saw would be a broken pipe.
func (w *response) linger(ctx context.Context) {
	if w.control.Flush() != nil {
		return
	}
	hangUp := func() { _ = w.control.SetReadDeadline(time.Unix(1, 0)) }
	defer context.AfterFunc(ctx, hangUp)()
	stalled := time.AfterFunc(lingerStall, hangUp)
	defer stalled.Stop()
	end := time.Now().Add(lingerTime)
	for buf := make([]byte, 64<<10); time.Now().Before(end); stalled.Reset(lingerStall) {
		if _, err := w.body.Read(buf); err != nil {
			return
		}
	}
}
