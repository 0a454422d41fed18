package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// mostStatements bounds what one connection keeps prepared. Filters make many
// texts; when there are more, all are prepared anew.
const mostStatements = 256

// keeper makes connections that prepare each text once. It stands below
// database/sql and not above, where a statement prepared inside a transaction
// asks for a second connection and may wait for it forever.
type keeper struct{ driver.Connector }

// Connect implements driver.Connector.
func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(fullConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqldb: a driver with connections of type %T", c), c.Close())
	}
	return &keptConn{fullConn: full, stmts: map[string]*keptStmt{}}, nil
}

// fullConn is a connection without the calls that go around Prepare.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keptConn is used by one goroutine at a time, as every driver.Conn.
type keptConn struct {
	fullConn
	stmts map[string]*keptStmt
}

// keptStmt survives its Close, which only says that it may be used again.
type keptStmt struct {
	fullStmt
	busy bool
}

// Close implements driver.Stmt.
func (s *keptStmt) Close() error {
	s.busy = false
	return nil
}

// Prepare implements driver.Conn.
func (c *keptConn) Prepare(text string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), text)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *keptConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	kept, ok := c.stmts[text]
	if ok && !kept.busy {
		kept.busy = true
		return kept, nil
	}
	s, err := c.fullConn.PrepareContext(ctx, text)
	if err != nil || ok { // a text whose rows are still open gets a statement of its own
		return s, err
	}
	full, ok := s.(fullStmt)
	if !ok {
		return s, nil
	}
	if len(c.stmts) >= mostStatements {
		if err := c.forget(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	kept = &keptStmt{fullStmt: full, busy: true}
	c.stmts[text] = kept
	return kept, nil
}

// forget closes the statements that are not in use.
func (c *keptConn) forget() error {
	var errs []error
	for text, s := range c.stmts {
		if !s.busy {
			errs = append(errs, s.fullStmt.Close())
			delete(c.stmts, text)
		}
	}
	return errors.Join(errs...)
}

// Close implements driver.Conn.
func (c *keptConn) Close() error {
	for _, s := range c.stmts {
		s.busy = false
	}
	return errors.Join(c.forget(), c.fullConn.Close())
}
