package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"

	"glance/internal/metadata"
	"glance/internal/metadata/sqldb/migrations"
)

// AlwaysWalk makes listings go along the index of the sort key.
func (db *DB) AlwaysWalk() { db.few = 0 }

// AddIndexes adds the extra indexes, and makes db know of them.
func (db *DB) AddIndexes(t *testing.T) {
	t.Helper()
	if err := migrations.New(db.writes, db.dialect.name).AddIndexes(t.Context(), io.Discard, false); err != nil {
		t.Fatal(err)
	}
	db.extras.mu.Lock()
	defer db.extras.mu.Unlock()
	db.extras.until = time.Time{}
}

// Explain gives the plan of a listing, one step a line.
func (db *DB) Explain(t *testing.T, sc metadata.Scope, q metadata.Query) []string {
	t.Helper()
	statement, args, err := listing(&db.dialect, db.few, db.extra(t.Context()), sc, q, func(text string, args ...any) (int64, error) { return db.count(t.Context(), text, args) })
	if err != nil {
		t.Fatal(err)
	}
	return db.ExplainText(t, statement, args...)
}

// ExplainChildren gives the plan of reading children.
func (db *DB) ExplainChildren(t *testing.T, condition string, ids ...any) []string {
	t.Helper()
	statement, args := (&tx{dialect: &db.dialect}).childrenOf(condition, false, ids...)
	return db.ExplainText(t, statement, args...)
}

// ExplainText gives the plan of a statement.
func (db *DB) ExplainText(t *testing.T, statement string, args ...any) (plan []string) {
	t.Helper()
	rows, err := db.reads.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		t.Fatal(err)
	}
	err = each(rows, func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		plan = append(plan, detail)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// Exec runs a statement on the connection that writes.
func (db *DB) Exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := db.writes.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Value gives the first column of the first row.
func (db *DB) Value(t *testing.T, statement string, args ...any) (value any) {
	t.Helper()
	if err := db.writes.QueryRowContext(t.Context(), statement, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

// Dollars, ParseTime and PythonJSON are what they are called inside.
func Dollars(statement string) string { return dollars(statement) }

func ParseTime(s string) (time.Time, error) { return parseTime(s) }

func PythonJSON(raw []byte) []byte { return pythonJSON(raw) }

// CountReads makes db, which has the file at path open, count the statements
// it reads with.
func (db *DB) CountReads(t *testing.T, path string) *atomic.Int64 {
	t.Helper()
	c, err := sqlite.NewConnector(sqliteName(URL{Dialect: SQLite, Database: path}, Options{}, "deferred"))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.reads.Close(); err != nil {
		t.Fatal(err)
	}
	n := new(atomic.Int64)
	db.reads = sql.OpenDB(countingConnector{keeper{c}, n})
	return n
}

type countingConnector struct {
	driver.Connector
	n *atomic.Int64
}

func (c countingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return countingConn{conn.(*keptConn), c.n}, nil
}

type countingConn struct {
	*keptConn
	n *atomic.Int64
}

func (c countingConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	c.n.Add(1)
	return c.keptConn.PrepareContext(ctx, text)
}

// Wait is what it is called inside.
func (r Retry) Wait(n int) (time.Duration, bool) { return r.wait(n) }

// MySQLConfig gives what the driver is told for a URL.
func MySQLConfig(url string, opts Options) (*mysql.Config, error) {
	u, err := ParseURL(url, opts.Parameters)
	if err != nil {
		return nil, err
	}
	return mysqlConfig(u, opts)
}

// PostgresAddress gives host, port, user, password and database for a URL.
func PostgresAddress(url string) (string, error) {
	u, err := ParseURL(url, "")
	if err != nil {
		return "", err
	}
	c, err := postgresConfig(u)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(c.Host, " ", c.Port, " ", c.User, " ", c.Password, " ", c.Database), nil
}

// ExplainTally gives the plan of a total.
func (db *DB) ExplainTally(t *testing.T, owner string, of metadata.Total) []string {
	t.Helper()
	statement, args := (&tx{dialect: &db.dialect}).tally(owner, of)
	return db.ExplainText(t, statement, args...)
}

// Batcher is a batcher of numbers that answers with what a batch was asked.
type Batcher struct{ b batcher[int, []int] }

// NewBatcher makes a batcher; run may wait.
func NewBatcher(lanes, most int, run func(ctx context.Context, questions []int) error) *Batcher {
	b := &Batcher{}
	b.b.lanes, b.b.most = lanes, most
	b.b.run = func(ctx context.Context, questions []int) ([]int, error) { return questions, run(ctx, questions) }
	return b
}

// Patience makes batches count as stuck after a time.
func (b *Batcher) Patience(d time.Duration, spare int) { b.b.patience, b.b.spare = d, spare }

// Ask is what it is called inside.
func (b *Batcher) Ask(ctx context.Context, n int) (answer []int, shared bool, err error) {
	return b.b.ask(ctx, n)
}

// ListingBatches is how many kinds of pages are asked for at the moment.
func (db *DB) ListingBatches() int {
	db.pages.mu.Lock()
	defer db.pages.mu.Unlock()
	return len(db.pages.keys)
}
