package auth

import (
	"context"
	"errors"
	"net/http"

	"glance/internal/glance"
)

// Authenticator finds out who asks. Implementations are safe for concurrent
// use and neither keep nor change the headers they are given.
type Authenticator interface {
	// Authenticate makes a Caller of the headers of a request; the request id
	// is not its business. The error is of kind Unauthenticated when nobody
	// knows who asks, Unavailable when that cannot be found out now, or
	// ErrCatalog.
	Authenticate(ctx context.Context, h http.Header) (glance.Caller, error)
}

// ErrCatalog means that the service catalog in the headers is not JSON.
var ErrCatalog = errors.New("the service catalog is not JSON")
