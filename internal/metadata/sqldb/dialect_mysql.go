package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"glance/internal/glance"
)

// mysqlTime sorts as a text too: COALESCE of a time and an argument is one.
const mysqlTime = "2006-01-02 15:04:05.999999"

// mysqlDialect is the one of MySQL and MariaDB. Their collation finds texts
// equal that differ in case, accents or blanks at the end (spec database §3).
func mysqlDialect() dialect {
	return dialect{
		name:       MySQL,
		forUpdate:  " FOR UPDATE",
		lockOwner:  lockImages,
		unindexed:  func(column string) string { return "COALESCE(" + column + ")" },
		exact:      func(column string) string { return "CAST(" + column + " AS BINARY)" },
		integer:    "?",
		probes:     true,
		drives:     "STRAIGHT_JOIN",
		clustered:  true,
		folds:      true,
		time:       func(t time.Time) any { return t.UTC().Format(mysqlTime) },
		precision:  time.Second, // MariaDB cuts what is finer off, MySQL rounds it
		snapshot:   &sql.TxOptions{ReadOnly: true},
		duplicate:  func(err error) bool { return mysqlCode(err) == 1062 },
		referenced: func(err error) bool { return mysqlCode(err) == 1451 || mysqlCode(err) == 1452 },
		kind:       mysqlKind,
		crowded:    mysqlCrowded,
		failure:    mysqlFailure,
	}
}

// lockImages locks every image of an owner, the one that the transaction is
// about among them. A lock by name would outlive the transaction, and what
// groups of servers make of it differs. Reading to lock shows the present, so
// that the snapshot of the transaction begins after the wait.
func lockImages(owner string) (statement string, args []any) {
	if owner == "" {
		return "SELECT COUNT(*) FROM images WHERE owner IS NULL FOR UPDATE", nil
	}
	return "SELECT COUNT(*) FROM images WHERE owner = ? FOR UPDATE", []any{owner}
}

// mysqlCode gives the server's number of an error, 0 when it is not one of a server.
func mysqlCode(err error) uint16 {
	var e *mysql.MySQLError
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

func mysqlKind(err error) glance.Kind {
	switch mysqlCode(err) {
	case 0:
		if mysqlFailure(err) == brokenConnection {
			return glance.Unavailable
		}
	case 1264, 1366, 1406: // out of range, characters, too long
		return glance.Invalid
	case 3, 1020, 1021, 1026, 1030, 1040, 1041, 1044, 1045, 1047, 1049, 1053, 1114, 1129, 1130, 1135, 1158, 1159, 1160, 1161,
		1203, 1205, 1206, 1213, 1226, 1290, 1317, 1836, 1927, 3024, 4031:
		return glance.Unavailable
	}
	return glance.Internal
}

// mysqlCrowded knows the limit of the server and the two of a user.
func mysqlCrowded(err error) bool {
	switch mysqlCode(err) {
	case 1040, 1203, 1226:
		return true
	}
	return false
}

func mysqlFailure(err error) failure {
	switch mysqlCode(err) {
	case 0:
		if errors.Is(err, mysql.ErrInvalidConn) || networkFailure(err) {
			return brokenConnection
		}
	case 1020, 1205, 1213: // changed meanwhile, lock wait, deadlock
		return lostContention
	case 1040, 1047, 1053, 1158, 1159, 1160, 1161, 1203, 1927, 4031: // connections, Galera node, shutdown, network, connections of a user, killed, idle for long
		return brokenConnection
	}
	return finalFailure
}

func openMySQL(ctx context.Context, u URL, opts Options) (*DB, error) {
	cfg, err := mysqlConfig(u, opts)
	if err != nil {
		return nil, err
	}
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, glance.Because(glance.Invalid, err, "The database cannot be named like this.")
	}
	db := serverDB(mysqlDialect(), keeper{c}, opts)
	if err := db.start(ctx, u, opts); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func mysqlConfig(u URL, opts Options) (cfg *mysql.Config, err error) {
	cfg = mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = u.User, u.Password, u.Database
	cfg.Net, cfg.Addr = "tcp", net.JoinHostPort(orDefault(u.Host, "localhost"), strconv.Itoa(orDefault(u.Port, 3306)))
	if socket := u.Query.Get("unix_socket"); socket != "" {
		cfg.Net, cfg.Addr = "unix", socket
	}
	// Updates count the rows that they match (spec database §8.7).
	cfg.ClientFoundRows, cfg.ParseTime, cfg.Loc = true, true, time.UTC
	cfg.Logger = &mysql.NopLogger{} // it would write to stderr what the calls return
	cfg.Params = map[string]string{"time_zone": "'+00:00'"}
	if opts.SQLMode != "" {
		cfg.Params["sql_mode"] = "'" + strings.ReplaceAll(opts.SQLMode, "'", "''") + "'"
	}
	if opts.SyncWait != nil {
		cfg.Params["wsrep_sync_wait"] = strconv.Itoa(*opts.SyncWait)
	}
	for name, field := range map[string]*time.Duration{
		"connect_timeout": &cfg.Timeout, "read_timeout": &cfg.ReadTimeout, "write_timeout": &cfg.WriteTimeout,
	} {
		if *field, err = u.optionSeconds(name); err != nil {
			return nil, err
		}
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Net == "tcp" {
		cfg.TLS, err = mysqlTLS(u)
	}
	return cfg, err
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
