package migrations

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strings"

	"glance/internal/glance"
)

// The methods below are the commands of `glance-manage db` (spec tools §2.1):
// what they print goes to out, what they refuse is an error whose text the
// program prints as it is, with exit code 1.

const upToDate = "Database is up to date. No migrations needed."

// Version prints the revisions that the database is at, one a line.
func (s *Schema) Version(ctx context.Context, out io.Writer) error {
	rows, err := s.Heads(ctx)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return say(out, "Database is either not under migration control or under legacy migration control, "+
			`please run "glance-manage db sync" to place the database under alembic migration control.`)
	}
	return say(out, strings.Join(rows, "\n"))
}

// Outdated prints what is to be done next and gives the exit code that says
// the same: 0 nothing, 3 expand, 4 migrate, 5 contract. No release whose data
// would have to be migrated is supported, so that 4 does not occur.
func (s *Schema) Outdated(ctx context.Context, out io.Writer) (code int, err error) {
	if err := s.rolling(); err != nil {
		return 1, err
	}
	rows, err := s.Heads(ctx)
	switch {
	case err != nil:
		return 1, err
	case slices.Contains(rows, contractHead):
		return 0, say(out, "Database is up to date. No upgrades needed.")
	case !slices.Contains(rows, expandHead):
		return 3, say(out, "Your database is not up to date. Your first step is to run `glance-manage db expand`.")
	}
	return 5, say(out, "Your database is not up to date. Your next step is to run `glance-manage db contract`.")
}

// Sync brings the database to the newest schema in one go.
func (s *Schema) Sync(ctx context.Context, out io.Writer) error {
	rows, err := s.Heads(ctx)
	if err == nil && slices.Contains(rows, contractHead) {
		return say(out, upToDate)
	}
	for _, phase := range []func(context.Context, io.Writer) error{s.expand, s.migrate, s.contract} {
		if err == nil {
			err = phase(ctx, out)
		}
	}
	if err != nil {
		return glance.Errorf(glance.KindOf(err), "Failed to sync database: ERROR: %w", err)
	}
	return say(out, "Database is synced successfully.")
}

// Expand adds what the newest release needs; the release before goes on running.
func (s *Schema) Expand(ctx context.Context, out io.Writer) error {
	return s.online(ctx, out, s.expand)
}

// Migrate moves data between Expand and Contract; there is none to move.
func (s *Schema) Migrate(ctx context.Context, out io.Writer) error {
	return s.online(ctx, out, s.migrate)
}

// Contract removes what only the release before needed.
func (s *Schema) Contract(ctx context.Context, out io.Writer) error {
	return s.online(ctx, out, s.contract)
}

// online is a phase on its own, which needs a database that can do so.
func (s *Schema) online(ctx context.Context, out io.Writer, phase func(context.Context, io.Writer) error) error {
	if err := s.rolling(); err != nil {
		return err
	}
	return phase(ctx, out)
}

func (s *Schema) rolling() error {
	if s.dialect == postgresql {
		return glance.Errorf(glance.Unsupported, "Rolling upgrades are currently supported only for MySQL and Sqlite")
	}
	return nil
}

func (s *Schema) expand(ctx context.Context, out io.Writer) error {
	rows, err := s.Heads(ctx)
	switch {
	case err != nil:
		return err
	case slices.Contains(rows, contractHead):
		return say(out, upToDate)
	case slices.Contains(rows, expandHead):
		return say(out, "Database expansion is up to date. No expansion needed.")
	}
	return s.Upgrade(ctx, out, expandHead)
}

func (s *Schema) migrate(ctx context.Context, out io.Writer) error {
	rows, err := s.Heads(ctx)
	switch {
	case err != nil:
		return err
	case slices.Contains(rows, contractHead):
		return say(out, upToDate)
	case !slices.Contains(rows, expandHead):
		return glance.Errorf(glance.Conflict, "Data migration did not run. Data migration cannot be run before database expansion. "+
			`Run database expansion first using "glance-manage db expand"`)
	}
	return say(out, "Database migration is up to date. No migration needed.")
}

func (s *Schema) contract(ctx context.Context, out io.Writer) error {
	rows, err := s.Heads(ctx)
	switch {
	case err != nil:
		return err
	case slices.Contains(rows, contractHead):
		return say(out, upToDate)
	case !slices.Contains(rows, expandHead):
		return glance.Errorf(glance.Conflict, "Database contraction did not run. Database contraction cannot be run before database expansion. "+
			`Run database expansion first using "glance-manage db expand"`)
	}
	return s.Upgrade(ctx, out, contractHead)
}

// Upgrade brings the database to a revision, "heads" or "" for the newest.
func (s *Schema) Upgrade(ctx context.Context, out io.Writer, version string) error {
	to := locate([]string{version})
	if version == "" || version == "heads" {
		version, to = "heads", head()
	}
	if !to.known && !slices.Contains(trunk(), version) {
		return glance.Errorf(glance.Invalid, "Can't locate revision identified by '%s'", version)
	}
	var rows []string
	err := s.transaction(ctx, func(tx *sql.Tx) (err error) {
		if err = s.advance(ctx, tx, to); err == nil {
			rows, err = s.heads(ctx, tx)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case version == "heads":
		return say(out, "Upgraded database, current revision(s): "+strings.Join(rows, ", "))
	}
	return say(out, "Upgraded database to: "+version+", current revision(s): "+strings.Join(rows, ", "))
}

// VersionControl writes down that the database is at a revision, "" for
// liberty, and changes nothing else.
func (s *Schema) VersionControl(ctx context.Context, out io.Writer, version string) error {
	if version == "" {
		version = "liberty"
	}
	if !revision(version) {
		return glance.Errorf(glance.Invalid, "Can't locate revision identified by '%s'", version)
	}
	err := s.transaction(ctx, func(tx *sql.Tx) error { return s.stamp(ctx, tx, []string{version}) })
	if err != nil {
		return err
	}
	return say(out, "Placed database under migration control at revision: "+version)
}

func say(out io.Writer, text string) error {
	_, err := fmt.Fprintln(out, text)
	return err
}
