package sqldb

import (
	"context"
	"sync"
	"time"
)

// What was counted to choose a way is taken as true for a while: which way is
// better changes slowly, and a wrong one costs only time.
const (
	countsLast  = 10 * time.Second
	countsWorth = 50 // a count that took longer is kept so many times as long
	mostCounts  = 10_000
)

// counts remembers how many rows there are to gather.
type counts struct {
	mu    sync.Mutex
	known map[string]lately
}

// lately is what was counted lately.
type lately struct {
	rows  int64
	until time.Time
}

// count gives the number that a statement counts, or counted lately.
func (db *DB) count(ctx context.Context, statement string, args []any) (int64, error) {
	key, now := statementKey(statement, args), time.Now()
	db.counts.mu.Lock()
	c, ok := db.counts.known[key]
	db.counts.mu.Unlock()
	if ok && now.Before(c.until) {
		return c.rows, nil
	}
	err := db.look(ctx, func(t *tx) (err error) {
		c.rows, err = t.number(statement, args...)
		return err
	})
	if err != nil {
		return 0, err
	}
	db.counts.mu.Lock()
	defer db.counts.mu.Unlock()
	if len(db.counts.known) >= mostCounts || db.counts.known == nil {
		db.counts.known = map[string]lately{}
	}
	end := time.Now()
	c.until = end.Add(max(countsLast, countsWorth*end.Sub(now)))
	db.counts.known[key] = c
	return c.rows, nil
}
