package store

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrStalled is the cause of a transfer that ended because it stood still.
var ErrStalled = errors.New("the server sends no more data")

// Watched ends a transfer that stands still: a Read that gets nothing for limit
// calls stop, which must end the request that body belongs to, and fails with
// Unavailable. Only the server's time counts, not that of a slow reader. Close
// calls stop too.
func Watched(body io.ReadCloser, limit time.Duration, stop context.CancelFunc) io.ReadCloser {
	return &watched{body, limit, stop}
}

type watched struct {
	io.ReadCloser
	limit time.Duration
	stop  context.CancelFunc
}

func (w *watched) Read(p []byte) (int, error) {
	alarm := time.AfterFunc(w.limit, w.stop)
	n, err := w.ReadCloser.Read(p)
	if !alarm.Stop() {
		err = Unreachable(ErrStalled)
	}
	return n, err
}

func (w *watched) Close() error {
	defer w.stop()
	return w.ReadCloser.Close()
}
