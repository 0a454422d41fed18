package registryrpc

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// The protocol has no command about caches: it is older than their tables.
var errNoCaches = glance.Errorf(glance.Unsupported, "A registry does not keep what is in the caches of nodes.")

// CacheOf implements metadata.Caches: it is always Unsupported.
func (db *DB) CacheOf(context.Context, string) (metadata.NodeCache, error) { return nil, errNoCaches }

// NodesWith implements metadata.Caches: it is always Unsupported.
func (db *DB) NodesWith(context.Context, string) ([]string, error) { return nil, errNoCaches }
