package sqldb

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"glance/internal/glance"
)

// The dialects that a connection URL can name.
const (
	SQLite     = "sqlite"
	MySQL      = "mysql"
	PostgreSQL = "postgresql"
)

// URL is a connection URL taken apart (spec config §4.2). It holds a password:
// print nothing but its Dialect, Host and Database.
type URL struct {
	Dialect  string // SQLite, MySQL or PostgreSQL
	User     string
	Password string
	Host     string // a name or address without brackets, empty for a socket or the default
	Port     int    // 0 is the default of the dialect
	Database string // a name, or the path of a file; empty is the memory form of SQLite
	Query    url.Values
}

// connectionURL is the grammar that the original's library reads URLs by: a
// password may hold anything but @, and nothing is decoded but user, password
// and query.
var connectionURL = regexp.MustCompile(`^([A-Za-z0-9_+.-]+)://(?:([^:/]*)(?::([^@]*))?@)?` +
	`(?:\[([^/?]+)\]|([^/:?]+))?(?::([^/?]*))?(?:/([^?]*))?(?:\?(?s:(.*)))?$`)

// ParseURL takes a connection URL apart; parameters are added to its query. The
// error is Invalid and never shows more of the URL than its scheme.
func ParseURL(text, parameters string) (URL, error) {
	parts := connectionURL.FindStringSubmatch(text)
	if parts == nil {
		return URL{}, glance.Errorf(glance.Invalid, "The database connection is not a URL like sqlite:////path/file or mysql+pymysql://user:password@host/name.")
	}
	scheme, _, _ := strings.Cut(parts[1], "+")
	u := URL{User: unquote(parts[2]), Password: unquote(parts[3]), Host: parts[4] + parts[5], Database: parts[7]}
	switch strings.ToLower(scheme) {
	case "sqlite":
		u.Dialect = SQLite
	case "mysql", "mariadb":
		u.Dialect = MySQL
	case "postgresql", "postgres":
		u.Dialect = PostgreSQL
	default:
		return URL{}, glance.Errorf(glance.Invalid, "Databases of the kind %q are not known; sqlite, mysql and postgresql are.", scheme)
	}
	var err error
	if parts[6] != "" {
		if u.Port, err = strconv.Atoi(parts[6]); err != nil || u.Port < 1 || u.Port > 65535 {
			return URL{}, glance.Errorf(glance.Invalid, "The port of the database connection is not a number from 1 to 65535.")
		}
	}
	query := strings.Trim(parts[8]+"&"+parameters, "&")
	if u.Query, err = url.ParseQuery(query); err != nil {
		return URL{}, glance.Errorf(glance.Invalid, "The options after ? of the database connection cannot be read.")
	}
	return u, u.check()
}

// check finds what the dialect does not understand.
func (u *URL) check() error {
	if u.Dialect == SQLite {
		if u.Host != "" || u.User != "" || u.Port != 0 {
			return glance.Errorf(glance.Invalid, "A file is named by sqlite:///relative or sqlite:////absolute, with three or four slashes.")
		}
		if u.Database == ":memory:" {
			u.Database = ""
		}
		if s := u.Query.Get("timeout"); s != "" && u.seconds() < 0 {
			return glance.Errorf(glance.Invalid, "The timeout of the database connection is not a number of seconds.")
		}
	}
	known := knownOptions(u.Dialect)
	for name := range u.Query {
		if !strings.Contains(known, " "+name+" ") {
			return glance.Errorf(glance.Invalid, "A %s connection has no option %q; there are:%s.", u.Dialect, name, strings.TrimRight(known, " "))
		}
	}
	return nil
}

// knownOptions gives the keys after ? that have a meaning, or had one for the
// original's drivers, each between blanks.
func knownOptions(dialect string) string {
	switch dialect {
	case MySQL:
		return " charset unix_socket read_timeout write_timeout connect_timeout ssl_ca ssl_cert ssl_key ssl_verify_cert ssl_verify_identity ssl_check_hostname ssl_disabled plugin " +
			"use_unicode program_name autocommit local_infile "
	case PostgreSQL:
		return " sslmode sslrootcert sslcert sslkey connect_timeout application_name client_encoding host port " +
			"target_session_attrs options sslpassword gssencmode keepalives keepalives_idle keepalives_interval keepalives_count "
	}
	return " timeout check_same_thread cached_statements "
}

// Memory reports whether u is the memory form of SQLite.
func (u *URL) Memory() bool { return u.Dialect == SQLite && u.Database == "" }

// busyTimeout is how long a statement waits for another program's lock.
func (u *URL) busyTimeout() time.Duration {
	if s := u.seconds(); s >= 0 {
		return time.Duration(s * float64(time.Second))
	}
	return 10 * time.Second
}

// seconds reads the option timeout, below zero when it is none.
func (u *URL) seconds() float64 {
	s, err := strconv.ParseFloat(u.Query.Get("timeout"), 64)
	if err != nil || !(s >= 0 && s < 1e6) {
		return -1
	}
	return s
}

// unquote decodes percent signs; what is no code stays as it is.
func unquote(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	return s
}
