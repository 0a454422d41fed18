package migrations_test

import (
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver that sqldb opens with names of its own

	"glance/internal/glance"
	"glance/internal/metadata/sqldb/migrations"
)

func openSQLite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "glance.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// zed gives a database as the original's release 25.1 leaves it.
func zed(t *testing.T) *sql.DB {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "zed.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db := openSQLite(t)
	exec(t, db, string(text))
	return db
}

func exec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func lines(t *testing.T, db *sql.DB, query string) (list []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		list = append(list, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// schema describes every table and index, without blanks and case. The only
// difference allowed: files that old versions of the original's library made
// say BIGINT for the sizes of an image (spec database §2).
func schema(t *testing.T, db *sql.DB) []string {
	t.Helper()
	list := lines(t, db, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
	for i, text := range list {
		text = strings.NewReplacer(`"`, "", "BIGINT", "INTEGER", "IF NOT EXISTS ", "").Replace(text)
		list[i] = strings.Join(strings.Fields(text), "")
	}
	slices.Sort(list)
	return list
}

func TestNewSchemaIsTheOriginals(t *testing.T) {
	fresh := openSQLite(t)
	if err := migrations.New(fresh, "sqlite").CreateIfEmpty(t.Context()); err != nil {
		t.Fatal(err)
	}
	migrated := zed(t)
	if err := migrations.New(migrated, "sqlite").Sync(t.Context(), io.Discard); err != nil {
		t.Fatal(err)
	}
	got, want := schema(t, fresh), schema(t, migrated)
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("only in the new one: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("only in the migrated one: %s", line)
		}
	}
	for _, db := range []*sql.DB{fresh, migrated} {
		if rows := lines(t, db, "SELECT version_num FROM alembic_version"); !slices.Equal(rows, []string{"2024_1_contract01"}) {
			t.Errorf("revision %v", rows)
		}
	}
	// A second creation finds tables and does nothing.
	if err := migrations.New(fresh, "sqlite").CreateIfEmpty(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestUpgradeStepByStep(t *testing.T) {
	db := zed(t)
	s := migrations.New(db, "sqlite")
	var out strings.Builder
	for _, step := range []struct {
		version, rows string
		cache         int
	}{
		{"xena_contract01", "xena_contract01", 0},
		{"2023_1_expand01", "2023_1_expand01, xena_contract01", 0},
		{"2024_1_expand01", "2024_1_expand01, xena_contract01", 2},
		{"zed_contract01", "2024_1_expand01, zed_contract01", 2},
		{"wallaby_contract01", "2024_1_expand01, zed_contract01", 2},
		{"heads", "2024_1_contract01", 2},
		{"heads", "2024_1_contract01", 2},
	} {
		out.Reset()
		if err := s.Upgrade(t.Context(), &out, step.version); err != nil {
			t.Fatal(err)
		}
		want := "Upgraded database to: " + step.version + ", current revision(s): " + step.rows + "\n"
		if step.version == "heads" {
			want = "Upgraded database, current revision(s): " + step.rows + "\n"
		}
		if out.String() != want {
			t.Errorf("%q, want %q", out.String(), want)
		}
		if n := len(lines(t, db, "SELECT name FROM sqlite_master WHERE name IN ('node_reference', 'cached_images')")); n != step.cache {
			t.Errorf("%s: %d cache tables, want %d", step.version, n, step.cache)
		}
		if err := s.Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := len(lines(t, db, "SELECT id FROM images")); n != 3 {
		t.Errorf("%d images are left", n)
	}
}

// What is too old is refused and left as it is.
func TestTooOld(t *testing.T) {
	for name, change := range map[string]string{
		"an older revision":        "UPDATE alembic_version SET version_num = 'train_contract01'",
		"the trunk":                "UPDATE alembic_version SET version_num = 'mitaka02'",
		"a name of old":            "UPDATE alembic_version SET version_num = 'pike01'",
		"an unknown revision":      "UPDATE alembic_version SET version_num = '2031_1_contract01'",
		"no revision":              "DELETE FROM alembic_version",
		"expanded, not contracted": "UPDATE alembic_version SET version_num = '2024_1_expand01'; ALTER TABLE images ADD COLUMN is_public BOOLEAN",
	} {
		db := zed(t)
		exec(t, db, change)
		before := lines(t, db, "SELECT version_num FROM alembic_version")
		s := migrations.New(db, "sqlite")
		err := s.Sync(t.Context(), io.Discard)
		var known *glance.Error
		if !errors.As(err, &known) || known.Kind != glance.Conflict || !strings.HasPrefix(known.Message, "Failed to sync database: ERROR: ") {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Check(t.Context()); !errors.Is(err, glance.Conflict) || !strings.Contains(err.Error(), "glance-manage db sync") {
			t.Errorf("%s: a server starts: %v", name, err)
		}
		if after := lines(t, db, "SELECT version_num FROM alembic_version"); !slices.Equal(before, after) {
			t.Errorf("%s: revision %v became %v", name, before, after)
		}
		if n := len(lines(t, db, "SELECT name FROM sqlite_master WHERE name = 'cached_images'")); n != 0 {
			t.Errorf("%s: tables are made", name)
		}
	}
}

func TestOldNamesAreRead(t *testing.T) {
	db := zed(t)
	exec(t, db, "UPDATE alembic_version SET version_num = 'pike01'")
	rows, err := migrations.New(db, "sqlite").Heads(t.Context())
	if err != nil || !slices.Equal(rows, []string{"pike_contract01"}) {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestPostgreSQLHasNoRollingUpgrades(t *testing.T) {
	s := migrations.New(nil, "postgresql")
	for _, run := range []func() error{
		func() error { return s.Expand(t.Context(), io.Discard) },
		func() error { return s.Migrate(t.Context(), io.Discard) },
		func() error { return s.Contract(t.Context(), io.Discard) },
		func() error { _, err := s.Outdated(t.Context(), io.Discard); return err },
	} {
		var known *glance.Error
		if err := run(); !errors.As(err, &known) || known.Message != "Rolling upgrades are currently supported only for MySQL and Sqlite" {
			t.Errorf("error %v", err)
		}
	}
}
