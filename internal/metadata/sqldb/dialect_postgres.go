package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"glance/internal/glance"
)

func postgresDialect() dialect {
	same := func(column string) string { return column }
	return dialect{
		name:       PostgreSQL,
		numbered:   true,
		forUpdate:  " FOR UPDATE",
		lockOwner:  lockNumber,
		metered:    &sql.TxOptions{Isolation: sql.LevelReadCommitted}, // each statement sees the present
		returning:  true,
		unindexed:  same, // its statistics tell what an index is worth
		exact:      same,
		drives:     "CROSS JOIN",
		hashes:     true,
		leading:    `"left"(value, 64) = "left"(?, 64)`,
		integer:    "CAST(? AS BIGINT)", // else an argument has the size of its column
		time:       func(t time.Time) any { return t.UTC() },
		precision:  time.Microsecond,
		snapshot:   &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead},
		duplicate:  func(err error) bool { return postgresCode(err) == "23505" },
		referenced: func(err error) bool { return postgresCode(err) == "23503" },
		kind:       postgresKind,
		crowded:    func(err error) bool { return postgresCode(err) == "53300" },
		failure:    postgresFailure,
	}
}

// lockNumber locks a number that stands for an owner until the transaction
// ends. Two owners with one number wait for each other, which harms nobody.
func lockNumber(owner string) (statement string, args []any) {
	h := fnv.New64a()
	h.Write([]byte("glance bytes of " + owner))
	return "SELECT pg_advisory_xact_lock(?)", []any{int64(h.Sum64())} //nolint:gosec // any number will do
}

// postgresCode gives the SQLSTATE of an error, empty when it is not one of a server.
func postgresCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func postgresKind(err error) glance.Kind {
	code := postgresCode(err)
	switch code {
	case "22001", "22003", "22021", "22P05": // too long, out of range, characters
		return glance.Invalid
	case "25006", "3D000", "55P03": // a standby, no such database, locked
		return glance.Unavailable
	case "":
		if postgresFailure(err) == brokenConnection {
			return glance.Unavailable
		}
		return glance.Internal
	}
	switch code[:2] {
	case "08", "28", "40", "53", "57", "58": // connection, authorization, contention, resources, intervention, disk
		return glance.Unavailable
	}
	return glance.Internal
}

func postgresFailure(err error) failure {
	var connect *pgconn.ConnectError
	switch code := postgresCode(err); {
	case code == "40001", code == "40P01", code == "55P03":
		return lostContention
	case code == "53300", strings.HasPrefix(code, "08"), strings.HasPrefix(code, "57P"):
		return brokenConnection
	case code != "":
		return finalFailure
	case networkFailure(err), errors.As(err, &connect), pgconn.SafeToRetry(err):
		return brokenConnection
	}
	return finalFailure
}

func openPostgreSQL(ctx context.Context, u URL, opts Options) (*DB, error) {
	cfg, err := postgresConfig(u)
	if err != nil {
		return nil, err
	}
	db := serverDB(postgresDialect(), stdlib.GetConnector(*cfg), opts)
	if err := db.start(ctx, u, opts); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// postgresConfig hands the options to the driver as its library spells them;
// what the URL does not say comes from the environment, as with the original.
func postgresConfig(u URL) (*pgx.ConnConfig, error) {
	var words []string
	set := func(name, value string) {
		if value != "" {
			words = append(words, name+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)+"'")
		}
	}
	set("host", orDefault(u.Query.Get("host"), u.Host))
	if u.Port != 0 {
		set("port", strconv.Itoa(u.Port))
	}
	set("user", u.User)
	set("password", u.Password)
	set("dbname", u.Database)
	for _, name := range []string{
		"port", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "connect_timeout", "application_name", "target_session_attrs", "options",
	} {
		set(name, u.Query.Get(name))
	}
	cfg, err := pgx.ParseConfig(strings.Join(words, " "))
	if err != nil { // the text of err may show parts of the password
		return nil, glance.Errorf(glance.Invalid, "The options of the database connection cannot be used; check sslmode, the certificate files, connect_timeout and port.")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	cfg.RuntimeParams["timezone"] = "UTC"
	return cfg, nil
}
