package api

import (
	"context"

	"glance/internal/glance"
)

type callerKey struct{}

// WithCaller returns a context that carries the caller.
func WithCaller(ctx context.Context, c glance.Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, &c)
}

// CallerFrom returns the caller of a request: nobody, who may do nothing, when
// the pipeline had no filter that asks.
func CallerFrom(ctx context.Context) glance.Caller {
	if c, ok := ctx.Value(callerKey{}).(*glance.Caller); ok {
		return *c
	}
	return glance.Caller{ReadOnly: true}
}
