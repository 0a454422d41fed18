//go:build services

package services_test

import (
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestDatabaseConnectionLimit: a server that makes fewer connections than the
// pool may hold is only slower, and a call that gets none is told so.
func TestDatabaseConnectionLimit(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			synced(t, e, "few")
			e.role("few")
			e.limit("10")
			n := rig.NewNode(t, programs(), "[database] connection = "+e.url("few"), many)
			l := startLoad(t, n, 20)
			l.awaitRounds(5)
			for _, c := range l.clients {
				if got := c.refused.Load(); got != 0 {
					t.Errorf("client %d was refused %d times", c.n, got)
				}
			}
			l.end()
			l.settled()
			if strings.Contains(n.Server().Output(), "panic") {
				t.Error("a panic")
			}
		})
	}
}

// role makes a user without privileges whose connections can be counted, and
// takes it for the URLs.
func (e *engine) role(database string) {
	e.t.Helper()
	if e.name == "postgresql" {
		e.sql(database, "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain")
		e.user = "plain"
		return
	}
	e.sql("", "CREATE OR REPLACE USER plain@'127.0.0.1' IDENTIFIED BY 'p@ss'; GRANT ALL ON "+database+".* TO plain@'127.0.0.1'")
	e.user = "plain:p%40ss"
}

// limit bounds the connections of that user.
func (e *engine) limit(most string) {
	e.t.Helper()
	if e.name == "postgresql" {
		e.sql("", "ALTER ROLE plain CONNECTION LIMIT "+most)
		return
	}
	e.sql("", "SET GLOBAL max_connections = "+most) // a superuser has one more
}
