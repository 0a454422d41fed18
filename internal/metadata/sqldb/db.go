package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb/migrations"
)

// DB is a metadata.Store in an SQL database.
type DB struct {
	dialect dialect
	reads   *sql.DB
	writes  *sql.DB      // the same as reads where writers need no pool of their own
	calls   sync.RWMutex // held for reading by every call, so that Close waits
	closed  bool
	few     int // fewRows, but in tests

	images batcher[string, map[string]*glance.Image] // those who ask for single images
	pages  batchers[struct{}, []*glance.Image]       // those who ask for a page, by statement and arguments
	counts counts
	extras extras

	poolWait  time.Duration
	reconnect Retry
}

var _ metadata.Store = (*DB)(nil)

// Open opens the database of a connection URL (spec config §4.2). A database
// with another or too old a schema is refused with a Conflict that names the
// command to run; one that does not answer is Unavailable. No error holds the
// URL.
func Open(ctx context.Context, url string, opts Options) (*DB, error) {
	db, err := connect(ctx, url, opts)
	if err != nil {
		return nil, err
	}
	db.images.run, db.images.lanes, db.images.most = db.wholeImages, 1, imagesAtOnce
	db.images.patience, db.images.spare = imagePatience, spareReads
	if err := db.checkSchema(ctx, opts.CreateIfEmpty); err != nil {
		return nil, errors.Join(db.failed("check the schema", err), db.Close())
	}
	return db, nil
}

// Migrate opens the database of a connection URL for the commands that change
// its schema, whatever the schema is now. An SQLite file is made when missing.
// The second result closes it.
func Migrate(ctx context.Context, url string, opts Options) (*migrations.Schema, func() error, error) {
	opts.CreateIfEmpty = true
	db, err := connect(ctx, url, opts)
	if err != nil {
		return nil, nil, err
	}
	return migrations.New(db.writes, db.dialect.name), db.Close, nil
}

func connect(ctx context.Context, url string, opts Options) (*DB, error) {
	u, err := ParseURL(url, opts.Parameters)
	if err != nil {
		return nil, err
	}
	switch u.Dialect {
	case MySQL:
		return openMySQL(ctx, u, opts)
	case PostgreSQL:
		return openPostgreSQL(ctx, u, opts)
	}
	return openSQLite(ctx, u, opts)
}

func (db *DB) checkSchema(ctx context.Context, create bool) error {
	schema := migrations.New(db.writes, db.dialect.name)
	if create && db.dialect.name == SQLite {
		if err := schema.CreateIfEmpty(ctx); err != nil {
			return err
		}
	}
	return schema.Check(ctx)
}

// Ping implements metadata.Store.
func (db *DB) Ping(ctx context.Context) error {
	err := db.read(ctx, func(t *tx) error {
		return t.query(func(*sql.Rows) error { return nil }, "SELECT 1")
	})
	if err == nil || ctx.Err() != nil || errors.Is(err, glance.Unavailable) {
		return err
	}
	return glance.Because(glance.Unavailable, err, "The database does not answer.")
}

// Close implements metadata.Store.
func (db *DB) Close() error {
	db.calls.Lock()
	defer db.calls.Unlock()
	if db.closed {
		return nil
	}
	db.closed = true
	if db.reads == db.writes {
		return db.writes.Close()
	}
	return errors.Join(db.reads.Close(), db.writes.Close())
}

// failed classifies an error of the driver. It is called once, where the
// error comes in.
func (db *DB) failed(doing string, err error) error {
	var known *glance.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("metadata: %s: %w", doing, err)
	}
	switch db.dialect.kind(err) {
	case glance.Unavailable:
		return glance.Because(glance.Unavailable, fmt.Errorf("%s: %w", doing, err), "The database is not available.")
	case glance.Invalid:
		return glance.Because(glance.Invalid, fmt.Errorf("%s: %w", doing, err),
			"A value is too long or too large for the database, or has characters that it cannot store.")
	}
	return fmt.Errorf("metadata: %s: %w", doing, err)
}
