package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultDrainLimit is the time that requests get after TERM: with the steps
// of cutting it stays below the 15 s after which service managers kill.
const DefaultDrainLimit = 10 * time.Second

// Service is what a process does between ready and stop. *Server is one.
type Service interface {
	// Serve works until Drain is called (then nil) or until it cannot go on.
	Serve() error
	// Drain makes Serve stop taking work, and returns when all work is done.
	// The end of ctx cuts what is left; Drain still returns only when that is
	// cleaned up. It may be called before Serve. Its error is logged, the
	// process ends all the same.
	Drain(ctx context.Context) error
}

// Daemon is a server that is ready to serve.
type Daemon struct {
	Service
	Log *slog.Logger
	// Reload is called on HUP, never twice at a time; its context ends when
	// the process stops. It changes everything or, with an error, nothing.
	// Nil: HUP is logged and ignored.
	Reload func(context.Context) error
	// Report is called on USR2, in a goroutine of its own: it says what the
	// process is doing. May be nil.
	Report func()
	// Ready is called once, when requests are served. May be nil.
	Ready func()
	// DrainLimit is how long work may go on after TERM; 0 is DefaultDrainLimit.
	DrainLimit time.Duration
}

// Run is the life of the process: it takes over what the parent passed, calls
// start, reports readiness or failure, serves, and returns when the service
// has ended. Nil after a stop that somebody asked for, in whatever phase; else
// the error of start or of Serve. The context given to start ends when Run
// returns, or earlier when the process is to stop before start has returned.
func Run(ctx context.Context, start func(context.Context) (*Daemon, error)) error {
	unix.Umask(0o027) // as the original: others read neither images nor logs
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2)
	defer signal.Stop(signals)

	parent, err := adopt()
	defer func() { parent.pid.release() }()
	if err != nil {
		parent.failed(err)
		return err
	}
	d, stopped, err := startUnlessStopped(ctx, cancel, start, signals)
	switch {
	case stopped:
		parent.failed(errors.New("stopped while starting"))
		if d != nil {
			d.stop(signals, expired())
		}
		return nil
	case err != nil:
		parent.failed(err)
		return err
	}
	return d.run(ctx, signals, parent)
}

// startUnlessStopped calls start and cancels its context at a stop signal. HUP
// means nothing yet: start is reading everything anyway.
func startUnlessStopped(ctx context.Context, cancel func(), start func(context.Context) (*Daemon, error), signals <-chan os.Signal) (d *Daemon, stopped bool, err error) {
	done := make(chan struct{})
	go func() {
		d, err = start(ctx)
		close(done) // not deferred: a panic must end the process, not look like a return
	}()
	for {
		select {
		case sig := <-signals:
			if sig != unix.SIGHUP && sig != unix.SIGUSR2 {
				stopped = true
				cancel()
			}
		case <-done:
			return d, stopped || ctx.Err() != nil, err
		}
	}
}

func expired() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}

func (d *Daemon) run(ctx context.Context, signals <-chan os.Signal, parent *handover) error {
	served := make(chan error, 1)
	go func() { served <- d.Serve() }()
	if err := parent.ready(); err != nil {
		d.Log.Warn("unable to leave the standard files", "error", err)
	}
	notifySystemd("READY=1")
	if d.Ready != nil {
		d.Ready()
	}

	hangup := make(chan struct{}, 1)
	reloads, stopReloads := context.WithCancel(ctx)
	reloadsDone := make(chan struct{})
	go func() {
		defer close(reloadsDone)
		d.reloadOn(reloads, hangup)
	}()
	limit, err := d.untilStop(ctx, signals, hangup, served)
	notifySystemd("STOPPING=1")
	stopReloads()
	d.stop(signals, limit)
	select {
	case <-reloadsDone:
	case <-time.After(cleanupTime):
		d.Log.Warn("a reload does not end, leaving it")
	}
	return err
}

// untilStop passes hangups on until the process is to end. It returns the
// limit for draining (nil: none) and the error of a Serve that gave up.
func (d *Daemon) untilStop(ctx context.Context, signals <-chan os.Signal, hangup chan<- struct{}, served <-chan error) (<-chan time.Time, error) {
	for {
		select {
		case err := <-served:
			if err == nil {
				err = errors.New("the service ended by itself")
			}
			return d.limit(), err
		case <-ctx.Done():
			return d.limit(), nil
		case sig := <-signals:
			switch sig {
			case unix.SIGHUP:
				select {
				case hangup <- struct{}{}:
				default: // one is waiting already
				}
			case unix.SIGUSR2:
				d.report()
			case unix.SIGUSR1:
				d.Log.Info("shutting down when all requests are done")
				return nil, nil
			default:
				d.Log.Info("stopping", "signal", sig.String())
				return d.limit(), nil
			}
		}
	}
}

func (d *Daemon) report() {
	if d.Report != nil {
		go d.Report() // signals must not wait for a terminal that nobody reads
	}
}

func (d *Daemon) limit() <-chan time.Time {
	if d.DrainLimit > 0 {
		return time.After(d.DrainLimit)
	}
	return time.After(DefaultDrainLimit)
}

// stop drains until limit (nil: without one). TERM and INT set a limit, or cut
// at once where there is one already.
func (d *Daemon) stop(signals <-chan os.Signal, limit <-chan time.Time) {
	ctx, cut := context.WithCancel(context.Background())
	defer cut()
	drained := make(chan error, 1)
	go func() { drained <- d.Drain(ctx) }()
	for {
		select {
		case err := <-drained:
			if err != nil {
				d.Log.Error("unable to drain", "error", err)
			}
			return
		case <-limit:
			cut()
			limit = make(chan time.Time) // said once
		case sig := <-signals:
			switch {
			case sig == unix.SIGUSR2:
				d.report()
			case sig != unix.SIGTERM && sig != unix.SIGINT:
			case limit == nil:
				limit = d.limit()
			default:
				cut()
			}
		}
	}
}

func (d *Daemon) reloadOn(ctx context.Context, hangup <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		}
		if d.Reload == nil {
			d.Log.Info("ignoring the hangup: there is nothing to reload")
			continue
		}
		notifyReloading()
		if err := d.reload(ctx); err != nil {
			d.Log.Error("unable to reload, the old configuration stays", "error", err)
		} else {
			d.Log.Info("Reloaded configuration")
		}
		notifySystemd("READY=1")
	}
}

// reload turns a panic into an error: the old configuration serves well, so a
// mistake in building the next one must not end the process.
func (d *Daemon) reload(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return d.Reload(ctx)
}
