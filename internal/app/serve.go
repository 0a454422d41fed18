package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"glance/internal/api"
	"glance/internal/config"
	"glance/internal/lifecycle"
	"glance/internal/oslolog"
)

// plan is a server program that has read its configuration.
type plan struct {
	loaded  *config.Loaded
	listen  config.Listen
	port    int
	dump    []string
	reports string // directory of state reports
	// build makes everything that serves requests.
	build func(ctx context.Context, s site) (*Generation, error)
	// check looks at everything that build would open, and makes nothing.
	check func(ctx context.Context, c *checker)
	// greet says where things are, once they are; nil says nothing.
	greet func(out io.Writer, url string)
}

// site is what all generations of a process stand on.
type site struct {
	log    *slog.Logger
	shares *shares         // nil: generations have nothing in common
	life   context.Context //nolint:containedctx // of work beside requests: it ends with the process, not with a reload
}

// serve is the life of a server program; the result is its exit code. load is
// called again at every reload.
func serve(ctx context.Context, load func() (*plan, error), stdout, stderr io.Writer) int {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	s := server{load: load, out: stdout, errout: stderr, begun: time.Now(), site: site{shares: newShares(), life: life}}
	err := lifecycle.Run(ctx, s.start)
	end()
	s.finish()
	return config.Report(err, stdout, stderr)
}

type server struct {
	site
	load   func() (*plan, error)
	out    io.Writer
	errout io.Writer
	begun  time.Time
	logs   *oslolog.Handler
	stage  stage
	http   *lifecycle.Server
	tls    serverTLS
	plan   atomic.Pointer[plan] // the one in effect
}

func (s *server) start(ctx context.Context) (*lifecycle.Daemon, error) {
	p, err := s.loadAsUser()
	if err != nil {
		return nil, err
	}
	if p.loaded.CheckOnly {
		return nil, checkConfig(ctx, p)
	}
	if s.logs, err = openLog(p); err != nil {
		return nil, err
	}
	s.log = slog.New(s.logs)
	s.sayOptions(ctx, p)
	first, err := p.build(ctx, s.site)
	if err != nil {
		return nil, err
	}
	s.stage.swap(first)
	if s.tls, err = loadTLS(&p.listen, serverTLS{}); err != nil {
		return nil, err
	}
	if s.http, err = lifecycle.Open(ctx, serverOptions(p, s.tls), s.entrance(), s.log); err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	s.plan.Store(p)
	return &lifecycle.Daemon{
		Service:    draining{s.http, &s.stage},
		Log:        s.log,
		Reload:     s.reload,
		Report:     s.report,
		Ready:      func() { s.announce(p) },
		DrainLimit: time.Duration(p.listen.ShutdownTimeout) * time.Second,
	}, nil
}

// loadAsUser reads the configuration, as the user of --user where there is one:
// what that user may not read must not fail at the first reload only.
func (s *server) loadAsUser() (*plan, error) {
	p, err := s.load()
	if err != nil || p.loaded.User == "" {
		return p, err
	}
	if err := lifecycle.BecomeUser(p.loaded.User); err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	return s.load()
}

func openLog(p *plan) (*oslolog.Handler, error) {
	logs, err := oslolog.Open(p.loaded.Program, p.loaded.Founding, oslolog.Options(p.loaded.Log))
	if err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	return logs, nil
}

func (s *server) sayOptions(ctx context.Context, p *plan) {
	for _, line := range p.dump {
		s.log.DebugContext(ctx, line)
	}
}

// entrance is in front of every generation.
func (s *server) entrance() http.Handler {
	in := api.Entrance{Log: s.log, Access: s.log.With("logger", "eventlet.wsgi.server")}
	return in.Wrap(&s.stage)
}

// announce prints the line of the founding document.
func (s *server) announce(p *plan) {
	if p.greet != nil {
		p.greet(s.out, s.http.URL())
	}
	_, _ = fmt.Fprintf(s.out, "(%d) wsgi starting up on %s\n", os.Getpid(), s.http.URL())
}

// reload builds the next generation beside the running one. On any error the
// running one stays. Log files are opened again in any case: that is what
// logrotate wants.
func (s *server) reload(ctx context.Context) error {
	if err := s.logs.Reopen(); err != nil {
		return fmt.Errorf("open the log again: %w", err)
	}
	p, err := s.load()
	if err != nil {
		return err
	}
	encryption, err := loadTLS(&p.listen, s.tls)
	if err != nil {
		return err
	}
	logs, err := s.nextLog(p)
	if err != nil {
		return err
	}
	next, err := s.goOver(ctx, p, encryption)
	if err != nil {
		if logs != nil {
			err = errors.Join(err, logs.Close())
		}
		return err
	}
	if logs != nil {
		if err := s.logs.Replace(logs); err != nil {
			s.log.WarnContext(ctx, "unable to close the log of the old configuration", "error", err)
		}
	}
	s.tls = encryption
	s.plan.Store(p)
	s.stage.swap(next)
	s.sayOptions(ctx, p)
	return nil
}

// nextLog opens what the options of the log name; nil when they have not
// changed.
func (s *server) nextLog(p *plan) (*oslolog.Handler, error) {
	now := s.plan.Load().loaded
	if p.loaded.Log == now.Log && p.loaded.Founding == now.Founding && p.loaded.Log.LogConfig == "" {
		return nil, nil
	}
	return openLog(p)
}

// goOver builds the next generation and, as the last thing that can fail, lets
// the listener have its options.
func (s *server) goOver(ctx context.Context, p *plan, encryption serverTLS) (*Generation, error) {
	next, err := p.build(ctx, s.site)
	if err != nil {
		return nil, err
	}
	if err := s.http.Reconfigure(ctx, serverOptions(p, encryption)); err != nil {
		next.leave()
		return nil, err
	}
	return next, nil
}

// endLimit is how long the process waits at its end for what the draining of
// connections left behind.
const endLimit = 3 * time.Second

// finish ends what start began.
func (s *server) finish() {
	if !s.stage.end(endLimit) {
		s.log.Warn("some requests do not end; the next start settles what they leave")
	}
	if s.logs != nil {
		_ = s.logs.Close() // nowhere to tell it any more
	}
}

func serverOptions(p *plan, encryption serverTLS) lifecycle.ServerOptions {
	return lifecycle.ServerOptions{
		Addr:             net.JoinHostPort(p.listen.BindHost, strconv.Itoa(p.port)),
		Backlog:          p.listen.Backlog,
		KeepIdle:         time.Duration(p.listen.TCPKeepIdle) * time.Second,
		SocketTimeout:    time.Duration(p.listen.ClientSocketTimeout) * time.Second,
		DisableKeepAlive: !p.listen.HTTPKeepAlive,
		MaxHeaderLine:    p.listen.MaxHeaderLine,
		TLS:              encryption.conf,
	}
}
