package all

import (
	"context"

	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
	"glance/internal/metadata/sqldb"
)

// Memory is the URL of a store in the memory of the process, for
// data_api = glance.db.simple.api.
const Memory = "memory"

// Options say how to open; see sqldb.Options. Memory has none.
type Options = sqldb.Options

// Open opens the store of a connection URL: Memory, or what sqldb opens and
// with its errors, none of which holds the URL.
func Open(ctx context.Context, url string, opts Options) (metadata.Store, error) {
	switch url {
	case Memory:
		return memdb.New(), nil
	default: // sqlite, mysql, postgresql, each with its +driver
		return openSQL(ctx, url, opts)
	}
}

func openSQL(ctx context.Context, url string, opts Options) (metadata.Store, error) {
	db, err := sqldb.Open(ctx, url, opts)
	if err != nil {
		return nil, err // not a nil *sqldb.DB, which would be a store
	}
	return db, nil
}
