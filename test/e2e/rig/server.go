package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// Limit is how long anything may take that normally takes no time, on a
	// machine that has other things to do.
	Limit = 2 * time.Minute
	// Interval is how often a state is asked for.
	Interval = 5 * time.Millisecond
)

// Command is a program to start.
type Command struct {
	Path string
	Args []string
	Dir  string
	Env  []string // added to this process's environment
}

// Server is a running program.
type Server struct {
	URL   string // of its ready line, reachable from here, without a slash at the end
	PID   int
	out   output
	ended chan struct{}
	state *os.ProcessState // when ended is closed
	cmd   *exec.Cmd
}

// Start starts a server and waits for its ready line.
func Start(ctx context.Context, c Command) (*Server, error) {
	s := &Server{ended: make(chan struct{})}
	s.out.ready = make(chan struct{})
	s.cmd = exec.Command(c.Path, c.Args...) //nolint:noctx // it outlives ctx: Stop and Kill end it
	s.cmd.Dir = c.Dir
	s.cmd.Env = append(os.Environ(), c.Env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.PID = s.cmd.Process.Pid
	go func() {
		_ = s.cmd.Wait() // the state has the result
		s.state = s.cmd.ProcessState
		close(s.ended)
	}()
	select {
	case <-s.out.ready:
		s.URL = s.out.url()
		return s, nil
	case <-s.ended:
		return nil, fmt.Errorf("%s: %v\n%s", c.Path, s.state, s.Output())
	case <-ctx.Done():
	case <-time.After(Limit):
	}
	s.Kill()
	return nil, fmt.Errorf("%s says nothing of being ready:\n%s", c.Path, s.Output())
}

// Output is what the program has printed so far.
func (s *Server) Output() string { return s.out.text() }

// Signal sends a signal to a program that still runs.
func (s *Server) Signal(sig syscall.Signal) error { return s.cmd.Process.Signal(sig) }

// Wait waits for the end of the program and returns its exit code, -1 after a
// signal.
func (s *Server) Wait() (int, error) {
	select {
	case <-s.ended:
		return s.state.ExitCode(), nil
	case <-time.After(Limit):
		return 0, fmt.Errorf("process %d does not end:\n%s", s.PID, s.Output())
	}
}

// Stop asks the program to end. The error has its output when it went wrong.
func (s *Server) Stop() error {
	if err := s.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	code, err := s.Wait()
	if err != nil {
		s.Kill()
		return err
	}
	if code != 0 || strings.Contains(s.Output(), "panic:") {
		return fmt.Errorf("process %d: exit code %d\n%s", s.PID, code, s.Output())
	}
	return nil
}

// Kill ends the program at once, as a power cut would; nothing when it has
// ended.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	<-s.ended
}

var readyLine = regexp.MustCompile(`wsgi starting up on (https?://\S+?)/?\s`)

// output collects what a program prints and finds the ready line.
type output struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	found string
	ready chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.buf.Write(p)
	if o.found == "" {
		if m := readyLine.FindSubmatch(o.buf.Bytes()); m != nil {
			o.found = strings.Replace(string(m[1]), "//0.0.0.0:", "//127.0.0.1:", 1)
			close(o.ready)
		}
	}
	return n, err
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (o *output) url() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.found
}

// Until asks again and again until done says yes; the error names what was
// waited for.
func Until(ctx context.Context, what string, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	tick := time.NewTicker(Interval)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s", what)
		}
	}
	return nil
}
