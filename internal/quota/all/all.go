package all

import (
	"glance/internal/quota"
	"glance/internal/quota/keystone"
)

// KeystoneEndpoint says whose limits of the identity service count.
type KeystoneEndpoint = keystone.Endpoint

// NewKeystone makes a source of the limits of the identity service, which get
// asks for them. An error says which option is missing.
func NewKeystone(get keystone.Get, at KeystoneEndpoint) (quota.Source, error) {
	return keystone.New(get, at)
}
