package lifecycle

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// idleBody is a request body whose reads may each take no longer than limit.
type idleBody struct {
	io.ReadCloser
	conn  *http.ResponseController
	limit time.Duration
}

// newIdleBody sets the first deadline at once: net/http reads on after a
// handler that has not read all.
func newIdleBody(w http.ResponseWriter, body io.ReadCloser, limit time.Duration) *idleBody {
	b := &idleBody{ReadCloser: body, conn: http.NewResponseController(w), limit: limit}
	b.deadline(time.Now().Add(limit))
	return b
}

func (b *idleBody) Read(p []byte) (int, error) {
	b.deadline(time.Now().Add(b.limit))
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.deadline(time.Time{}) // net/http watches the connection now, for as long as the handler works
	}
	return n, err
}

// deadline fails only on a dead connection, which the read itself reports.
func (b *idleBody) deadline(t time.Time) { _ = b.conn.SetReadDeadline(t) }
