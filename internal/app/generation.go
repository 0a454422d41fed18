package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Generation is what one state of the configuration is served by. It closes in
// reverse order of building, after its last request.
type Generation struct {
	handler http.Handler
	log     *slog.Logger
	shares  *shares                 // of the process; nil: everything is this generation's own
	drains  []func(context.Context) // what goes on while the process drains
	closers []func() error
	users   atomic.Int64 // requests, and one while it is current
	closed  sync.WaitGroup
}

func newGeneration(log *slog.Logger, common *shares) *Generation {
	g := &Generation{log: log, shares: common}
	g.users.Store(1)
	g.closed.Add(1)
	return g
}

// onClose registers what ends with the generation.
func (g *Generation) onClose(f func() error) { g.closers = append(g.closers, f) }

// onDrain registers work beside requests that the process finishes before it
// ends, until the context given to f ends.
func (g *Generation) onDrain(f func(context.Context)) { g.drains = append(g.drains, f) }

// enter takes a place in the generation unless it has ended.
func (g *Generation) enter() bool {
	for {
		n := g.users.Load()
		if n == 0 {
			return false
		}
		if g.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// hold keeps the generation for work that outlives the request that asks for it;
// a reload does not end it, the end of the process does.
func (g *Generation) hold() (release func()) {
	g.enter() // cannot fail: that request is in it
	return g.leave
}

// leave gives the place back; the last one closes everything.
func (g *Generation) leave() {
	if g.users.Add(-1) != 0 {
		return
	}
	defer g.closed.Done()
	if err := g.close(); err != nil {
		g.log.Error("closing what a configuration was served by", "error", err)
	}
}

// close ends everything without waiting for users: for generations that never
// served, and at the very end.
func (g *Generation) close() error {
	var errs []error
	for _, f := range slices.Backward(g.closers) {
		errs = append(errs, f())
	}
	g.closers = nil
	return errors.Join(errs...)
}

// stage serves requests with the current generation.
type stage struct {
	current atomic.Pointer[Generation]

	mu  sync.Mutex
	all []*Generation // that have not ended, the oldest first
}

// ServeHTTP serves a request by the generation that is current when it begins.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := s.current.Load()
	for g != nil && !g.enter() {
		g = s.current.Load() // it was swapped in between
	}
	if g == nil {
		panic(http.ErrAbortHandler) // the process ends
	}
	defer g.leave()
	g.handler.ServeHTTP(w, r)
}

// swap makes next current; the one before ends after its last request.
func (s *stage) swap(next *Generation) {
	s.mu.Lock()
	s.all = append(s.all, next)
	s.mu.Unlock()
	next.onClose(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all = slices.DeleteFunc(s.all, func(g *Generation) bool { return g == next })
		return nil
	})
	if old := s.current.Swap(next); old != nil {
		old.leave()
	}
}

// end lets the current generation go and waits until all have ended, or until
// limit is over: a request may hang in a call that nothing interrupts. It
// reports whether all have ended.
func (s *stage) end(limit time.Duration) bool {
	if g := s.current.Swap(nil); g != nil {
		g.leave()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, g := range s.live() {
			g.closed.Wait()
		}
	}()
	select {
	case <-ended:
		return true
	case <-time.After(limit):
		return false
	}
}

// live are the generations that serve, or have requests and jobs to finish.
func (s *stage) live() []*Generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}
