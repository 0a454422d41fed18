package memdb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// DB is a metadata.Store in memory.
type DB struct {
	mu       sync.RWMutex
	closed   bool
	images   map[string]*record
	tasks    map[string]*glance.Task
	location int64 // the last number given to a location
	metadefs metadefs
	nodes    []*cachingNode // in the order in which they became known
	cached   int64          // the last number given to a record of a cache
}

var _ metadata.Store = (*DB)(nil)

// New gives an empty store.
func New() *DB {
	return &DB{images: map[string]*record{}, tasks: map[string]*glance.Task{}}
}

// Ping reports whether the store is open.
func (db *DB) Ping(ctx context.Context) error {
	return db.read(ctx, func() error { return nil })
}

// Close waits for running calls; later ones fail with Unavailable.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.closed = true
	return nil
}

// read runs f while nobody writes.
func (db *DB) read(ctx context.Context, f func() error) error {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.run(ctx, f)
}

// write runs f alone.
func (db *DB) write(ctx context.Context, f func() error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.run(ctx, f)
}

func (db *DB) run(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if db.closed {
		return glance.Errorf(glance.Unavailable, "The database is closed.")
	}
	return f()
}

// now is the present with the precision of the tables.
func now() time.Time { return stored(time.Now()) }

// stored is t as the tables keep it.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}
