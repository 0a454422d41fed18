//go:build services

package services_test

import (
	"fmt"
	"strings"
	"testing"
)

// original runs the glance-manage of the original on a database.
func (e *engine) original(database string, words ...string) {
	e.t.Helper()
	e.run("/usr/bin/glance-manage", append([]string{"--config-file", e.config(database)}, words...)...)
}

// config writes a configuration file for a database.
func (e *engine) config(database string) string {
	e.t.Helper()
	e.write(database+".conf", []byte("[database]\nconnection = "+e.url(database)+"\nmax_retries = 0\n"))
	return e.path(database + ".conf")
}

// manage runs our glance-manage and wants its answer; want is on stderr when the code is not 0.
func (e *engine) manage(database, words, want string, fails bool) {
	e.t.Helper()
	stdout, stderr, err := e.try(programs()+"/glance-manage", append([]string{"--config-file", e.config(database)}, strings.Fields(words)...)...)
	got := stdout
	if fails {
		got = stderr
	}
	if (err != nil) != fails || got != want {
		e.t.Errorf("%s on %s: %v, %q %q, want %q", words, e.name, err, stdout, stderr, want)
	}
}

// sameSchema compares two dumps line by line.
func (e *engine) sameSchema(what, got, want string) {
	e.t.Helper()
	if len(got) < 5000 {
		e.t.Fatalf("a dump of %d bytes: %s", len(got), got)
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			e.t.Errorf("%s differs from line %d on:\n got %q\nwant %q", what, i+1, g[min(i, len(g)):min(i+5, len(g))], w[min(i, len(w)):min(i+5, len(w))])
			return
		}
	}
}

// TestDatabaseSchema: what we create is what the original creates, to the last
// column, index, constraint and default; a database of the original comes to
// the same schema as a new one.
func TestDatabaseSchema(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			for _, database := range []string{"zed", "base", "fresh"} {
				e.create(database)
			}
			e.original("zed", "db", "sync")
			e.manage("zed", "db version", "wallaby_contract01\n", false)
			e.manage("base", "db upgrade --version wallaby_contract01",
				"Upgraded database to: wallaby_contract01, current revision(s): wallaby_contract01\n", false)
			e.sameSchema("the schema at wallaby_contract01", e.dump("base"), e.dump("zed"))

			e.sql("zed", "INSERT INTO images (id, status, created_at, deleted, min_disk, min_ram) VALUES ('x', 'queued', '2020-01-01', FALSE, 0, 0)")
			synced := "Upgraded database to: 2024_1_expand01, current revision(s): %s\n" +
				"Database migration is up to date. No migration needed.\n" +
				"Upgraded database to: 2024_1_contract01, current revision(s): 2024_1_contract01\n" +
				"Database is synced successfully.\n"
			e.manage("zed", "db sync", fmt.Sprintf(synced, "2024_1_expand01, wallaby_contract01"), false)
			e.manage("fresh", "db sync", fmt.Sprintf(synced, "2024_1_expand01"), false)
			e.sameSchema("the schema at 2024_1_contract01", e.dump("fresh"), e.dump("zed"))
			for _, database := range []string{"zed", "fresh"} {
				if got := e.sql(database, "SELECT version_num FROM alembic_version"); got != "2024_1_contract01\n" {
					t.Errorf("revision of %s: %q", database, got)
				}
				e.manage(database, "db sync", "Database is up to date. No migrations needed.\n", false)
			}
			if got := e.sql("zed", "SELECT visibility, COUNT(*) FROM images GROUP BY visibility"); got != "shared\t1\n" {
				t.Errorf("images after the upgrade: %q", got)
			}
		})
	}
}

// TestDatabaseSteps: MariaDB goes step by step, PostgreSQL refuses to.
func TestDatabaseSteps(t *testing.T) {
	t.Parallel()
	maria, postgres := startMariaDB(t), startPostgreSQL(t)
	maria.create("steps")
	maria.manage("steps", "db version", "Database is either not under migration control or under legacy migration control, "+
		"please run \"glance-manage db sync\" to place the database under alembic migration control.\n", false)
	maria.manage("steps", "db expand", "Upgraded database to: 2024_1_expand01, current revision(s): 2024_1_expand01\n", false)
	maria.manage("steps", "db migrate", "Database migration is up to date. No migration needed.\n", false)
	maria.manage("steps", "db contract", "Upgraded database to: 2024_1_contract01, current revision(s): 2024_1_contract01\n", false)
	maria.manage("steps", "db check", "Database is up to date. No upgrades needed.\n", false)
	postgres.create("steps")
	for _, action := range []string{"expand", "migrate", "contract", "check"} {
		postgres.manage("steps", "db "+action, "Rolling upgrades are currently supported only for MySQL and Sqlite\n", true)
	}
	if got := postgres.sql("steps", "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'"); got != "0\n" {
		t.Errorf("%q tables after refusals", got)
	}
}
