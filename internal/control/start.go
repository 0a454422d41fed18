package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"glance/internal/config"
	"glance/internal/lifecycle"
)

func (r *run) start(ctx context.Context) int {
	return r.startAll(ctx, r.servers)
}

// startAll starts servers and, with --respawn, keeps them running.
func (r *run) startAll(ctx context.Context, list []string) int {
	var children []*child
	code := r.each(list, func(server string) int {
		c, code := r.startServer(ctx, server)
		if c != nil {
			children = append(children, c)
		}
		return code
	})
	if r.respawn {
		return max(code, r.watch(ctx, children))
	}
	return code
}

// startServer returns nil and an exit code when there is nothing to watch.
func (r *run) startServer(ctx context.Context, server string) (*child, int) {
	state, err := r.state(server)
	if err != nil {
		return nil, r.fail("%s: %v", server, err)
	}
	if state.Running() {
		r.say("%s appears to already be running: %s", server, state.Path)
		return nil, config.CodeOK
	}
	if state.Exists {
		r.say("Removing stale pid file %s", state.Path)
		// Another user's in the system's directory is no obstacle to a server
		// that has its own elsewhere.
		if err := state.Remove(); err != nil && !errors.Is(err, fs.ErrPermission) {
			return nil, r.fail("%v", err)
		}
	}
	conf, err := r.confOf(server)
	if err != nil {
		return nil, config.Report(err, r.Stdout, r.Stderr)
	}
	path, err := r.place(server)
	if err != nil {
		dir := r.Runtime.System
		if r.pidFile != "" {
			dir = filepath.Dir(r.pidFile)
		}
		return nil, r.fail("Unable to create %s.  Running as non-root?\n%v", dir, err)
	}
	r.announce("Starting", server, conf)
	c, err := r.launch(server, conf, path)
	if err != nil {
		return nil, r.fail("unable to launch %s. Got error: %v", server, err)
	}
	return r.awaitReady(ctx, c)
}

func (r *run) announce(verb, server, conf string) {
	if conf != "" {
		server += " with " + conf
	}
	r.say("%s %s", verb, server)
}

// confOf is the configuration file to announce: the one that was named, else
// the one that the server itself will find; with neither it is an error. It is
// empty where the server is to say what is wrong with its files.
func (r *run) confOf(server string) (string, error) {
	if r.conf != "" {
		return r.conf, nil
	}
	conf, _, err := config.LoadTool(config.Input{Prog: server, Environ: os.Environ(), SystemDirs: r.ConfDirs}, nil, "", false)
	if err != nil {
		return "", nil //nolint:nilerr // the server reports it when it is started
	}
	if len(conf.Files) == 0 {
		return "", refuse("%s", noConf)
	}
	for _, path := range conf.Files {
		if filepath.Base(path) == server+".conf" {
			return path, nil
		}
	}
	return conf.Files[0], nil
}

// launch starts the program in a session of its own, in this directory.
func (r *run) launch(server, conf, pidFile string) (*child, error) {
	binary, err := find(server)
	if err != nil {
		return nil, err
	}
	out, err := r.output()
	if err != nil {
		return nil, err
	}
	defer out.parentDone()
	args := slices.Clone(r.args)
	if server == "glance-scrubber" && !slices.Contains(args, "--daemon") {
		args = append(args, "--daemon") // else it would run once and end
	}
	cmd := exec.CommandContext(context.Background(), binary, args...) // it outlives us
	cmd.Args[0] = server
	cmd.Stdout, cmd.Stderr = out.server, out.server
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c := &child{server: server, conf: conf, pidFile: pidFile, out: out, ended: make(chan struct{})}
	c.report, err = lifecycle.Launch(cmd, pidFile, !r.capture)
	if err != nil {
		out.close()
		return nil, err
	}
	c.follow(cmd)
	if err := out.attach(server, cmd.Process.Pid); err != nil {
		return nil, errors.Join(err, c.end(context.Background()))
	}
	return c, nil
}

// find looks beside glance-control first, so that programs of one installation
// stay together, then in PATH.
func find(server string) (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), server)
		if _, err := exec.LookPath(beside); err == nil {
			return beside, nil
		}
	}
	return exec.LookPath(server)
}

// awaitReady waits for the server's report. It returns the child when that is
// to be watched: it is ready, or nobody waits for it any longer.
func (r *run) awaitReady(ctx context.Context, c *child) (*child, int) {
	waiting := ctx
	if r.awaitChild > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, r.awaitChild)
		defer cancel()
	}
	err := c.report.Await(waiting)
	defer c.out.close()
	switch {
	case err == nil:
		return c, config.CodeOK
	case ctx.Err() != nil:
		if err := c.end(context.Background()); err != nil {
			return nil, r.fail("%s: %v", c.server, err)
		}
		return nil, r.fail("%s was stopped while starting", c.server)
	case errors.Is(err, context.DeadlineExceeded):
		return c, config.CodeOK
	}
	select { // it has nothing more to do, but its last words may be on the way
	case <-c.ended:
	case <-ctx.Done():
	}
	r.explain(c, err)
	if r.awaitChild > 0 {
		return nil, c.exitCode()
	}
	return nil, config.CodeFailure
}

// explain prints what a server that did not start said itself, and its report
// where that was not part of it.
func (r *run) explain(c *child, why error) {
	said := c.out.text()
	if said != "" {
		_, _ = fmt.Fprint(r.Stderr, said)
	}
	var refused lifecycle.StartError
	switch {
	case errors.As(why, &refused):
		if !strings.Contains(said, refused.Error()) {
			r.fail("ERROR: %s", refused)
		}
	case said == "":
		r.fail("ERROR: %s %v: %s", c.server, why, c.how())
	}
}
