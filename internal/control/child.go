package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"glance/internal/lifecycle"
)

// child is a server that this process started.
type child struct {
	server, conf, pidFile string

	report  *lifecycle.Pending
	out     *output
	process *os.Process
	started time.Time
	ended   chan struct{} // closed when it has ended; state is set then
	state   *os.ProcessState
}

// follow reaps the child when it ends.
func (c *child) follow(cmd *exec.Cmd) {
	c.process, c.started = cmd.Process, time.Now()
	go func() {
		defer close(c.ended)
		// The exit status is all there is to learn, and it is in the state.
		_ = cmd.Wait()
		c.state = cmd.ProcessState
	}()
}

// end stops the child and waits until it is gone.
func (c *child) end(ctx context.Context) error {
	if err := c.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// how says how the child ended: "exit status 1", "signal: killed".
func (c *child) how() string {
	if c.state == nil {
		return "still running"
	}
	return c.state.String()
}

// exitCode is that of the child in the way of shells; a child that ended well
// without having served is no success.
func (c *child) exitCode() int {
	if c.state == nil {
		return 1
	}
	if status, ok := c.state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return max(1, c.state.ExitCode())
}

// deliberate tells whether somebody wanted this end.
func (c *child) deliberate() bool {
	status, ok := c.state.Sys().(syscall.WaitStatus)
	return c.state.Success() || ok && status.Signaled() && (status.Signal() == syscall.SIGTERM || status.Signal() == syscall.SIGINT)
}

// output is where a server's standard output and error go.
type output struct {
	server *os.File // the server's end
	kept   bool     // a file in memory, to be read here; else a pipe
	reader *os.File // the logger's end of the pipe
}

// output keeps what the server prints in memory until it is ready: a pipe
// would break when nobody waits any longer. --capture-output needs a pipe.
func (r *run) output() (*output, error) {
	if !r.capture {
		file, err := lifecycle.MemoryFile()
		return &output{server: file, kept: true}, err
	}
	if _, err := exec.LookPath("logger"); err != nil {
		return nil, err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &output{server: writer, reader: reader}, nil
}

// attach starts the logger, in a session of its own: signals to the server's
// process group are not for it, it ends when the server closes the pipe.
func (o *output) attach(server string, pid int) error {
	if o.kept {
		return nil
	}
	logger := exec.CommandContext(context.Background(), "logger", "-t", fmt.Sprintf("%s[%d]", server, pid))
	logger.Stdin = o.reader
	logger.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := logger.Start(); err != nil {
		return err
	}
	go func() { _ = logger.Wait() }() // only so that no zombie stays while respawning
	return nil
}

// parentDone closes what only others use from now on.
func (o *output) parentDone() {
	if !o.kept {
		o.close()
	}
}

func (o *output) close() {
	_ = o.server.Close()
	if o.reader != nil {
		_ = o.reader.Close()
	}
}

// text is the end of what the server has printed so far.
func (o *output) text() string {
	const most = 64 << 10
	if !o.kept {
		return ""
	}
	info, err := o.server.Stat()
	if err != nil {
		return ""
	}
	buf := make([]byte, min(info.Size(), most))
	n, _ := o.server.ReadAt(buf, info.Size()-int64(len(buf)))
	return string(buf[:n])
}
