package all

import (
	"glance/internal/auth"
	"glance/internal/auth/headers"
	"glance/internal/auth/keystone"
	"glance/internal/auth/noauth"
	"glance/internal/glance"
)

// Options are what the authenticators need to know.
type Options struct {
	AllowAnonymous bool                     // allow_anonymous_access
	IsAdmin        func(glance.Caller) bool // the rule context_is_admin
}

// Authenticators has one of each kind.
type Authenticators struct {
	NoAuth  auth.Authenticator // everybody is an administrator
	Headers auth.Authenticator // identity headers are believed
	// Keystone makes the filter that puts those headers there.
	Keystone func(keystone.Config) (*keystone.Filter, error)
}

// New makes all of them; it reaches for nothing outside.
func New(o Options) Authenticators {
	return Authenticators{
		NoAuth:   noauth.Authenticator{},
		Headers:  &headers.Authenticator{AllowAnonymous: o.AllowAnonymous, IsAdmin: o.IsAdmin},
		Keystone: keystone.Open,
	}
}
