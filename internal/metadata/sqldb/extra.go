package sqldb

import (
	"context"
	"sync"
	"time"

	"glance/internal/metadata/sqldb/migrations"
)

// extraLast is after which time a running server notices that the extra
// indexes have come or gone.
const extraLast = time.Minute

// extras are the extra indexes that a database has.
type extras struct {
	mu    sync.Mutex
	names []string
	until time.Time
}

// extra gives the names of the extra indexes. When they cannot be asked for
// there are none: they are a matter of speed alone.
func (db *DB) extra(ctx context.Context) []string {
	db.extras.mu.Lock()
	names, old := db.extras.names, !time.Now().Before(db.extras.until)
	if old { // the others go on with what is known
		db.extras.until = time.Now().Add(extraLast)
	}
	db.extras.mu.Unlock()
	if !old {
		return names
	}
	names = nil
	err := db.look(ctx, func(t *tx) (err error) {
		names, err = migrations.PresentIndexes(ctx, t.sql, db.dialect.name)
		return err
	})
	db.extras.mu.Lock()
	defer db.extras.mu.Unlock()
	if err != nil {
		names, db.extras.until = nil, time.Time{}
	}
	db.extras.names = names
	return names
}
