package importflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
)

// interval is how often a task says that it is alive, so that its lock does not
// become stale.
const interval = time.Minute

// pulse knows whether an import gets on.
type pulse struct {
	moved  atomic.Int64 // bytes, fetched or stored
	stored atomic.Int64 // bytes of the present pass
	steps  atomic.Int64 // under way
}

// busy says that something is under way that moves no bytes; the result ends
// that.
func (p *pulse) busy() (end func()) {
	p.steps.Add(1)
	return func() { p.steps.Add(-1) }
}

// through counts what is read.
func (p *pulse) through(r io.Reader, also *atomic.Int64) io.Reader {
	return readerFunc(func(b []byte) (int, error) {
		n, err := r.Read(b)
		p.moved.Add(int64(n))
		if also != nil {
			also.Add(int64(n))
		}
		return n, err
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// beat touches the task while the import gets on. One that hangs loses its lock
// in the end; one whose task was ended by somebody is cancelled.
func (j *job) beat(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	last := int64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := j.pulse.moved.Load()
		if now == last && j.pulse.steps.Load() == 0 {
			continue
		}
		last = now
		switch err := j.touch(ctx); {
		case errors.Is(err, glance.Conflict), errors.Is(err, glance.NotFound):
			cancel(err)
			return
		case err != nil && ctx.Err() == nil:
			j.Log.WarnContext(ctx, "a task cannot say that it is alive", "image_id", j.image, "task", j.task, "error", err)
		}
	}
}

// touch says how far the task is.
func (j *job) touch(ctx context.Context) error {
	_, err := images.TouchTask(ctx, j.Tasks, j.task, fmt.Sprintf("Copied %d MiB", j.pulse.stored.Load()>>20))
	return err
}
