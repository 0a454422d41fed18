package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What a parent passes to a server; see the package comment.
const (
	envReadyFD = "GLANCE_READY_FD"
	envPidFile = "GLANCE_PID_FILE"
	envDetach  = "GLANCE_DETACH"

	readyWord = "ready\n"
	failWord  = "error\n" // followed by the text
)

// MemoryFile makes a file without a name, for the output of a server that is
// starting. A pipe would break once nobody waits for the server any longer.
func MemoryFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("output", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "output"), nil
}

// ErrNoReport is Await's answer when the server ended without a word: not a
// program of ours, not started at all, or killed.
var ErrNoReport = errors.New("ended without a report")

// StartError is the text with which a server refused to start.
type StartError string

func (e StartError) Error() string { return string(e) }

// Pending is a server that was launched and has not reported yet.
type Pending struct{ report *os.File }

// Launch starts cmd as a server that creates pidFile and reports to the
// returned Pending. With detach it leaves its standard files when it is ready.
func Launch(cmd *exec.Cmd, pidFile string, detach bool) (*Pending, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Close() }()
	cmd.ExtraFiles = append(cmd.ExtraFiles, w)
	cmd.Env = append(cmd.Environ(),
		fmt.Sprintf("%s=%d", envReadyFD, 2+len(cmd.ExtraFiles)),
		envPidFile+"="+pidFile,
		fmt.Sprintf("%s=%t", envDetach, detach))
	if err := cmd.Start(); err != nil {
		_ = r.Close()
		return nil, err
	}
	return &Pending{report: r}, nil
}

// Await returns nil when the server is ready, a StartError when it says why it
// cannot be, ErrNoReport, or ctx's error; the server is left alone in any case.
func (p *Pending) Await(ctx context.Context) error {
	defer func() { _ = p.report.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = p.report.Close() })
	defer stop()
	text, err := io.ReadAll(p.report)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if string(text) == readyWord {
		return nil
	}
	if why, ok := strings.CutPrefix(string(text), failWord); ok {
		return StartError(why)
	}
	return ErrNoReport
}

// handover is the server's end.
type handover struct {
	report *os.File
	pid    *pidFile
	detach bool
}

// adopt takes over what the parent passed. On failure the parent is told.
func adopt() (*handover, error) {
	h := &handover{report: readyPipe(), detach: os.Getenv(envDetach) == "true"}
	path := os.Getenv(envPidFile)
	for _, name := range []string{envReadyFD, envPidFile, envDetach} {
		if err := os.Unsetenv(name); err != nil {
			return h, err
		}
	}
	if path == "" {
		return h, nil
	}
	var err error
	h.pid, err = claimPidFile(path)
	return h, err
}

// readyPipe opens the inherited pipe, nil if there is none: a variable that
// was left over by accident must not make us write into some other file.
func readyPipe() *os.File {
	fd, err := strconv.Atoi(os.Getenv(envReadyFD))
	if err != nil || fd <= 2 {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return nil
	}
	unix.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), "ready pipe")
}

// ready leaves the standard files and then reports, so that the parent may
// close whatever it gave for them.
func (h *handover) ready() error {
	if h.detach {
		if err := detachStdio(); err != nil {
			return err
		}
	}
	h.tell(readyWord)
	return nil
}

func (h *handover) failed(err error) { h.tell(failWord + err.Error()) }

// tell reports once. A parent that does not wait any more is no error.
func (h *handover) tell(text string) {
	if h.report == nil {
		return
	}
	_, _ = h.report.WriteString(text)
	_ = h.report.Close()
	h.report = nil
}

func detachStdio() error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = null.Close() }()
	for fd := range 3 {
		if err := unix.Dup3(int(null.Fd()), fd, 0); err != nil {
			return os.NewSyscallError("dup3", err)
		}
	}
	return nil
}
