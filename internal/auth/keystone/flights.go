package keystone

import (
	"context"
	"sync"
)

// flights let those who want the same thing at the same time wait for one who
// fetches it. The one belongs to nobody of them: it goes on when they leave, and
// stops with the context of the flights.
type flights[K comparable, V any] struct {
	ctx     context.Context //nolint:containedctx // of the goroutines, not of a call
	mu      sync.Mutex
	flying  map[K]*flight[V]
	running *sync.WaitGroup
}

type flight[V any] struct {
	done  chan struct{}
	value V
	err   error
}

func newFlights[K comparable, V any](ctx context.Context, running *sync.WaitGroup) flights[K, V] {
	return flights[K, V]{ctx: ctx, flying: map[K]*flight[V]{}, running: running}
}

// do waits for fetch or for the end of ctx.
func (f *flights[K, V]) do(ctx context.Context, key K, fetch func(context.Context) (V, error)) (V, error) {
	f.mu.Lock()
	one, ok := f.flying[key]
	if !ok {
		one = &flight[V]{done: make(chan struct{})}
		f.flying[key] = one
		f.running.Go(func() {
			one.value, one.err = fetch(f.ctx)
			f.mu.Lock()
			delete(f.flying, key)
			f.mu.Unlock()
			close(one.done)
		})
	}
	f.mu.Unlock()
	select {
	case <-one.done:
		return one.value, one.err
	case <-ctx.Done():
		var nothing V
		return nothing, ctx.Err()
	}
}
