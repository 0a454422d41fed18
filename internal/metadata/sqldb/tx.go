package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"glance/internal/glance"
)

// tx is a transaction with its context and dialect. Its methods classify the
// errors of the driver; what f gives in DB.read and DB.write goes out as it is.
type tx struct {
	*dialect
	db  *DB
	ctx context.Context
	sql runner
}

// runner is a *sql.Tx, or a connection where every statement is for itself.
type runner interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, statement string, args ...any) *sql.Row
}

// read runs f in a transaction that sees one moment of the database.
func (db *DB) read(ctx context.Context, f func(*tx) error) error {
	return db.run(ctx, db.reads, db.dialect.snapshot, f)
}

// look runs f, whose statements may each see a moment of its own, without a
// transaction, which saves two trips to a server.
func (db *DB) look(ctx context.Context, f func(*tx) error) error {
	return db.repeat(ctx, func(*bool) error {
		conn, err := db.take(ctx, db.reads)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // of use again, or broken and told so already
		return f(&tx{dialect: &db.dialect, db: db, ctx: ctx, sql: conn})
	})
}

// write runs f in a transaction that may change rows. On SQLite it has the
// file to itself from the start.
func (db *DB) write(ctx context.Context, f func(*tx) error) error {
	return db.run(ctx, db.writes, nil, f)
}

func (db *DB) run(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, f func(*tx) error) error {
	return db.repeat(ctx, func(committing *bool) error { return db.once(ctx, pool, opts, committing, f) })
}

// repeat tries something as long as another attempt may succeed.
func (db *DB) repeat(ctx context.Context, attempt func(committing *bool) error) error {
	db.calls.RLock()
	defer db.calls.RUnlock()
	if db.closed {
		return glance.Errorf(glance.Unavailable, "The database is closed.")
	}
	for n := 0; ; n++ {
		var committing bool
		err := attempt(&committing)
		wait, again := db.again(err, n, committing)
		if !again || !pause(ctx, wait) {
			return err
		}
	}
}

// errAgain is what a transaction returns that another writer came before in a
// way that only a new one can see.
var errAgain = errors.New("metadata: another writer was first")

// again tells whether the transaction is to be tried once more, and when.
// Where the connection broke in a commit nobody knows what became of it.
func (db *DB) again(err error, n int, committing bool) (wait time.Duration, again bool) {
	if err == nil {
		return 0, false
	}
	failure := db.dialect.failure(err)
	if errors.Is(err, errAgain) {
		failure = lostContention
	}
	switch failure {
	case lostContention:
		wait, again = contention().wait(n)
		return jitter(wait), again
	case brokenConnection:
		if !committing {
			return db.reconnect.wait(n)
		}
	}
	return 0, false
}

// take takes a connection, which it waits for no longer than is configured.
func (db *DB) take(ctx context.Context, pool *sql.DB) (*sql.Conn, error) {
	waiting := ctx
	if db.poolWait > 0 {
		var cancel func()
		waiting, cancel = context.WithTimeout(ctx, db.poolWait)
		defer cancel()
	}
	conn, err := db.connection(waiting, pool)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		err = glance.Because(glance.Unavailable, err, "No connection to the database became free in time.")
	}
	return conn, db.failed("connect", err)
}

// crowded is how long a call waits until it asks again a server that has no
// more connections to give: by then one of ours may be free.
const crowded = 50 * time.Millisecond

// connection takes one of the pool's, or a new one. To have used up what the
// server allows is as good as a pool that is full.
func (db *DB) connection(ctx context.Context, pool *sql.DB) (*sql.Conn, error) {
	for {
		conn, err := pool.Conn(ctx)
		if err == nil || !db.dialect.crowded(err) || !pause(ctx, jitter(crowded)) {
			return conn, err
		}
	}
}

func (db *DB) once(ctx context.Context, pool *sql.DB, opts *sql.TxOptions, committing *bool, f func(*tx) error) error {
	conn, err := db.take(ctx, pool)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // of use again, or broken and told so already
	began, err := conn.BeginTx(ctx, opts)
	if err != nil {
		return db.failed("begin", err)
	}
	done := false
	defer func() {
		if !done {
			_ = began.Rollback() // the error of f says what matters
		}
	}()
	if err := f(&tx{dialect: &db.dialect, db: db, ctx: ctx, sql: began}); err != nil {
		return err
	}
	done, *committing = true, true
	if err := began.Commit(); err != nil {
		return db.failed("commit", errors.Join(err, ctx.Err()))
	}
	return nil
}

// exec runs a statement and gives the number of rows it matched.
func (t *tx) exec(statement string, args ...any) (int64, error) {
	result, err := t.sql.ExecContext(t.ctx, t.text(statement), args...)
	if err != nil {
		return 0, t.fail("change rows", err)
	}
	n, err := result.RowsAffected()
	return n, t.fail("count rows", err)
}

// insert adds a row; exists is returned when its key is there already.
func (t *tx) insert(exists error, statement string, args ...any) error {
	_, err := t.sql.ExecContext(t.ctx, t.text(statement), args...)
	return t.failUnless(exists, "insert a row", err)
}

// change changes a row; exists is returned when its new key is there already.
func (t *tx) change(exists error, statement string, args ...any) error {
	_, err := t.sql.ExecContext(t.ctx, t.text(statement), args...)
	return t.failUnless(exists, "change a row", err)
}

// failUnless classifies the error of a row with a unique key. What the row
// refers to may be deleted by others since it was read: a new transaction sees
// that.
func (t *tx) failUnless(exists error, doing string, err error) error {
	switch {
	case err == nil || exists == nil:
	case t.duplicate(err):
		return exists
	case t.referenced(err):
		return fmt.Errorf("%w: %w", errAgain, err)
	}
	return t.fail(doing, err)
}

// insertNumbered adds a row to a table that numbers its rows, as insert does.
func (t *tx) insertNumbered(exists error, statement string, args ...any) (id int64, err error) {
	if t.returning {
		err = t.sql.QueryRowContext(t.ctx, t.text(statement+" RETURNING id"), args...).Scan(&id)
		return id, t.failUnless(exists, "insert a row", err)
	}
	result, err := t.sql.ExecContext(t.ctx, t.text(statement), args...)
	if err != nil {
		return 0, t.failUnless(exists, "insert a row", err)
	}
	id, err = result.LastInsertId()
	return id, t.fail("number a row", err)
}

// number gives the first column of the first row.
func (t *tx) number(statement string, args ...any) (int64, error) {
	var n number
	err := t.query(func(rows *sql.Rows) error { return rows.Scan(&n) }, statement, args...)
	return n.value, err
}

// query hands each row to scan.
func (t *tx) query(scan func(*sql.Rows) error, statement string, args ...any) error {
	rows, err := t.sql.QueryContext(t.ctx, t.text(statement), args...)
	if err != nil {
		return t.fail("read rows", err)
	}
	return t.fail("read rows", each(rows, scan))
}

func each(rows *sql.Rows, scan func(*sql.Rows) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *tx) fail(doing string, err error) error {
	if err != nil && t.ctx.Err() != nil {
		err = errors.Join(err, t.ctx.Err()) // an interrupted statement does not say why
	}
	return t.db.failed(doing, err)
}
