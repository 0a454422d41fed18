package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"glance/internal/glance"
)

// idleFor is how long a connection stays open unused. All may do so: opening
// one takes longer than a call, and what it has prepared is gone.
const idleFor = time.Minute

// serverDB is a DB with one pool for readers and writers.
func serverDB(d dialect, c driver.Connector, opts Options) *DB {
	pool := sql.OpenDB(c)
	pool.SetMaxOpenConns(opts.Pool.Most)
	pool.SetMaxIdleConns(opts.Pool.Most)
	if opts.Pool.Most == 0 {
		pool.SetMaxIdleConns(100)
	}
	pool.SetConnMaxIdleTime(idleFor)
	pool.SetConnMaxLifetime(opts.Pool.Lifetime)
	return &DB{dialect: d, reads: pool, writes: pool, few: fewRows, poolWait: opts.Pool.Wait, reconnect: opts.Reconnect}
}

// start makes the first connection.
func (db *DB) start(ctx context.Context, u URL, opts Options) error {
	for n := 0; ; n++ {
		err := db.reads.PingContext(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return db.failed("connect", ctx.Err())
		}
		wait, more := opts.Start.wait(n)
		if !more || db.dialect.failure(err) != brokenConnection {
			return glance.Errorf(glance.Unavailable, "There is no connection to the database %s: %s", u.place(), inOneLine(err))
		}
		if opts.Log != nil {
			left := any("any")
			if opts.Start.Most >= 0 {
				left = opts.Start.Most - n
			}
			opts.Log.Warn("no connection to the database", "database", u.place(), "attempts left", left, "error", inOneLine(err))
		}
		if !pause(ctx, wait) {
			return db.failed("connect", ctx.Err())
		}
	}
}

// inOneLine gives the text of an error without the lines that repeat others: a
// driver tells of each address that it tried.
func inOneLine(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

// place names a database without secrets.
func (u *URL) place() string {
	host := u.Host
	if u.Port != 0 {
		host = net.JoinHostPort(host, strconv.Itoa(u.Port))
	}
	return host + "/" + u.Database
}

// optionSeconds reads an option that is a number of seconds; 0 when it is not set.
func (u *URL) optionSeconds(name string) (time.Duration, error) {
	text := u.Query.Get(name)
	if text == "" {
		return 0, nil
	}
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || !(s >= 0 && s < 1e6) {
		return 0, glance.Errorf(glance.Invalid, "The option %s of the database connection is not a number of seconds.", name)
	}
	return time.Duration(s * float64(time.Second)), nil
}

// failure is what an error of a driver lets us do.
type failure int

const (
	finalFailure     failure = iota
	lostContention           // the transaction was ended in favour of another
	brokenConnection         // another connection may be better
)

// networkFailure reports errors of connections, which drivers hand on.
func networkFailure(err error) bool {
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded)
}
