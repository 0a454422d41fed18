package control

import (
	"context"
	"errors"
	"syscall"
	"time"

	"glance/internal/config"
	"glance/internal/lifecycle"
)

func (r *run) stop(ctx context.Context) int {
	return r.each(r.present(), func(server string) int {
		return r.stopServer(ctx, server, syscall.SIGTERM, r.StopLimit)
	})
}

// shutdown lets all requests finish: no limit here, nor in the server.
func (r *run) shutdown(ctx context.Context) int {
	return r.each(r.present(), func(server string) int {
		return r.stopServer(ctx, server, syscall.SIGUSR1, 0)
	})
}

// restart starts only what is stopped for sure, and stops nothing that could
// not start again for want of a configuration.
func (r *run) restart(ctx context.Context) int {
	list := r.present()
	var ready, stopped []string
	code := r.each(list, func(server string) int {
		if _, err := r.confOf(server); err != nil {
			return config.Report(err, r.Stdout, r.Stderr)
		}
		ready = append(ready, server)
		return config.CodeOK
	})
	code = max(code, r.each(ready, func(server string) int {
		code := r.stopServer(ctx, server, syscall.SIGTERM, r.StopLimit)
		if code == config.CodeOK {
			stopped = append(stopped, server)
		}
		return code
	}))
	return max(code, r.startAll(ctx, stopped))
}

// stopServer signals a server and waits until it is gone; limit 0 is none.
func (r *run) stopServer(ctx context.Context, server string, sig syscall.Signal, limit time.Duration) int {
	state, err := r.state(server)
	switch {
	case err != nil:
		return r.fail("%s: %v", server, err)
	case !state.Exists:
		r.say("No %s running", server)
		return config.CodeOK
	case !state.Running():
		return r.stale(server, state)
	}
	proc, err := state.Open()
	if err == nil {
		defer proc.Close()
		r.say("Stopping %s  pid: %d  signal: %d", server, proc.PID, sig)
		err = proc.Signal(sig)
	}
	if errors.Is(err, lifecycle.ErrGone) {
		r.say("Process %d not running", state.Holder)
		return config.CodeOK
	}
	if err != nil {
		return r.fail("%s: %v", server, err)
	}
	return r.await(ctx, proc, state, limit)
}

// stale removes a pid file that no process holds.
func (r *run) stale(server string, state lifecycle.PidState) int {
	if state.Written > 0 {
		r.say("Process %d not running", state.Written)
	} else {
		r.say("Removing stale pid file %s", state.Path)
		r.say("No %s running", server)
	}
	if err := state.Remove(); err != nil {
		return r.fail("%v", err)
	}
	return config.CodeOK
}

func (r *run) await(ctx context.Context, proc *lifecycle.Process, state lifecycle.PidState, limit time.Duration) int {
	waiting := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	err := proc.Wait(waiting)
	switch {
	case err != nil && ctx.Err() != nil:
		return config.CodeFailure // the user does not want to wait any longer
	case errors.Is(err, context.DeadlineExceeded):
		r.say("Waited %.0f seconds for pid %d (%s) to die; giving up", limit.Seconds(), proc.PID, state.Path)
		return config.CodeFailure
	case err != nil:
		return r.fail("%v", err)
	}
	// Servers remove their file; one that was killed cannot.
	if left, err := lifecycle.Inspect(state.Path); err == nil && left.Exists && !left.Running() {
		if err := left.Remove(); err != nil {
			return r.fail("%v", err)
		}
	}
	return config.CodeOK
}

func (r *run) reload(context.Context) int {
	return r.each(r.servers, func(server string) int {
		if server == "glance-scrubber" {
			return r.fail("Reload of %s not supported", server)
		}
		state, err := r.state(server)
		switch {
		case err != nil:
			return r.fail("%s: %v", server, err)
		case !state.Exists:
			return r.fail("Server %s is stopped", server)
		case !state.Running():
			return r.fail("Process %d not running", state.Written)
		}
		proc, err := state.Open()
		if err == nil {
			defer proc.Close()
			r.say("Reloading %s (pid %d) with signal(%d)", server, proc.PID, syscall.SIGHUP)
			err = proc.Signal(syscall.SIGHUP)
		}
		if err != nil {
			return r.fail("%s: %v", server, err)
		}
		return config.CodeOK
	})
}
