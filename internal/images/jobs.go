package images

import (
	"context"
	"errors"
	"sync"

	"glance/internal/glance"
)

// Jobs runs work that outlives the request that asked for it: so many at a
// time, the others wait. A job ends early when its image is deleted and when
// the process stops; whoever closes Jobs waits for all of them.
type Jobs struct {
	ctx    context.Context //nolint:containedctx // jobs live as long as the server, not as long as a request
	cancel context.CancelFunc
	slots  chan struct{}
	hold   func() (release func())
	all    sync.WaitGroup

	mu     sync.Mutex
	closed bool
	byID   map[string]*job
}

type job struct {
	cancel context.CancelCauseFunc
	ended  chan struct{}
}

// errUnwanted ends a job before the process ends.
var errUnwanted = errors.New("nobody wants the job any more")

// stopped reports whether the job of ctx was ended by the end of the process,
// and may be gone on with at the next start.
func stopped(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(context.Cause(ctx), errUnwanted)
}

// NewJobs makes room for most jobs at a time, 1 or more. They end with ctx.
// hold is called when a job is taken on, and what it returns when the job has
// ended: it keeps alive what jobs work with. It may be nil.
func NewJobs(ctx context.Context, most int, hold func() (release func())) *Jobs {
	if hold == nil {
		hold = func() func() { return func() {} }
	}
	ctx, cancel := context.WithCancel(ctx)
	return &Jobs{ctx: ctx, cancel: cancel, slots: make(chan struct{}, most), hold: hold, byID: map[string]*job{}}
}

// Start takes on a job about an image. run is always called, so that it can
// settle what was begun for it: when the job is cancelled before its turn, with
// a context that has ended. The error is Unavailable after Close.
//
// There is one job per image. An older one is cancelled: it has lost the lock
// that let it be.
func (j *Jobs) Start(imageID string, run func(ctx context.Context)) error {
	return j.start(imageID, run, true)
}

// StartOnly is Start for jobs that take no lock: it fails with Conflict when
// there is a job about the image.
func (j *Jobs) StartOnly(imageID string, run func(ctx context.Context)) error {
	return j.start(imageID, run, false)
}

func (j *Jobs) start(imageID string, run func(ctx context.Context), replace bool) error {
	ctx, cancel := context.WithCancelCause(j.ctx)
	this := &job{cancel: cancel, ended: make(chan struct{})}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		cancel(errUnwanted)
		return &glance.Error{Kind: glance.Unavailable}
	}
	if older := j.byID[imageID]; older != nil {
		if !replace {
			cancel(errUnwanted)
			return errActiveTask()
		}
		older.cancel(errUnwanted)
	}
	j.byID[imageID] = this
	j.all.Add(1)
	release := j.hold()
	go func() {
		defer release() // last: it may close what Jobs is a part of
		defer j.all.Done()
		defer j.end(imageID, this)
		select {
		case j.slots <- struct{}{}:
			defer func() { <-j.slots }()
		case <-ctx.Done():
		}
		run(ctx)
	}()
	return nil
}

// Beside takes on work that is about no image of its own and waits for no turn,
// since it is idle most of the time. The error is Unavailable after Close.
func (j *Jobs) Beside(run func(ctx context.Context)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return &glance.Error{Kind: glance.Unavailable}
	}
	j.all.Add(1)
	release := j.hold()
	go func() {
		defer release() // last, as in start
		defer j.all.Done()
		run(j.ctx)
	}()
	return nil
}

func (j *Jobs) end(imageID string, this *job) {
	this.cancel(errUnwanted)
	close(this.ended)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.byID[imageID] == this {
		delete(j.byID, imageID)
	}
}

// Cancel ends the job about an image, if there is one here, and waits for it
// until ctx ends.
func (j *Jobs) Cancel(ctx context.Context, imageID string) {
	j.mu.Lock()
	this := j.byID[imageID]
	j.mu.Unlock()
	if this == nil {
		return
	}
	this.cancel(errUnwanted)
	select {
	case <-this.ended:
	case <-ctx.Done():
	}
}

// Close cancels all jobs, waits for them and takes no more.
func (j *Jobs) Close() error {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.cancel()
	j.all.Wait()
	return nil
}
