package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"glance/internal/glance"
)

// Readers beyond four are slower on every machine measured; writers of one
// file stand in a row anyway.
const sqliteReaders = 4

// sqliteTime is how the original writes times; they sort as texts.
const sqliteTime = "2006-01-02 15:04:05.000000"

func sqliteDialect() dialect {
	return dialect{
		name:      "sqlite",
		unindexed: func(column string) string { return "+" + column },
		exact:     func(column string) string { return column },
		integer:   "?",
		ors:       true,
		drives:    "CROSS JOIN",
		precision: time.Microsecond,
		time:      func(t time.Time) any { return t.UTC().Format(sqliteTime) },
		snapshot:  &sql.TxOptions{ReadOnly: true},
		duplicate: func(err error) bool {
			code := sqliteCode(err)
			return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
		},
		referenced: func(err error) bool { return sqliteCode(err) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY },
		kind:       sqliteKind,
		crowded:    func(error) bool { return false },
		failure:    func(error) failure { return finalFailure }, // the timeout of locks is all the waiting there is
	}
}

// sqliteCode gives the extended result code, 0 when err is not one of SQLite's.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// sqliteKind: what another try, an operator or time can mend is Unavailable.
func sqliteKind(err error) glance.Kind {
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT:
		return glance.Unavailable
	}
	return glance.Internal
}

// openSQLite opens the pools. The memory form has one connection for
// everything, since each connection would have a memory of its own.
func openSQLite(ctx context.Context, u URL, opts Options) (*DB, error) {
	db := &DB{dialect: sqliteDialect(), few: fewRows}
	writes, err := sqlitePool(sqliteName(u, opts, "immediate"), 1)
	if err != nil {
		return nil, err
	}
	db.writes, db.reads = writes, writes
	if u.Memory() {
		return db, nil
	}
	if opts.CreateIfEmpty {
		err = prepareSQLiteFile(ctx, writes, u.Database)
	} else if _, statErr := os.Stat(u.Database); errors.Is(statErr, os.ErrNotExist) {
		err = glance.Errorf(glance.Unavailable, "There is no database file %s; run `glance-manage db sync` to make it", u.Database)
	}
	if err == nil {
		db.reads, err = sqlitePool(sqliteName(u, opts, "deferred"), sqliteReaders)
	}
	if err != nil {
		return nil, errors.Join(db.failed("open the database", err), writes.Close())
	}
	return db, nil
}

func sqlitePool(name string, connections int) (*sql.DB, error) {
	c, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, glance.Because(glance.Invalid, err, "The database cannot be named like this.")
	}
	pool := sql.OpenDB(keeper{c})
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, nil
}

// sqliteName is the name of the database for the driver, with what every
// connection is to be told.
func sqliteName(u URL, opts Options, begin string) string {
	file := "file::memory:?"
	if !u.Memory() {
		path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(u.Database)
		mode := "rw"
		if opts.CreateIfEmpty {
			mode = "rwc"
		}
		file = "file:" + path + "?mode=" + mode + "&"
	}
	synchronous := "FULL"
	if opts.NoSync {
		synchronous = "OFF"
	}
	return file + fmt.Sprintf("_txlock=%s&_pragma=busy_timeout(%d)&_pragma=foreign_keys(1)&_pragma=synchronous(%s)"+
		"&_pragma=cache_size(-8000)&_pragma=temp_store(MEMORY)", begin, u.busyTimeout().Milliseconds(), synchronous)
}

// prepareSQLiteFile switches a file without content to a write-ahead log, where
// readers and the writer do not wait for each other. A file with content
// keeps its mode: the original may run on it (spec database §8).
func prepareSQLiteFile(ctx context.Context, pool *sql.DB, path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return nil
	}
	_, err := pool.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	return err
}
