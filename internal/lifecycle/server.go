package lifecycle

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ServerOptions is all that can be said about a listening HTTP server. Options
// of the original in brackets.
type ServerOptions struct {
	Addr             string        // "host:port" [bind_host, bind_port]
	Backlog          int           // 0: 4096 [backlog]
	KeepIdle         time.Duration // 0: 600 s [tcp_keepidle]
	SocketTimeout    time.Duration // 0: none [client_socket_timeout]
	DisableKeepAlive bool          // answer with Connection: close [not http_keepalive]
	// MaxHeaderLine is the longest header line in bytes; a longer one is
	// answered 400. All headers together may have 64 KiB, or one such line
	// where that is more; beyond, the answer is 431. 0: no limit per line,
	// 1 MiB for all [max_header_line].
	MaxHeaderLine int
	TLS           *tls.Config // nil: plain [cert_file, key_file, ca_file]
}

// Server serves one handler at one address. Its options may change while it
// serves. A read of a request body that takes longer than SocketTimeout fails
// with os.ErrDeadlineExceeded.
type Server struct {
	handler http.Handler
	log     *slog.Logger
	failed  chan error    // of the current generation's accept loop
	drained chan struct{} // closed by Drain

	conns, active atomic.Int64 // of all generations

	cutCtx context.Context //nolint:containedctx // its end is what Drain tells all generations
	cut    context.CancelFunc
	old    sync.WaitGroup // generations that drain

	mu       sync.Mutex
	current  *generation
	serving  bool
	draining bool
}

// Open opens the port, or takes the one that the service manager opened for
// this process, whatever its address. Clients can connect at once and are
// served from Serve on. The caller ends a Server with Drain, whether it served
// or not.
func Open(ctx context.Context, opt ServerOptions, h http.Handler, log *slog.Logger) (*Server, error) {
	l, err := activated()
	if l == nil && err == nil {
		l, err = listen(ctx, opt.Addr, opt.Backlog, nil)
	}
	if err != nil {
		return nil, err
	}
	s := &Server{handler: h, log: log, failed: make(chan error, 1), drained: make(chan struct{})}
	s.cutCtx, s.cut = context.WithCancel(context.Background())
	s.current = s.newGeneration(l, opt)
	return s, nil
}

// URL is where the server listens: "http://0.0.0.0:9292/".
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	scheme := "http://"
	if s.current.opt.TLS != nil {
		scheme = "https://"
	}
	return scheme + s.current.l.Addr().String() + "/"
}

// Load is what the server has to do now: open connections, and requests that
// its handler answers. Both include those that end under older options.
func (s *Server) Load() (connections, requests int64) {
	return s.conns.Load(), s.active.Load()
}

// Serve answers requests until Drain, then returns nil as soon as that is
// done. Any other end is an error.
func (s *Server) Serve() error {
	s.mu.Lock()
	if !s.draining {
		s.serving = true
		s.start(s.current)
	}
	s.mu.Unlock()
	select {
	case err := <-s.failed:
		return err
	case <-s.drained:
		return nil
	}
}

func (s *Server) start(g *generation) {
	g.accepts.Go(func() {
		if err := g.serve(); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			select {
			case s.failed <- err:
			default: // one is enough to end the process
			}
		}
	})
}

// Reconfigure goes over to other options without cutting a request: those under
// way end under the old options. While the address stays no connection is
// refused; a new address is opened before the old one is closed. On error
// nothing has changed.
func (s *Server) Reconfigure(ctx context.Context, opt ServerOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return http.ErrServerClosed
	}
	old := s.current
	if opt == old.opt {
		return nil
	}
	var l *net.TCPListener
	var err error
	if opt.Addr != old.opt.Addr {
		l, err = listen(ctx, opt.Addr, opt.Backlog, old.l)
	} else if l, err = duplicate(old.l); err == nil {
		err = setBacklog(l, opt.Backlog)
	}
	if err != nil {
		return err
	}
	s.current = s.newGeneration(l, opt)
	if s.serving {
		s.start(s.current)
	}
	s.retire(old)
	return nil
}

// retire lets g finish in the background; it accepts nothing any more when
// retire returns, so whoever connects afterwards meets the new options. The
// lock is held.
func (s *Server) retire(g *generation) {
	if err := g.closeListener(); err != nil {
		s.log.Warn("unable to close a listener", "error", err)
	}
	g.accepts.Wait()
	s.old.Add(1)
	go func() {
		defer s.old.Done()
		if err := g.drain(s.cutCtx); err != nil {
			s.log.Warn("unable to end all requests", "error", err)
		}
	}()
}

// Drain stops accepting, closes idle connections and returns when all requests
// have ended. When ctx ends it cuts what is left, which takes 3 s at most.
func (s *Server) Drain(ctx context.Context) error {
	s.mu.Lock()
	first := !s.draining
	if first {
		s.draining = true
		s.retire(s.current)
	}
	s.mu.Unlock()
	defer context.AfterFunc(ctx, s.cut)()
	s.old.Wait()
	if first {
		s.cut()
		close(s.drained)
	}
	return nil
}
