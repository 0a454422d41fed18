package api

import (
	"io"
	"net/http"
	"time"
)

// bodyError is a request body that could not be read: the client went away,
// was too slow, or broke the rules of HTTP. Whoever reports it, the client is
// the cause.
type bodyError struct{ error }

func (e *bodyError) Unwrap() error { return e.error }

// body is a request body whose every read has its own deadline, so that a slow
// upload may take hours but not stand still.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	timeout time.Duration // 0 is none
	started bool
	done    bool // at its end or broken
}

func (b *body) Read(p []byte) (int, error) {
	b.renew()
	if !b.started && b.timeout > 0 {
		// The first read may send "100 Continue".
		_ = b.control.SetWriteDeadline(time.Now().Add(b.timeout))
	}
	b.started = true
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	if err != io.EOF {
		// The deadline stays: net/http shall not wait for the rest either.
		b.done = true
		return n, &bodyError{err}
	}
	if !b.done && b.timeout > 0 {
		// From here on net/http reads to notice a client that goes away, which may take any time.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	b.done = true
	return n, io.EOF
}

// renew gives the next read its full time. Connections without deadlines
// (tests) do not matter.
func (b *body) renew() {
	if b.timeout > 0 && !b.done {
		_ = b.control.SetReadDeadline(time.Now().Add(b.timeout))
	}
}

// maxDrain is how long net/http may wait for the rest of a body that nobody
// reads, which it does before it sends the header of the answer.
const maxDrain = 5 * time.Second

// leave prepares for the answer of a handler that did not read to the end. The
// time is shorter than that of the write which follows.
func (b *body) leave() {
	if b != nil && b.timeout > 0 && !b.done {
		_ = b.control.SetReadDeadline(time.Now().Add(min(b.timeout/2, maxDrain)))
	}
}
