package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"glance/internal/glance"
)

//go:embed sqlite/*.sql mysql/*.sql postgresql/*.sql
var files embed.FS

// Schema is the schema of one database.
type Schema struct {
	db      *sql.DB
	dialect string // names the folder of the statements
}

// New gives the schema of db; dialect is the name of its SQL dialect.
func New(db *sql.DB, dialect string) *Schema { return &Schema{db: db, dialect: dialect} }

// CreateIfEmpty makes the newest schema when there are no tables at all.
// Several programs may try at the same time.
func (s *Schema) CreateIfEmpty(ctx context.Context) error {
	return s.transaction(ctx, func(tx *sql.Tx) error {
		if empty, err := s.empty(ctx, tx); err != nil || !empty {
			return err
		}
		return s.advance(ctx, tx, head())
	})
}

// Check refuses, as a Conflict, a database that no server may run on.
func (s *Schema) Check(ctx context.Context) error {
	rows, err := s.Heads(ctx)
	if err != nil {
		return err
	}
	at := strings.Join(rows, ", ")
	switch p := locate(rows); {
	case len(rows) == 0:
		return glance.Errorf(glance.Conflict, "The database has no revision. Run `glance-manage db sync` to make its tables.")
	case !p.known:
		return glance.Errorf(glance.Conflict, "The database is at revision %s, which is not known here or too old. "+
			"If it is older than %s, upgrade it with an older release first, then run `glance-manage db sync`.", at, oldest)
	case !p.usable():
		return glance.Errorf(glance.Conflict, "The database is at revision %s; %s or newer is needed. Run `glance-manage db sync`.", at, oldest)
	}
	return nil
}

// Heads gives the rows of alembic_version in alphabetical order, none when
// there is no such table. Two names of old releases are read as those that
// replaced them.
func (s *Schema) Heads(ctx context.Context) (rows []string, err error) {
	err = s.transaction(ctx, func(tx *sql.Tx) error {
		rows, err = s.heads(ctx, tx)
		return err
	})
	return rows, err
}

func (s *Schema) heads(ctx context.Context, tx *sql.Tx) (rows []string, err error) {
	there, err := s.count(ctx, tx, catalogOf(s.dialect).revisions)
	if err != nil || there == 0 {
		return nil, err
	}
	found, err := tx.QueryContext(ctx, "SELECT version_num FROM alembic_version ORDER BY version_num")
	if err != nil {
		return nil, fmt.Errorf("read alembic_version: %w", err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			return nil, fmt.Errorf("read alembic_version: %w", err)
		}
		switch name {
		case "pike01", "ocata01":
			name = strings.Replace(name, "01", "_contract01", 1)
		}
		rows = append(rows, name)
	}
	return rows, found.Err()
}

func (s *Schema) empty(ctx context.Context, tx *sql.Tx) (bool, error) {
	n, err := s.count(ctx, tx, catalogOf(s.dialect).others)
	return n == 0, err
}

// count counts what a query of the catalog finds.
func (s *Schema) count(ctx context.Context, tx *sql.Tx, query string) (n int, err error) {
	err = tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+query).Scan(&n)
	if err != nil {
		err = fmt.Errorf("look for tables: %w", err)
	}
	return n, err
}

// advance brings the database to a position and writes it down. An empty
// database starts with the base schema.
func (s *Schema) advance(ctx context.Context, tx *sql.Tx, to position) error {
	at, err := s.begin(ctx, tx, to)
	if err != nil {
		return err
	}
	for _, branch := range []struct {
		steps  []string
		at, to int
	}{{expands(), at.expand, to.expand}, {contracts(), at.contract, to.contract}} {
		for i := branch.at + 1; i <= branch.to; i++ {
			if err := s.run(ctx, tx, branch.steps[i]); err != nil {
				return err
			}
		}
	}
	at.expand, at.contract = max(at.expand, to.expand), max(at.contract, to.contract)
	return s.stamp(ctx, tx, at.rows())
}

// begin gives the position to go on from; it must be one that all further
// steps are known of. The only contract steps that ever did anything, ocata's
// and pike's, are told by what they leave behind, since a database that was
// made and expanded here names no contract step.
func (s *Schema) begin(ctx context.Context, tx *sql.Tx, to position) (position, error) {
	rows, err := s.heads(ctx, tx)
	if err != nil {
		return position{}, err
	}
	empty, err := s.empty(ctx, tx)
	if err != nil {
		return position{}, err
	}
	base := locate([]string{"wallaby_expand01"})
	if empty && to.expand < base.expand {
		return position{}, glance.Errorf(glance.Unsupported, "An empty database starts at %s; there is no earlier revision.", expands()[base.expand])
	} else if empty {
		// The base has what the contract steps up to its release leave over.
		return base, s.run(ctx, tx, "base")
	}
	if len(rows) == 0 {
		return position{}, glance.Errorf(glance.Conflict, "The database has tables, but no revision in alembic_version.")
	}
	at := locate(rows)
	uncontracted, err := s.count(ctx, tx, catalogOf(s.dialect).uncontracted)
	if err == nil && (!at.known || at.expand < base.expand || uncontracted > 0) {
		err = glance.Errorf(glance.Conflict, "The database is at revision %s, which is not known here or too old. "+
			"Upgrade it to %s with an older release first.", strings.Join(rows, ", "), oldest)
	}
	return at, err
}

// run carries out the statements of a step; most have none.
func (s *Schema) run(ctx context.Context, tx *sql.Tx, step string) error {
	text, err := files.ReadFile(s.dialect + "/" + step + ".sql")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("step %s: %w", step, err)
	}
	for statement := range strings.SplitSeq(string(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("step %s: %w", step, err)
		}
	}
	return nil
}

// stamp writes the rows of alembic_version.
func (s *Schema) stamp(ctx context.Context, tx *sql.Tx, rows []string) error {
	statements := []string{
		"CREATE TABLE IF NOT EXISTS alembic_version (\n\tversion_num VARCHAR(32) NOT NULL,\n\tCONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)",
	}
	if s.dialect == mysql { // a statement that changes the schema has ended the transaction
		statements = append(statements, "START TRANSACTION")
	}
	statements = append(statements, "DELETE FROM alembic_version")
	for _, row := range rows {
		statements = append(statements, "INSERT INTO alembic_version (version_num) VALUES ('"+row+"')")
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("write alembic_version: %w", err)
		}
	}
	return nil
}

func (s *Schema) transaction(ctx context.Context, f func(*sql.Tx) error) (err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	defer s.exclude(ctx, conn)()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if s.dialect == postgresql { // 0x676c616e6365 is "glance"
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(x'676c616e6365'::BIGINT)"); err != nil {
			return errors.Join(fmt.Errorf("wait for others: %w", err), tx.Rollback())
		}
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // err says what matters
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// exclude keeps other programs from changing a MySQL schema, where changes are
// in no transaction, and gives what ends that. Clusters that forbid such locks
// go without.
func (s *Schema) exclude(ctx context.Context, conn *sql.Conn) (end func()) {
	const name = "CONCAT('glance-', SHA1(DATABASE()))"
	if s.dialect != mysql {
		return func() {}
	}
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+name+", 60)").Scan(&got); err != nil || got.Int64 != 1 {
		return func() {}
	}
	return func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK("+name+")") // ends with the connection at the latest
	}
}

func head() position { return locate([]string{contractHead}) }
