//go:build services

package services_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata/sqldb"
)

// TestDatabaseURLs: sockets, TLS, and certificates that are not the right ones.
func TestDatabaseURLs(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			synced(t, e, "urls")
			e.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-keyout", e.path("other.key"), "-out", e.path("other.pem"))
			var good, bad []string
			if e.name == "mariadb" {
				e.sql("", "CREATE USER safe@'127.0.0.1' IDENTIFIED BY 'x' REQUIRE SSL; CREATE USER safe@localhost IDENTIFIED BY 'x' REQUIRE SSL;"+
					"GRANT ALL ON *.* TO safe@'127.0.0.1'; GRANT ALL ON *.* TO safe@localhost")
				tls, name := "mysql+pymysql://safe:x@127.0.0.1:"+e.port+"/urls", "mysql+pymysql://safe:x@localhost:"+e.port+"/urls"
				ca, other := "?ssl_ca="+e.tls, "?ssl_ca="+e.path("other.pem")
				good = []string{
					"mysql://root@/urls?unix_socket=" + e.path("sock"), "mariadb+pymysql://os:p%40ss@127.0.0.1:" + e.port + "/urls?charset=utf8mb3",
					tls + ca, name + ca + "&ssl_verify_identity=false", tls + other + "&ssl_verify_cert=false",
				}
				bad = []string{tls, tls + other, name + ca}
			} else {
				at, name := "postgresql://postgres@127.0.0.1:"+e.port+"/urls?", "postgresql://postgres@localhost:"+e.port+"/urls?"
				good = []string{
					"postgresql+psycopg2://postgres@:" + e.port + "/urls?host=" + e.socket,
					at + "sslmode=verify-full&sslrootcert=" + e.tls, name + "sslmode=verify-ca&sslrootcert=" + e.tls, at + "sslmode=require&client_encoding=utf8",
				}
				bad = []string{at + "sslmode=verify-full&sslrootcert=" + e.path("other.pem"), name + "sslmode=verify-full&sslrootcert=" + e.tls}
			}
			for _, url := range good {
				if db, err := sqldb.Open(t.Context(), url, sqldb.Options{}); err != nil {
					t.Errorf("%s: %v", url, err)
				} else if err := errors.Join(db.Ping(t.Context()), db.Close()); err != nil {
					t.Errorf("%s: %v", url, err)
				}
			}
			for _, url := range bad {
				if _, err := sqldb.Open(t.Context(), url, sqldb.Options{}); !errors.Is(err, glance.Unavailable) {
					t.Errorf("%s: %v", url, err)
				}
			}
		})
	}
}

// certificate makes one for 127.0.0.1, its own authority, and gives its file
// and the one of its key, which owner alone may read.
func (e *engine) certificate(dir, owner string) (cert, key string) {
	e.t.Helper()
	cert, key = dir+"/server.pem", dir+"/server.key"
	e.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=database", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert)
	e.run("chown", owner, cert, key)
	if err := os.Chmod(key, 0o600); err != nil {
		e.t.Fatal(err)
	}
	return cert, key
}

// TestDatabaseSyncRace: several may make the schema at once, and one does.
func TestDatabaseSyncRace(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			e.create("race")
			config := e.config("race")
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					stdout, stderr, err := e.try(programs()+"/glance-manage", "--config-file", config, "db", "sync")
					if err != nil || !strings.Contains(stdout, "Database is ") {
						t.Errorf("%v, %s%s", err, stdout, stderr)
					}
				})
			}
			wg.Wait()
			e.manage("race", "db version", "2024_1_contract01\n", false)
		})
	}
}
