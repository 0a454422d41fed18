package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"glance/internal/api"
	"glance/internal/config"
	"glance/internal/lifecycle"
	"glance/internal/oslolog"
)

// plan is a server program that has read its configuration.
type plan struct {
	loaded *config.Loaded
	listen config.Listen
	port   int
	dump   []string
	// build makes everything that serves requests.
	build func(ctx context.Context, log *slog.Logger) (*Generation, error)
	// greet says where things are, once they are; nil says nothing.
	greet func(out io.Writer, url string)
}

// serve is the life of a server program; the result is its exit code. load is
// called again at every reload.
func serve(ctx context.Context, load func() (*plan, error), stdout, stderr io.Writer) int {
	s := server{load: load, out: stdout}
	err := lifecycle.Run(ctx, s.start)
	s.finish()
	return config.Report(err, stdout, stderr)
}

type server struct {
	load  func() (*plan, error)
	out   io.Writer
	log   *slog.Logger
	logs  *oslolog.Handler
	stage stage
	http  *lifecycle.Server
}

func (s *server) start(ctx context.Context) (*lifecycle.Daemon, error) {
	p, err := s.load()
	if err != nil {
		return nil, err
	}
	if s.logs, err = oslolog.Open(p.loaded.Program, p.loaded.Founding, oslolog.Options(p.loaded.Log)); err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	s.log = slog.New(s.logs)
	for _, line := range p.dump {
		s.log.DebugContext(ctx, line)
	}
	first, err := p.build(ctx, s.log)
	if err != nil {
		return nil, err
	}
	s.stage.swap(first)
	if s.http, err = lifecycle.Open(ctx, serverOptions(p), s.entrance(), s.log); err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	return &lifecycle.Daemon{
		Service: s.http,
		Log:     s.log,
		Reload:  s.reload,
		Ready:   func() { s.announce(p) },
	}, nil
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
	fmt.Fprintf(s.out, "(%d) wsgi starting up on %s\n", os.Getpid(), s.http.URL())
}

// reload builds the next generation beside the running one. On any error the
// running one stays.
func (s *server) reload(ctx context.Context) error {
	if err := s.logs.Reopen(); err != nil {
		return fmt.Errorf("open the log again: %w", err)
	}
	p, err := s.load()
	if err != nil {
		return err
	}
	next, err := p.build(ctx, s.log)
	if err != nil {
		return err
	}
	if err := s.http.Reconfigure(ctx, serverOptions(p)); err != nil {
		next.leave()
		return err
	}
	s.stage.swap(next)
	s.log.InfoContext(ctx, "Reloaded configuration")
	return nil
}

// finish ends what start began.
func (s *server) finish() {
	if g := s.stage.current.Load(); g != nil {
		g.leave()
		g.closed.Wait()
	}
	if s.logs != nil {
		_ = s.logs.Close() // nowhere to tell it any more
	}
}

func serverOptions(p *plan) lifecycle.ServerOptions {
	return lifecycle.ServerOptions{
		Addr:             net.JoinHostPort(p.listen.BindHost, strconv.Itoa(p.port)),
		Backlog:          p.listen.Backlog,
		KeepIdle:         time.Duration(p.listen.TCPKeepIdle) * time.Second,
		SocketTimeout:    time.Duration(p.listen.ClientSocketTimeout) * time.Second,
		DisableKeepAlive: !p.listen.HTTPKeepAlive,
		MaxHeaderLine:    p.listen.MaxHeaderLine,
	}
}
