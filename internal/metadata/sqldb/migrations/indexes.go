package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"

	"glance/internal/glance"
)

// Index is one that the original's schema has not, for installations with very
// many images. Its name tells it from all others; the original does not mind it.
type Index struct {
	Name  string
	table string
	// on is what is indexed; onMySQL and onPostgreSQL where it differs.
	on, onMySQL, onPostgreSQL string
}

// The indexes, as statements of package sqldb rely on them.
const (
	ByName       = "glance_go_images_name"
	ByOwner      = "glance_go_images_owner"
	ByVisibility = "glance_go_images_visibility"
	ByMember     = "glance_go_image_members_member"
	ByProperty   = "glance_go_image_properties_value"
	ByTag        = "glance_go_image_tags_value"
)

// Indexes are all of them. A property may be longer than an index entry.
func Indexes() []Index {
	return []Index{
		{Name: ByMember, table: "image_members", on: "(member, image_id)"},
		{Name: ByProperty, table: "image_properties", on: "(name, value)", onMySQL: "(name, value(64))", onPostgreSQL: `(name, "left"(value, 64))`},
		{Name: ByTag, table: "image_tags", on: "(value, image_id)"},
		{Name: ByName, table: "images", on: "(name, created_at)"},
		{Name: ByOwner, table: "images", on: "(owner, created_at)"},
		{Name: ByVisibility, table: "images", on: "(visibility, created_at)"},
	}
}

// create is the statement that makes the index; writers go on meanwhile where
// the database can do so.
func (i Index) create(dialect string) string {
	statement := "CREATE INDEX " + i.Name + " ON " + i.table + " "
	switch dialect {
	case mysql:
		return statement + either(i.onMySQL, i.on) + " ALGORITHM=INPLACE LOCK=NONE"
	case postgresql:
		return "CREATE INDEX CONCURRENTLY " + i.Name + " ON " + i.table + " " + either(i.onPostgreSQL, i.on)
	}
	return statement + i.on
}

func (i Index) drop(dialect string) string {
	switch dialect {
	case mysql:
		return "ALTER TABLE " + i.table + " DROP INDEX " + i.Name + ", ALGORITHM=INPLACE, LOCK=NONE"
	case postgresql:
		return "DROP INDEX CONCURRENTLY " + i.Name
	}
	return "DROP INDEX " + i.Name
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// presentIndexes finds ours. An index of PostgreSQL whose making was
// interrupted is there and of no use.
func presentIndexes(dialect string) (usable, broken string) {
	switch dialect {
	case mysql:
		return `SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name LIKE 'glance\_go\_%'`, ""
	case postgresql:
		found := `SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = current_schema() AND c.relname LIKE 'glance\_go\_%' AND `
		return found + "i.indisvalid", found + "NOT i.indisvalid"
	}
	return `SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'glance\_go\_%' ESCAPE '\'`, ""
}

// queryer is a pool, a connection or a transaction of package sql.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// PresentIndexes gives the names of our indexes that a database has and uses.
func PresentIndexes(ctx context.Context, db queryer, dialect string) ([]string, error) {
	usable, _ := presentIndexes(dialect)
	return names(ctx, db, usable)
}

func names(ctx context.Context, db queryer, query string) (list []string, err error) {
	if query == "" {
		return nil, nil
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("look for indexes: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("look for indexes: %w", err)
		}
		list = append(list, name)
	}
	return list, rows.Err()
}

// AddIndexes makes the indexes that are missing, one after the other, and
// prints what it does; with dryRun it prints the statements and does nothing.
func (s *Schema) AddIndexes(ctx context.Context, out io.Writer, dryRun bool) error {
	return s.indexes(ctx, &alteration{out: out, dryRun: dryRun}, func(a *alteration, present []string) error {
		missing := slices.DeleteFunc(Indexes(), func(i Index) bool { return slices.Contains(present, i.Name) })
		if len(missing) == 0 {
			return say(out, "All extra indexes are there. No indexes added.")
		}
		for _, i := range missing {
			if err := a.run(ctx, "Added index "+i.Name, i.create(s.dialect)); err != nil {
				return err
			}
		}
		return nil
	})
}

// DropIndexes removes the indexes that AddIndexes made.
func (s *Schema) DropIndexes(ctx context.Context, out io.Writer, dryRun bool) error {
	return s.indexes(ctx, &alteration{out: out, dryRun: dryRun}, func(a *alteration, present []string) error {
		for _, i := range Indexes() {
			if !slices.Contains(present, i.Name) {
				continue
			}
			if err := a.run(ctx, "Dropped index "+i.Name, i.drop(s.dialect)); err != nil {
				return err
			}
		}
		if len(present) == 0 {
			return say(out, "There are no extra indexes. No indexes dropped.")
		}
		return nil
	})
}

// indexes calls work with the indexes that are there, after it has removed
// what an interrupted attempt left.
func (s *Schema) indexes(ctx context.Context, a *alteration, work func(a *alteration, present []string) error) (err error) {
	if err := s.Check(ctx); err != nil {
		return err
	}
	if a.conn, err = s.db.Conn(ctx); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, a.conn.Close()) }()
	end, err := s.alone(ctx, a.conn)
	if err != nil {
		return err
	}
	defer end()
	usable, broken := presentIndexes(s.dialect)
	leftovers, err := names(ctx, a.conn, broken)
	if err != nil {
		return err
	}
	for _, i := range Indexes() {
		if !slices.Contains(leftovers, i.Name) {
			continue
		}
		if err := a.run(ctx, "Dropped unfinished index "+i.Name, i.drop(s.dialect)); err != nil {
			return err
		}
	}
	present, err := names(ctx, a.conn, usable)
	if err != nil {
		return err
	}
	return work(a, present)
}

// alone keeps a second run away. It does not wait: PostgreSQL would wait in
// turn for the one who waits.
func (s *Schema) alone(ctx context.Context, conn *sql.Conn) (end func(), err error) {
	var take, give string
	switch s.dialect {
	case mysql:
		// Behind a statement that waits for a table, everybody else waits.
		if _, err := conn.ExecContext(ctx, "SET SESSION lock_wait_timeout = 30"); err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
		take, give = "SELECT COALESCE(GET_LOCK(CONCAT('glance-', SHA1(DATABASE())), 0), 0)", "DO RELEASE_LOCK(CONCAT('glance-', SHA1(DATABASE())))"
	case postgresql:
		take, give = "SELECT pg_try_advisory_lock(x'676c616e6366'::BIGINT)::INT", "SELECT pg_advisory_unlock(x'676c616e6366'::BIGINT)"
	default:
		return func() {}, nil
	}
	var got int
	switch err := conn.QueryRowContext(ctx, take).Scan(&got); {
	case err != nil && s.dialect == mysql: // clusters may forbid such locks
		return func() {}, nil
	case err != nil:
		return nil, fmt.Errorf("keep others away: %w", err)
	case got != 1:
		return nil, glance.Errorf(glance.Conflict, "Another glance-manage is changing this database.")
	}
	return func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), give) }, nil // ends with the connection at the latest
}

// alteration carries out statements outside of any transaction, which
// PostgreSQL demands of those that let writers go on.
type alteration struct {
	conn   *sql.Conn
	out    io.Writer
	dryRun bool
}

func (a *alteration) run(ctx context.Context, done, statement string) error {
	if a.dryRun {
		return say(a.out, statement+";")
	}
	if _, err := a.conn.ExecContext(ctx, statement); err != nil {
		return glance.Errorf(glance.KindOf(err), "Failed to change indexes: ERROR: %w", err)
	}
	return say(a.out, done)
}
