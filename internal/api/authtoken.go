package api

import (
	"context"
	"errors"
	"net/http"

	"glance/internal/glance"
)

// TokenCheck finds out whose token a request brings.
type TokenCheck interface {
	// Check gives the headers of a request with the identity that its tokens
	// prove in the place of what the client claims. An error of kind
	// Unauthenticated is answered in the form of the token check.
	Check(ctx context.Context, method, path string, h http.Header) (http.Header, error)
	// Challenge is the value of WWW-Authenticate.
	Challenge() string
}

// CheckTokens is the filter authtoken. Every answer 401 that passes it tells
// where tokens come from (spec auth-policy §1.1).
func CheckTokens(c TokenCheck) Middleware {
	onHeader := withChallenge(c.Challenge())
	return func(next http.Handler) http.Handler {
		return Handle(func(w http.ResponseWriter, r *http.Request) error {
			OnHeader(w, onHeader)
			h, err := c.Check(r.Context(), r.Method, Mount(r)+r.URL.EscapedPath(), r.Header)
			if errors.Is(err, glance.Unauthenticated) {
				writeTokenRequired(w, r)
				return nil
			}
			if err != nil {
				return err
			}
			r = r.WithContext(r.Context())
			r.Header = h
			next.ServeHTTP(w, r)
			return nil
		})
	}
}
