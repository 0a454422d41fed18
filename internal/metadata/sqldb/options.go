package sqldb

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Options say how to open a database. The zero value opens an existing one
// and tries nothing twice but what another writer made fail.
type Options struct {
	// CreateIfEmpty makes the schema in an SQLite database without tables, and
	// its file. In a server's database only glance-manage makes tables.
	CreateIfEmpty bool
	// NoSync lets SQLite answer before the data is on the disk
	// (sqlite_synchronous = false); a crash of the machine may lose or break it.
	NoSync bool
	// Parameters is added to the query of the URL (connection_parameters).
	Parameters string

	// What follows is for servers alone.

	Pool      Pool
	Start     Retry // of the first connection (max_retries, retry_interval)
	Reconnect Retry // of a call whose connection broke (use_db_reconnect, db_max_retries and others)
	// SQLMode is the sql_mode of MySQL sessions, empty for the server's.
	SQLMode string
	// SyncWait is the wsrep_sync_wait of Galera sessions, nil for the server's.
	SyncWait *int
	// Log is told of failed attempts at the first connection.
	Log *slog.Logger
}

// Pool bounds the connections to a server.
type Pool struct {
	Most     int           // open at the same time; 0 is no bound
	Lifetime time.Duration // after which one is replaced; 0 is never
	Wait     time.Duration // for a free one, before a call is Unavailable; 0 is as long as the call may take
}

// Retry says when and how often something is tried again.
type Retry struct {
	Most     int           // further attempts; below zero is no bound
	Interval time.Duration // before the first of them
	Double   bool          // each interval is twice the one before
	Longest  time.Duration // bounds the doubled interval; 0 is no bound
}

// wait gives the time before the nth further attempt, counted from 0, and
// whether there is one.
func (r Retry) wait(n int) (time.Duration, bool) {
	if r.Most >= 0 && n >= r.Most {
		return 0, false
	}
	d := r.Interval
	for range n {
		if !r.Double || d > time.Hour || r.Longest > 0 && d >= r.Longest {
			break
		}
		d *= 2
	}
	if r.Double && r.Longest > 0 {
		d = min(d, r.Longest)
	}
	return d, true
}

// contention is how a transaction is repeated that the database ended in
// favour of another one. The original tries as often, every half second (spec
// database §4).
func contention() Retry {
	return Retry{Most: 50, Interval: 5 * time.Millisecond, Double: true, Longest: 500 * time.Millisecond}
}

// jitter keeps those who met once from meeting again.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

// pause waits, and reports whether ctx still lives.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
