package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// ErrGone says that the process has ended, or that its pid belongs to
// somebody else by now.
var ErrGone = errors.New("process is gone")

// Process is a hold on one running server. The pid cannot be reused under it.
type Process struct {
	PID int
	fd  int // pidfd
}

// Open takes hold of the process that holds the pid file. ErrGone when there
// is none. The caller closes it.
func (s PidState) Open() (*Process, error) {
	if !s.Running() {
		return nil, ErrGone
	}
	fd, err := unix.PidfdOpen(s.Holder, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, os.NewSyscallError("pidfd_open", err)
	}
	p := &Process{PID: s.Holder, fd: fd}
	// The pid may have changed hands between Inspect and pidfd_open; now that
	// it is held, the lock tells.
	if now, err := Inspect(s.Path); err != nil || now.Holder != s.Holder {
		p.Close()
		return nil, errors.Join(ErrGone, err)
	}
	return p, nil
}

// Signal sends sig. ErrGone when the process has ended.
func (p *Process) Signal(sig unix.Signal) error {
	err := unix.PidfdSendSignal(p.fd, sig, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	if err != nil {
		return fmt.Errorf("unable to signal process %d: %w", p.PID, err)
	}
	return nil
}

// Wait returns when the process has ended and has closed all it had open, or
// with ctx's error.
func (p *Process) Wait(ctx context.Context) error {
	const slice = 50 // ms; only ctx is noticed as late as that
	for {
		fds := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, slice)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("poll", err)
		}
		if n > 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// Close lets go of the process.
func (p *Process) Close() { _ = unix.Close(p.fd) }
