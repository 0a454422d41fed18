package lifecycle

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	answerTime  = time.Second     // from the cancelling of requests to the closing of connections
	cleanupTime = 2 * time.Second // from there to leaving handlers behind
	arrivalTime = time.Second     // for requests that are on their way when draining begins
	allHeaders  = 64 << 10        // the original server's limit for all headers together
)

// generation is a Server under one set of options, which net/http allows no
// change of.
type generation struct {
	opt     ServerOptions
	l       *net.TCPListener
	handler http.Handler
	http    *http.Server
	cancel  context.CancelFunc // of all requests
	accepts sync.WaitGroup     // the loop that accepts connections
	conns   atomic.Int64       // open connections
	active  atomic.Int64       // requests in the handler
	server  *Server
}

func (s *Server) newGeneration(l *net.TCPListener, opt ServerOptions) *generation {
	ctx, cancel := context.WithCancel(context.Background())
	log := s.log
	g := &generation{opt: opt, l: l, handler: s.handler, cancel: cancel, server: s}
	g.http = &http.Server{
		Handler:           g,
		ReadHeaderTimeout: opt.SocketTimeout,
		IdleTimeout:       opt.SocketTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if err := g.tune(c); err != nil {
				log.Debug("unable to set socket options", "error", err)
			}
			return ctx
		},
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				g.conns.Add(1)
				s.conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				g.conns.Add(-1)
				s.conns.Add(-1)
			}
		},
	}
	if opt.MaxHeaderLine > 0 {
		g.http.MaxHeaderBytes = max(allHeaders, opt.MaxHeaderLine+4096)
	}
	g.http.SetKeepAlivesEnabled(!opt.DisableKeepAlive)
	return g
}

func (g *generation) tune(c net.Conn) error {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return fmt.Errorf("connection is a %T", c)
	}
	return tune(tcp, g.opt.KeepIdle, g.opt.SocketTimeout)
}

func (g *generation) serve() error {
	if g.opt.TLS == nil {
		return g.http.Serve(g.l)
	}
	conf := g.opt.TLS.Clone()
	conf.NextProtos = []string{"http/1.1"}
	return g.http.Serve(tls.NewListener(g.l, conf))
}

// ServeHTTP is the way of each request into the handler.
func (g *generation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.active.Add(1)
	g.server.active.Add(1)
	defer g.server.active.Add(-1)
	defer g.active.Add(-1)
	if g.opt.MaxHeaderLine > 0 && longestLine(r.Header) > g.opt.MaxHeaderLine {
		// Compat: the answer of the original's HTTP server, without a body,
		// long before any door is reached.
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if g.opt.SocketTimeout > 0 && r.Body != http.NoBody {
		// A copy, because net/http looks at the type of its own r.Body later.
		limited := *r
		limited.Body = newIdleBody(w, r.Body, g.opt.SocketTimeout)
		r = &limited
	}
	g.handler.ServeHTTP(w, r)
}

// longestLine is the length of the longest header line, end of line included.
func longestLine(h http.Header) int {
	longest := 0
	for name, values := range h {
		for _, v := range values {
			longest = max(longest, len(name)+len(": ")+len(v)+len("\r\n"))
		}
	}
	return longest
}

// drain closes the listener, ends idle connections and waits for requests.
// After ctx it cuts, in the two steps of the package comment.
func (g *generation) drain(ctx context.Context) error {
	defer g.cancel()
	err := g.closeListener()
	g.awaitArrivals(ctx)
	err = errors.Join(err, g.http.Shutdown(ctx))
	if ctx.Err() == nil {
		return err
	}
	g.cancel()
	answer, done := context.WithTimeout(context.Background(), answerTime)
	defer done()
	if g.http.Shutdown(answer) == nil {
		return nil
	}
	_ = g.http.Close()
	for range cleanupTime / (10 * time.Millisecond) {
		if g.active.Load() == 0 {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := g.active.Load(); n > 0 {
		return fmt.Errorf("%d requests ignore that they are cut", n)
	}
	return nil
}

// awaitArrivals lets requests that clients have sent already reach the handler.
// Shutdown would close their connections without an answer: net/http looks for
// it between reading a request and serving it.
func (g *generation) awaitArrivals(ctx context.Context) {
	g.accepts.Wait()                   // the listener is closed; what it gave is counted now
	g.http.SetKeepAlivesEnabled(false) // ends idle connections, and busy ones with their request
	ctx, done := context.WithTimeout(ctx, arrivalTime)
	defer done()
	for g.conns.Load() > g.active.Load() && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
}

// closeListener stops accepting before anything else ends.
func (g *generation) closeListener() error {
	if err := g.l.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
