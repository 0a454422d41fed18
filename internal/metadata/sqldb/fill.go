package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"glance/internal/glance"
)

// Filler writes rows by the thousand, for tools that fill a database. What it
// writes is not checked against any rule of the service.
type Filler struct {
	db   *DB
	conn *sql.Conn
	tx   *sql.Tx
}

// OpenFiller opens a database as Open does. On SQLite and MySQL the checks and
// the care that cost most are left out for its connection alone: after a crash
// of the machine a file may be broken.
func OpenFiller(ctx context.Context, url string, opts Options) (*Filler, error) {
	opts.NoSync = true
	db, err := Open(ctx, url, opts)
	if err != nil {
		return nil, err
	}
	f := &Filler{db: db}
	if f.conn, err = db.writes.Conn(ctx); err != nil {
		return nil, errors.Join(db.failed("connect", err), db.Close())
	}
	return f, errors.Join(f.hurry(ctx), f.begin(ctx))
}

func (f *Filler) hurry(ctx context.Context) error {
	statement := "SELECT 1"
	switch f.db.dialect.name {
	case SQLite:
		statement = "PRAGMA cache_size = -2000000"
	case MySQL:
		statement = "SET SESSION unique_checks = 0, foreign_key_checks = 0"
	}
	_, err := f.conn.ExecContext(ctx, statement)
	return f.db.failed("prepare to fill", err)
}

func (f *Filler) begin(ctx context.Context) (err error) {
	f.tx, err = f.conn.BeginTx(ctx, nil)
	return f.db.failed("begin", err)
}

// Insert adds rows to a table; values holds those of all rows, one after the
// other, with times as time.Time. At most 30000 values go at once.
func (f *Filler) Insert(ctx context.Context, table string, columns []string, values []any) error {
	if len(values) == 0 {
		return nil
	}
	for i, v := range values {
		if t, ok := v.(time.Time); ok {
			values[i] = f.db.dialect.optionalTime(t)
		}
	}
	row := "(" + marks(len(columns)) + ")"
	statement := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + row + strings.Repeat(", "+row, len(values)/len(columns)-1)
	_, err := f.tx.ExecContext(ctx, f.db.dialect.text(statement), values...)
	if err != nil && f.db.dialect.duplicate(err) {
		return glance.Because(glance.Conflict, err, "A row is there already.")
	}
	return f.db.failed("insert rows", err)
}

// Count gives the number of rows of a table.
func (f *Filler) Count(ctx context.Context, table string) (n int64, err error) {
	err = f.tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n)
	return n, f.db.failed("count rows", err)
}

// Commit makes what was inserted so far stay.
func (f *Filler) Commit(ctx context.Context) error {
	if err := f.tx.Commit(); err != nil {
		return f.db.failed("commit", err)
	}
	return f.begin(ctx)
}

// Settle brings the statistics of a PostgreSQL database up to date, which
// would else plan for an empty table until its own housekeeping comes by.
func (f *Filler) Settle(ctx context.Context) error {
	if f.db.dialect.name != PostgreSQL {
		return nil
	}
	if err := f.tx.Commit(); err != nil {
		return f.db.failed("commit", err)
	}
	if _, err := f.conn.ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
		return f.db.failed("analyze", err)
	}
	return f.begin(ctx)
}

// Close gives up what was not committed.
func (f *Filler) Close() error {
	return errors.Join(f.tx.Rollback(), f.conn.Close(), f.db.Close())
}
