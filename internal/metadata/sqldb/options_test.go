package sqldb_test

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata/sqldb"
)

func TestRetry(t *testing.T) {
	const s = time.Second
	for name, tt := range map[string]struct {
		retry sqldb.Retry
		want  []time.Duration
	}{
		"none":    {sqldb.Retry{Interval: s}, nil},
		"even":    {sqldb.Retry{Most: 3, Interval: s, Longest: s / 2}, []time.Duration{s, s, s}},
		"doubled": {sqldb.Retry{Most: 5, Interval: s, Double: true, Longest: 5 * s}, []time.Duration{s, 2 * s, 4 * s, 5 * s, 5 * s}},
		"shorter": {sqldb.Retry{Most: 1, Interval: 9 * s, Double: true, Longest: s}, []time.Duration{s}},
	} {
		var got []time.Duration
		for {
			wait, again := tt.retry.Wait(len(got))
			if !again {
				break
			}
			got = append(got, wait)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	if wait, again := (sqldb.Retry{Most: -1, Interval: s, Double: true}).Wait(1 << 20); !again || wait < time.Hour || wait > 3*time.Hour {
		t.Errorf("for ever: %v, %v", wait, again)
	}
}

func TestMySQLConfig(t *testing.T) {
	wait := 7
	for url, want := range map[string]string{
		"mysql://u:p%40@h/d?charset=utf8&connect_timeout=2.5": "tcp h:3306 u p@ d 2.5s",
		"mariadb+mysqldb://u@[::1]:99/d":                      "tcp [::1]:99 u  d 10s",
		"mysql+pymysql://u:@/d?unix_socket=/run/s":            "unix /run/s u  d 10s",
		"mysql:///d": "tcp localhost:3306   d 10s",
		"mysql://u@h/d?use_unicode=0&program_name=glance&ssl_ca=/none&ssl_disabled=true": "tcp h:3306 u  d 10s",
	} {
		c, err := sqldb.MySQLConfig(url, sqldb.Options{SQLMode: "A,'B'", SyncWait: &wait})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if got := strings.Join([]string{c.Net, c.Addr, c.User, c.Passwd, c.DBName, c.Timeout.String()}, " "); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
		if !c.ClientFoundRows || !c.ParseTime || c.Loc != time.UTC || c.Params["time_zone"] != "'+00:00'" ||
			c.Params["sql_mode"] != "'A,''B'''" || c.Params["wsrep_sync_wait"] != "7" || c.TLS != nil {
			t.Errorf("%s: %+v", url, c)
		}
	}
}

func TestMySQLTLS(t *testing.T) {
	for query, want := range map[string]struct{ skip, chain bool }{
		"ssl_verify_cert=true":                                 {true, true},
		"ssl_verify_identity=true":                             {false, false},
		"ssl_verify_identity=1&ssl_verify_cert=0":              {true, false},
		"ssl_verify_cert=true&ssl_check_hostname=true":         {false, false},
		"ssl_verify_identity=true&ssl_check_hostname=false":    {false, false},
		"ssl_verify_cert=on&ssl_verify_identity=&ssl_key=&a=b": {},
	} {
		c, err := sqldb.MySQLConfig("mysql://u@h/d?"+query, sqldb.Options{})
		if strings.Contains(query, "a=b") {
			if glance.KindOf(err) != glance.Invalid {
				t.Errorf("%s: %v", query, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if c.TLS == nil || c.TLS.ServerName != "h" || c.TLS.MinVersion != tls.VersionTLS12 ||
			c.TLS.InsecureSkipVerify != want.skip || (c.TLS.VerifyConnection != nil) != want.chain {
			t.Errorf("%s: %+v", query, c.TLS)
		}
	}
	for _, query := range []string{"ssl_ca=/does/not/exist", "ssl_cert=/does/not/exist", "read_timeout=-1", "write_timeout=NaN"} {
		if _, err := sqldb.MySQLConfig("mysql://u@h/d?"+query, sqldb.Options{}); glance.KindOf(err) != glance.Invalid {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestPostgresConfig(t *testing.T) {
	for url, want := range map[string]string{
		`postgresql+psycopg2://u:p%27%5C%20x@h:99/d`: `h 99 u p'\ x d`,
		"postgresql://u:p@/d?host=/run/pg&port=77":   "/run/pg 77 u p d",
		"postgres://u:p@10.0.0.1/d?sslmode=disable":  "10.0.0.1 5432 u p d",
		"postgresql://u:p@h/d?target_session_attrs=read-write&options=-c%20jit%3Doff&keepalives=1&keepalives_idle=30&gssencmode=disable": "h 5432 u p d",
	} {
		got, err := sqldb.PostgresAddress(url)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", url, got, err, want)
		}
	}
}
