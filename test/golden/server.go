package golden

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 15 * time.Second
	shownOutput  = 4000 // bytes of a server's output in an error
)

// Programs are the built commands that a replay needs; without Manage the server has to make its database itself.
type Programs struct{ API, Manage string }

// Build compiles the programs of the module in root into dir.
func Build(ctx context.Context, root, dir string) (Programs, error) {
	p := Programs{API: filepath.Join(dir, "glance-api")}
	args := []string{"build", "-o", dir + string(filepath.Separator), "./cmd/glance-api"}
	if _, err := os.Stat(filepath.Join(root, "cmd", "glance-manage")); err == nil {
		p.Manage = filepath.Join(dir, "glance-manage")
		args = append(args, "./cmd/glance-manage")
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return Programs{}, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return p, nil
}

// Server is a running glance-api with a working directory of its own.
type Server struct {
	Addr    string
	Workdir string
	output  bytes.Buffer
	cmd     *exec.Cmd
	ended   chan struct{}
}

// Start lays out workdir with the configuration, makes the database as an operator would, starts the server and waits
// until it answers.
func Start(ctx context.Context, p Programs, config fs.FS, workdir string) (*Server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	if err := layOut(config, workdir, port); err != nil {
		return nil, err
	}
	conf := filepath.Join(workdir, "etc", "glance-api.conf")
	if p.Manage != "" {
		sync := exec.CommandContext(ctx, p.Manage, "--config-file", conf, "db", "sync")
		if out, err := sync.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("glance-manage db sync: %w\n%s", err, out)
		}
	}
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Workdir: workdir, ended: make(chan struct{})}
	s.cmd = exec.CommandContext(ctx, p.API, "--config-file", conf)
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait() // ProcessState has the result
		close(s.ended)
	}()
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// layOut makes the folders and files that testdata/README.md describes.
func layOut(config fs.FS, workdir string, port int) error {
	for _, dir := range []string{"etc", "images", "fast", "cheap", "staging", "tasks", "cache", "lock"} {
		if err := os.MkdirAll(filepath.Join(workdir, dir), 0o755); err != nil {
			return err
		}
	}
	fill := strings.NewReplacer("{workdir}", workdir, "{port}", strconv.Itoa(port))
	return fs.WalkDir(config, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(config, name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(workdir, "etc", name), []byte(fill.Replace(string(data))), 0o644)
	})
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// await returns when the server answers anything at all.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		got, err := send(ctx, s.Addr, &Request{Method: "GET", Path: "/"}, Bindings{})
		if err == nil && !got.died {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("glance-api ended: %v", s.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("glance-api does not answer after %v", startTimeout)
		case <-time.After(interval / 2):
		}
	}
}

// Stop ends the server as an operator would. The error has its output when it died, panicked or would not end.
func (s *Server) Stop() error {
	var trouble error
	select {
	case <-s.ended:
		trouble = fmt.Errorf("glance-api ended before its time: %v", s.cmd.ProcessState)
	default:
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			trouble = err
		}
	}
	select {
	case <-s.ended:
	case <-time.After(stopTimeout):
		trouble = fmt.Errorf("glance-api did not end within %v after SIGTERM", stopTimeout)
		_ = s.cmd.Process.Kill() // it may have ended just now
		<-s.ended
	}
	out := s.output.Bytes()
	if log, err := os.ReadFile(filepath.Join(s.Workdir, "glance-api.log")); err == nil {
		out = append(out, log...)
	}
	if trouble == nil {
		for _, sign := range []string{"panic:", "WARNING: DATA RACE"} {
			if at := bytes.Index(out, []byte(sign)); at >= 0 {
				return fmt.Errorf("glance-api went wrong:\n%s", out[at:min(len(out), at+shownOutput)])
			}
		}
		return nil
	}
	return fmt.Errorf("%w\n%s", trouble, out[max(0, len(out)-shownOutput):])
}
