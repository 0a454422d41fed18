//go:build services

package services_test

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"glance/internal/metadata/metadatatest"
)

// patience is how many tenths of a second a server may take to start.
const patience = 1200

// engine is a database server of this test's own, on loopback.
type engine struct {
	*shell
	name   string
	port   string
	traits metadatatest.Engine
	// sql runs statements in a database, "" in none, and gives the rows
	// without headings, columns between tabs.
	sql func(database, statements string) string
	// create makes an empty database.
	create func(database string)
	// dump describes the schema of a database.
	dump func(database string) string
	user string // user:password of connection URLs
	args string // after ? of connection URLs
	dial string // the scheme

	tls    string // the file of its certificate
	socket string // the directory of its socket

	// start starts the server on what it has, and waits until it answers.
	start  func()
	server *exec.Cmd // nil while there is none
	gently syscall.Signal
}

func (e *engine) url(database string) string {
	return fmt.Sprintf("%s://%s@127.0.0.1:%s/%s%s", e.dial, e.user, e.port, database, e.args)
}

// engines starts both servers.
func engines(t *testing.T) []*engine {
	t.Helper()
	return []*engine{startMariaDB(t), startPostgreSQL(t)}
}

// enduring are both servers as they lose nothing that was committed when
// their processes are killed.
func enduring(t *testing.T) []*engine {
	t.Helper()
	return []*engine{
		startMariaDB(t, "--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=1"), // their file system lives on
		startPostgreSQL(t),
	}
}

// daemon starts a program that ends with the test, and waits until probe succeeds.
func (e *engine) daemon(probe []string, program string, args ...string) {
	e.t.Helper()
	e.start = func() {
		e.t.Helper()
		log, err := os.OpenFile(e.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			e.t.Fatal(err)
		}
		defer log.Close()
		cmd := exec.Command(program, args...)
		cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, e.dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
		if err := cmd.Start(); err != nil {
			e.t.Fatal(err)
		}
		e.server = cmd
		for range patience {
			if _, _, err := e.try(probe[0], probe[1:]...); err == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		e.t.Fatalf("%s does not answer:\n%s", program, e.read("log"))
	}
	e.t.Cleanup(func() { e.stop(e.gently) })
	e.start()
}

// stop ends the server in order or, with SIGKILL, as a power cut would: all its
// processes at once.
func (e *engine) stop(sig syscall.Signal) {
	if e.server == nil {
		return
	}
	pid := e.server.Process.Pid
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	_ = syscall.Kill(pid, sig) // it may have ended
	if sig == syscall.SIGKILL {
		for _, child := range strings.Fields(string(children)) {
			if n, err := strconv.Atoi(child); err == nil {
				_ = syscall.Kill(n, sig)
			}
		}
	}
	_ = e.server.Wait()
	e.server = nil
}

// startMariaDB starts a server with further options, which beat those here.
func startMariaDB(t *testing.T, options ...string) *engine {
	t.Helper()
	e := &engine{shell: newShell(t), name: "mariadb", port: freePort(t), traits: metadatatest.MySQL(), dial: "mysql+pymysql", user: "os:p%40ss", gently: syscall.SIGTERM}
	e.run("mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+e.path("data"), "--auth-root-authentication-method=normal", "--skip-test-db")
	client := []string{"mariadb", "--no-defaults", "-uroot", "-S", e.path("sock"), "-N", "-B", "-e"}
	e.sql = func(database, statements string) string {
		return e.run(client[0], append(append(client[1:len(client):len(client)], statements), words(database)...)...)
	}
	e.create = func(database string) {
		e.sql("", "DROP DATABASE IF EXISTS "+database+"; CREATE DATABASE "+database+" CHARACTER SET utf8mb3")
	}
	e.dump = func(database string) string {
		text := e.run("mariadb-dump", "--no-defaults", "-uroot", "-S", e.path("sock"), "--no-data", "--compact", database)
		return regexp.MustCompile(` AUTO_INCREMENT=\d+`).ReplaceAllString(text, "") // that is content
	}
	cert, key := e.certificate(e.dir, "root")
	e.tls = cert
	e.daemon(append(client, "SELECT 1"), "mariadbd", append([]string{
		"--no-defaults", "--user=root", "--datadir=" + e.path("data"), "--socket=" + e.path("sock"),
		"--pid-file=" + e.path("pid"), "--bind-address=127.0.0.1", "--port=" + e.port, "--max-connections=400",
		"--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite", "--ssl-cert=" + cert, "--ssl-key=" + key,
	}, options...)...)
	for _, host := range []string{"127.0.0.1", "localhost"} {
		e.sql("", "CREATE USER os@'"+host+"' IDENTIFIED BY 'p@ss'; GRANT ALL ON *.* TO os@'"+host+"'")
	}
	return e
}

// words is what is not empty, as arguments.
func words(list ...string) (out []string) {
	for _, word := range list {
		if word != "" {
			out = append(out, word)
		}
	}
	return out
}

// startPostgreSQL starts a server with further options, which beat those here.
func startPostgreSQL(t *testing.T, options ...string) *engine {
	t.Helper()
	e := &engine{shell: newShell(t), name: "postgresql", port: freePort(t), traits: metadatatest.PostgreSQL(), dial: "postgresql+psycopg2", user: "postgres", gently: syscall.SIGINT}
	bin := strings.TrimSpace(e.run("sh", "-c", "ls -d /usr/lib/postgresql/*/bin | tail -1"))
	// The server refuses to run as root, and the directories of tests are root's alone.
	data, err := os.MkdirTemp("", "glance-postgresql-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(data) })
	e.run("chown", "postgres", data)
	e.run("runuser", "-u", "postgres", "--", "sh", "-c", "cd / && "+filepath.Join(bin, "initdb")+" -D "+data+" -A trust -N --locale=C.UTF-8")
	at := []string{"-h", "127.0.0.1", "-p", e.port, "-U", "postgres"}
	e.sql = func(database, statements string) string {
		args := append(at[:len(at):len(at)], "-v", "ON_ERROR_STOP=1", "-q", "-A", "-t", "-F", "\t", "-c", statements)
		return e.run("psql", append(args, "-d", cmp.Or(database, "postgres"))...)
	}
	e.create = func(database string) {
		e.sql("", "DROP DATABASE IF EXISTS "+database+" WITH (FORCE)")
		e.sql("", "CREATE DATABASE "+database)
	}
	e.dump = func(database string) string {
		text := e.run("pg_dump", append(at[:len(at):len(at)], "-s", "--no-owner", database)...)
		lines := strings.Split(text, "\n")
		kept := lines[:0]
		for _, line := range lines {
			if !strings.HasPrefix(line, `\`) && !strings.HasPrefix(line, "--") && line != "" { // \restrict is random
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "\n")
	}
	cert, key := e.certificate(data, "postgres")
	e.tls, e.socket = cert, data
	e.daemon(append([]string{"pg_isready"}, at...), "setpriv", append([]string{
		"--reuid=postgres", "--regid=postgres", "--clear-groups", filepath.Join(bin, "postgres"),
		"-D", data, "-h", "127.0.0.1", "-p", e.port, "-k", data, "-c", "fsync=off", "-c", "max_connections=200",
		"-c", "ssl=on", "-c", "ssl_cert_file=" + cert, "-c", "ssl_key_file=" + key,
	}, options...)...)
	e.args = "?application_name=glance"
	return e
}
