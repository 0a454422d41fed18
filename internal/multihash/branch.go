package multihash

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// branch is the reader of one consumer.
type branch struct {
	t     *transfer
	queue chan *buffer  // closed at the end of the stream, and after an error
	quit  chan struct{} // closed when the consumer has returned
	done  atomic.Bool   // the same, for the feeder

	mu   sync.Mutex // held by a Read, which a consumer may have left behind
	held *buffer
	rest []byte // what is left of held
	err  error  // what every further read returns
}

func (t *transfer) branch() *branch {
	b := &branch{t: t, queue: make(chan *buffer, cap(t.all)), quit: make(chan struct{})}
	t.branches = append(t.branches, b)
	return b
}

// run calls the consumer and sees to it that no buffer stays with it.
func (b *branch) run(consume Consumer) {
	err := guard(func() error { return consume(b.t.ctx, b) })
	b.done.Store(true)
	close(b.quit) // wakes a Read that still waits

	b.mu.Lock()
	if err == nil && b.err != nil && b.err != io.EOF { //nolint:errorlint // set by us
		err = b.err // it saw less than all and said nothing
	}
	b.drop()
	b.err = io.ErrClosedPipe
	b.mu.Unlock()

	b.t.fail(err)
	for late := range b.queue {
		b.t.release(late)
	}
}

func (b *branch) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(p) == 0 {
		return 0, b.err
	}
	if err := b.advance(); err != nil {
		return 0, err
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// WriteTo writes the rest of the stream to w, each buffer as a whole.
func (b *branch) WriteTo(w io.Writer) (total int64, err error) {
	for {
		n, err := b.writeOne(w)
		total += int64(n)
		if err == io.EOF { //nolint:errorlint // the bare value ends a stream
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func (b *branch) writeOne(w io.Writer) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.advance(); err != nil {
		return 0, err
	}
	n, err := w.Write(b.rest)
	if err == nil && n < len(b.rest) {
		err = io.ErrShortWrite
	}
	b.rest = b.rest[n:]
	return n, err
}

// advance waits until there is something to read.
func (b *branch) advance() error {
	if b.err == nil && b.t.ctx.Err() != nil {
		b.err = context.Cause(b.t.ctx)
	}
	if b.err != nil || len(b.rest) > 0 {
		return b.err
	}
	b.drop()
	select {
	case next, ok := <-b.queue:
		if ok {
			b.held, b.rest = next, next.data
		} else if b.err = b.t.failure(); b.err == nil {
			b.err = io.EOF
		}
	case <-b.t.ctx.Done():
		b.err = context.Cause(b.t.ctx)
	case <-b.quit:
		b.err = io.ErrClosedPipe
	}
	return b.err
}

func (b *branch) drop() {
	if b.held != nil {
		b.t.release(b.held)
	}
	b.held, b.rest = nil, nil
}
