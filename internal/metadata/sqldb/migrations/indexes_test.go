package migrations_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata/sqldb/migrations"
)

func TestExtraIndexes(t *testing.T) {
	db := openSQLite(t)
	s := migrations.New(db, "sqlite")
	if err := s.AddIndexes(t.Context(), io.Discard, false); glance.KindOf(err) != glance.Conflict {
		t.Errorf("without tables: %v", err)
	}
	if err := s.CreateIfEmpty(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := schema(t, db)
	run := func(f func(out io.Writer) error) string {
		t.Helper()
		var out strings.Builder
		if err := f(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	add := func(dry bool) string {
		return run(func(out io.Writer) error { return s.AddIndexes(t.Context(), out, dry) })
	}
	drop := func(dry bool) string {
		return run(func(out io.Writer) error { return s.DropIndexes(t.Context(), out, dry) })
	}
	n := len(migrations.Indexes())
	if out := add(true); strings.Count(out, "CREATE INDEX glance_go_") != n || !slices.Equal(schema(t, db), before) {
		t.Errorf("a dry run: %s", out)
	}
	if out := add(false); strings.Count(out, "Added index glance_go_") != n {
		t.Errorf("added: %s", out)
	}
	present, err := migrations.PresentIndexes(t.Context(), db, "sqlite")
	if err != nil || len(present) != n {
		t.Errorf("present: %v, %v", present, err)
	}
	if out := add(false); out != "All extra indexes are there. No indexes added.\n" {
		t.Errorf("added again: %s", out)
	}
	exec(t, db, "DROP INDEX "+migrations.ByTag)
	if out := add(false); out != "Added index "+migrations.ByTag+"\n" {
		t.Errorf("added what was missing: %s", out)
	}
	// The commands of the original see nothing of them.
	if out := run(func(out io.Writer) error { return s.Sync(t.Context(), out) }); out != "Database is up to date. No migrations needed.\n" {
		t.Errorf("sync: %s", out)
	}
	if code, err := s.Outdated(t.Context(), io.Discard); code != 0 || err != nil {
		t.Errorf("check: %d, %v", code, err)
	}
	if out := drop(true); strings.Count(out, "DROP INDEX glance_go_") != n {
		t.Errorf("a dry run: %s", out)
	}
	if out := drop(false); strings.Count(out, "Dropped index glance_go_") != n || !slices.Equal(schema(t, db), before) {
		t.Errorf("dropped: %s", out)
	}
	if out := drop(false); out != "There are no extra indexes. No indexes dropped.\n" {
		t.Errorf("dropped again: %s", out)
	}
}
