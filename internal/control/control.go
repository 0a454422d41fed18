package control

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"glance/internal/config"
	"glance/internal/lifecycle"
)

// Program is glance-control on a given machine.
type Program struct {
	Version        string
	Stdout, Stderr io.Writer
	Runtime        lifecycle.RuntimeDir
	ConfDirs       []string      // as config.Input.SystemDirs
	StopLimit      time.Duration // how long stop waits
}

// Main runs glance-control for this process and returns its exit code.
func Main(version string, args []string) int {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	p := &Program{
		Version: version,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Runtime: lifecycle.DefaultRuntimeDir(),
		// The limit of the original; servers drain for less.
		StopLimit: 15 * time.Second,
	}
	return p.Run(ctx, args)
}

// Run carries out one command line. The end of ctx ends waiting.
func (p *Program) Run(ctx context.Context, args []string) int {
	req, err := parse(args, p.Version)
	if err != nil {
		return config.Report(err, p.Stdout, p.Stderr)
	}
	r := &run{Program: p, request: req}
	return commands()[req.command](r, ctx)
}

// run is one command under way.
type run struct {
	*Program
	*request
}

func commands() map[string]func(*run, context.Context) int {
	return map[string]func(*run, context.Context) int{
		"start":        (*run).start,
		"stop":         (*run).stop,
		"shutdown":     (*run).shutdown,
		"restart":      (*run).restart,
		"reload":       (*run).reload,
		"force-reload": (*run).reload,
		"status":       (*run).status,
	}
}

func (r *run) say(format string, args ...any) {
	// A terminal that is gone must not keep a server from being stopped.
	_, _ = fmt.Fprintf(r.Stdout, format+"\n", args...)
}

// fail prints why and returns the exit code.
func (r *run) fail(format string, args ...any) int {
	_, _ = fmt.Fprintf(r.Stderr, format+"\n", args...)
	return config.CodeFailure
}

// each calls f for every server and returns the highest exit code.
func (r *run) each(list []string, f func(server string) int) int {
	code := config.CodeOK
	for _, server := range list {
		code = max(code, f(server))
	}
	return code
}

// present are the servers of a command that is about running ones.
func (r *run) present() []string {
	const scrubber = "glance-scrubber"
	if r.all {
		if state, err := r.state(scrubber); err == nil && state.Running() {
			return append(slices.Clone(r.servers), scrubber)
		}
	}
	return r.servers
}

// state looks at the pid file of a server.
func (r *run) state(server string) (lifecycle.PidState, error) {
	if r.pidFile != "" {
		return lifecycle.Inspect(r.pidFile)
	}
	return r.Runtime.Find(server)
}

// place is where a new server puts its pid file.
func (r *run) place(server string) (string, error) {
	if r.pidFile == "" {
		return r.Runtime.Place(server)
	}
	return r.pidFile, os.MkdirAll(filepath.Dir(r.pidFile), 0o755)
}

func (r *run) status(context.Context) int {
	return r.each(r.present(), func(server string) int {
		state, err := r.state(server)
		switch {
		case err != nil:
			return r.fail("%s: %v", server, err)
		case state.Running():
			r.say("%s (pid %d) is running...", server, state.Holder)
		default:
			r.say("%s is stopped", server)
		}
		return config.CodeOK // Compat: scripts of operators ask the text; the original never says no
	})
}
