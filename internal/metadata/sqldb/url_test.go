package sqldb_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata/sqldb"
)

func TestParseURL(t *testing.T) {
	for _, tt := range []struct {
		text, parameters string
		want             sqldb.URL
	}{
		{"sqlite://", "", sqldb.URL{Dialect: sqldb.SQLite}},
		{"sqlite:///:memory:", "", sqldb.URL{Dialect: sqldb.SQLite}},
		{"sqlite:///glance.sqlite", "", sqldb.URL{Dialect: sqldb.SQLite, Database: "glance.sqlite"}},
		{"sqlite:////var/lib/a%20b#c.db", "", sqldb.URL{Dialect: sqldb.SQLite, Database: "/var/lib/a%20b#c.db"}},
		{"sqlite+pysqlite:///x?timeout=2.5", "", sqldb.URL{Dialect: sqldb.SQLite, Database: "x", Query: url.Values{"timeout": {"2.5"}}}},
		{
			"mysql+pymysql://gl%40nce:p/w:?#%2541@[::1]:3307/glance?charset=utf8", "connect_timeout=3",
			sqldb.URL{
				Dialect: sqldb.MySQL, User: "gl@nce", Password: "p/w:?#%41", Host: "::1", Port: 3307, Database: "glance",
				Query: url.Values{"charset": {"utf8"}, "connect_timeout": {"3"}},
			},
		},
		{
			"mysql:///glance?unix_socket=/run/my%20sql.sock", "",
			sqldb.URL{Dialect: sqldb.MySQL, Database: "glance", Query: url.Values{"unix_socket": {"/run/my sql.sock"}}},
		},
		{"mariadb+pymysql://u@h/d", "", sqldb.URL{Dialect: sqldb.MySQL, User: "u", Host: "h", Database: "d"}},
		{"mysql+mysqldb://u:@h/d", "", sqldb.URL{Dialect: sqldb.MySQL, User: "u", Host: "h", Database: "d"}},
		{"mysql+mysqlconnector://u:100%@h/d", "", sqldb.URL{Dialect: sqldb.MySQL, User: "u", Password: "100%", Host: "h", Database: "d"}},
		{"postgresql://u:p@h:5432/d", "sslmode=require", sqldb.URL{
			Dialect: sqldb.PostgreSQL, User: "u", Password: "p", Host: "h", Port: 5432, Database: "d", Query: url.Values{"sslmode": {"require"}},
		}},
		{"postgresql+psycopg2://u:p@/d?host=/run/postgresql", "", sqldb.URL{
			Dialect: sqldb.PostgreSQL, User: "u", Password: "p", Database: "d", Query: url.Values{"host": {"/run/postgresql"}},
		}},
	} {
		got, err := sqldb.ParseURL(tt.text, tt.parameters)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got.Query.Encode() != tt.want.Query.Encode() {
			t.Errorf("%s: query %v, want %v", tt.text, got.Query, tt.want.Query)
		}
		got.Query, tt.want.Query = nil, nil
		if got.Dialect != tt.want.Dialect || got.User != tt.want.User || got.Password != tt.want.Password || got.Host != tt.want.Host ||
			got.Port != tt.want.Port || got.Database != tt.want.Database {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.text, got, tt.want)
		}
	}
}

func TestParseURLRefuses(t *testing.T) {
	for _, text := range []string{
		"", "glance.sqlite", "sqlite:/x", "sqlite://relative/x.db", "sqlite://u:secret@/x.db", "oracle://u:secret@h/d",
		"mysql://u:secret@h:port/d", "mysql://u:secret@h:70000/d", "mysql://u:secret@h/d?password=secret", "postgresql://u:secret@h/d?x=%zz",
		"sqlite:///x?timeout=soon", "sqlite:///x?timeout=-1", "sqlite:///x?timeout=NaN",
	} {
		_, err := sqldb.ParseURL(text, "")
		if !errors.Is(err, glance.Invalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{
		"sqlite://", "sqlite:////a/b.db?timeout=1", "mysql+pymysql://u:p%40@[::1]:3306/d?charset=utf8", "postgresql://@/d?host=/run", "x://y",
	} {
		f.Add(seed, "a=b&c=d")
	}
	f.Fuzz(func(t *testing.T, text, parameters string) {
		u, err := sqldb.ParseURL(text, parameters)
		if err != nil {
			if !errors.Is(err, glance.Invalid) {
				t.Errorf("error %v", err)
			}
			return
		}
		if u.Dialect != sqldb.SQLite && u.Dialect != sqldb.MySQL && u.Dialect != sqldb.PostgreSQL {
			t.Errorf("dialect %q", u.Dialect)
		}
		if u.Port < 0 || u.Port > 65535 {
			t.Errorf("port %d", u.Port)
		}
	})
}
