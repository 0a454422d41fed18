package multihash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
)

// Consumer uses a stream. It runs in its own goroutine and is done when it
// returns; with nil it may be so before the end of the stream, and costs
// nothing from then on. r also implements io.WriterTo, which hands out whole
// buffers. ctx ends when the transfer fails anywhere. Goroutines that a
// consumer leaves behind get an error from r.
type Consumer func(ctx context.Context, r io.Reader) error

// ErrEnough is what the writer of To returns when it wants no more data.
var ErrEnough = errors.New("enough data")

// To makes the consumer that writes everything to w, in whole buffers, until w
// returns ErrEnough.
func To(w io.Writer) Consumer {
	return func(_ context.Context, r io.Reader) error {
		_, err := io.Copy(w, r) // by r's WriteTo
		if errors.Is(err, ErrEnough) {
			return nil
		}
		return err
	}
}

// Pipe reads src once and hands the data to all consumers, to its end or until
// no consumer wants more. It returns how many bytes src gave, and the first
// error of src, of a consumer, or of ctx (its cause), as it was; a panic of
// one of them counts as its error. After an error every consumer gets that
// error from its reader.
//
// Pipe waits for a Read of src that is under way and for all consumers: a
// source that may block for ever must end with ctx by itself.
func (p *Pool) Pipe(ctx context.Context, src io.Reader, consumers ...Consumer) (int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &transfer{ctx: ctx, cancel: cancel, supply: p.supply()}
	defer t.close() // when all consumers have ended

	var running sync.WaitGroup
	for _, consume := range consumers {
		b := t.branch()
		running.Go(func() { b.run(consume) })
	}
	var n int64
	t.fail(guard(func() (err error) {
		n, err = t.feed(src)
		return err
	}))
	for _, b := range t.branches {
		close(b.queue)
	}
	running.Wait()
	return n, t.failure()
}

// transfer is one call of Pipe.
type transfer struct {
	*supply
	ctx      context.Context
	cancel   context.CancelCauseFunc
	branches []*branch

	mu    sync.Mutex
	first error
}

// fail notes the first error and stops everyone. When the caller's context has
// ended before, its cause is the first error, whatever a consumer made of it.
func (t *transfer) fail(err error) {
	if err == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == nil {
		t.cancel(err)
		t.first = context.Cause(t.ctx)
	}
}

func (t *transfer) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.first
}

// feed reads src and queues what it reads.
func (t *transfer) feed(src io.Reader) (total int64, err error) {
	for t.wanted() {
		b := t.next(t.ctx.Done())
		if b == nil {
			return total, context.Cause(t.ctx)
		}
		n, err := fill(t.ctx, src, b.space)
		total += int64(n)
		if err != nil && err != io.EOF { //nolint:errorlint // the bare value ends a stream
			return total, err
		}
		b.data = b.space[:n]
		t.share(b)
		if err != nil {
			return total, nil
		}
	}
	return total, nil
}

func (t *transfer) wanted() bool {
	for _, b := range t.branches {
		if !b.done.Load() {
			return true
		}
	}
	return false
}

// share queues b for everyone who still wants data.
func (t *transfer) share(b *buffer) {
	b.refs.Store(int32(len(t.branches)) + 1)
	for _, to := range t.branches {
		if len(b.data) == 0 || to.done.Load() {
			t.release(b)
			continue
		}
		to.queue <- b // never blocks: there is room for all buffers
	}
	t.release(b)
}

// fill reads until space is full, so that consumers see whole buffers even
// when src gives what a network packet holds.
func fill(ctx context.Context, src io.Reader, space []byte) (n int, err error) {
	for idle := 0; n < len(space); {
		if ctx.Err() != nil {
			return n, context.Cause(ctx)
		}
		got, err := src.Read(space[n:])
		n += got
		if err != nil {
			return n, err
		}
		if got > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// guard turns a panic into an error: consumers parse hostile data in
// goroutines, where a panic would end the program.
func guard(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return call()
}
