//go:build services

package services_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestDatabaseReleases: the schema that each release since Wallaby leaves is
// served as it is, and brought to the newest one. Up to 2023.2 they differ in
// the revision alone; the first one is made by the original's tool, the others
// by ours, whose schema TestDatabaseSchema compares with it.
func TestDatabaseReleases(t *testing.T) {
	t.Parallel()
	releases := []struct {
		name      string
		revisions []string // in alembic_version
		next      string   // of check
		code      int
	}{
		{"wallaby to zed", []string{"wallaby_contract01"}, "Your first step is to run `glance-manage db expand`.", 3},
		{"2023.1", []string{"2023_1_contract01"}, "Your first step is to run `glance-manage db expand`.", 3},
		{"between expand and contract of 2023.1", []string{"2023_1_expand01", "wallaby_contract01"}, "Your first step is to run `glance-manage db expand`.", 3},
		{"between expand and contract of 2024.1", []string{"2023_1_contract01", "2024_1_expand01"}, "Your next step is to run `glance-manage db contract`.", 5},
		{"2024.1 and later", []string{"2024_1_contract01"}, "", 0},
	}
	for _, e := range engines(t) {
		e.t = t
		synced(t, e, "newest")
		want := e.dump("newest")
		for n, release := range releases {
			t.Run(e.name+" "+release.name, func(t *testing.T) {
				e.t = t
				database := fmt.Sprint("release", n)
				e.create(database)
				if n == 0 {
					e.original(database, "db", "sync")
				} else {
					e.manage(database, "db_upgrade wallaby_contract01", "Upgraded database to: wallaby_contract01, current revision(s): wallaby_contract01\n", false)
				}
				if strings.Contains(strings.Join(release.revisions, " "), "2024_1") {
					e.manage(database, "db upgrade 2024_1_expand01", "Upgraded database to: 2024_1_expand01, current revision(s): 2024_1_expand01, wallaby_contract01\n", false)
				}
				e.sql(database, "DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('"+strings.Join(release.revisions, "'), ('")+"')")
				e.manage(database, "db version", strings.Join(release.revisions, "\n")+"\n", false)
				id := serveRelease(t, e, database)
				if e.name == "mariadb" {
					e.check(database, release.next, release.code)
				}
				if stdout, stderr, err := e.try(programs()+"/glance-manage", "--config-file", e.config(database), "db_sync"); err != nil || !strings.HasPrefix(last(stdout), "Database is ") {
					t.Errorf("sync: %v, %s%s", err, stdout, stderr)
				}
				e.manage(database, "db_version", "2024_1_contract01\n", false)
				if e.name == "mariadb" {
					e.check(database, "", 0)
				}
				e.sameSchema("the schema", e.dump(database), want)
				if got := e.sql(database, "SELECT status, visibility FROM images WHERE id = '"+id+"'"); got != "active\tshared\n" {
					t.Errorf("the image afterwards: %q", got)
				}
			})
		}
	}
}

func last(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// serveRelease starts a server on the schema as it is, and gives the image that
// it makes.
func serveRelease(t *testing.T, e *engine, database string) string {
	t.Helper()
	n := rig.NewNode(t, programs(), "[database] connection = "+e.url(database))
	id := n.NewImage("before")
	n.Must(n.Put(t.Context(), id, rig.Random(1, 1000)))
	n.Check()
	n.Stop()
	return id
}

// check runs db check, which tells the next step by its exit code too.
func (e *engine) check(database, next string, code int) {
	e.t.Helper()
	want := "Your database is not up to date. " + next + "\n"
	if next == "" {
		want = "Database is up to date. No upgrades needed.\n"
	}
	cmd := exec.Command(programs()+"/glance-manage", "--config-file", e.config(database), "db", "check")
	out, err := cmd.Output()
	if string(out) != want || cmd.ProcessState.ExitCode() != code {
		e.t.Errorf("check: %q, %v, want %q and %d", out, err, want, code)
	}
}
