package noauth

import (
	"context"
	"net/http"

	"glance/internal/auth"
	"glance/internal/glance"
)

// Authenticator lets everybody do everything.
type Authenticator struct{}

var _ auth.Authenticator = Authenticator{}

// Authenticate never fails. Policy rules look at roles only, therefore the
// caller has the role admin besides being one: without it the original refuses
// every call as soon as enforce_new_defaults holds (spec auth-policy §1.3).
func (Authenticator) Authenticate(context.Context, http.Header) (glance.Caller, error) {
	return glance.Caller{Roles: []string{"admin"}, Admin: true}, nil
}
