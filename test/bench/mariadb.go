package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"glance/test/e2e/rig"
)

// mariadb is a server of this run's own, on loopback, with the settings of the
// package but for a pool that holds a million images.
type mariadb struct {
	dir string
	daemon
	port int
}

func startMariaDB(ctx context.Context, dir string) (*mariadb, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	m := &mariadb{dir: filepath.Join(dir, "mariadb"), port: port}
	if err := os.Mkdir(m.dir, 0o755); err != nil {
		return nil, err
	}
	data := "--datadir=" + filepath.Join(m.dir, "data")
	as := "--user=root" // it runs as whoever runs this
	if os.Geteuid() != 0 {
		as = "--user=" + os.Getenv("USER")
	}
	if err := output(ctx, "mariadb-install-db", "--no-defaults", as, data, "--auth-root-authentication-method=normal", "--skip-test-db"); err != nil {
		return nil, err
	}
	server, err := find("mariadbd")
	if err != nil {
		return nil, err
	}
	m.daemon, err = startDaemon(filepath.Join(m.dir, "log"), nil, server, "--no-defaults", as, data, "--socket="+m.socket(), "--pid-file="+filepath.Join(m.dir, "pid"),
		"--bind-address=127.0.0.1", "--port="+strconv.Itoa(port), "--max-connections=400", "--innodb-buffer-pool-size=2G", "--innodb-log-file-size=512M")
	if err != nil {
		return nil, err
	}
	err = rig.Until(ctx, "MariaDB", func() bool { return m.sql(ctx, "", "SELECT 1") == nil })
	if err != nil {
		return nil, m.explain(err)
	}
	return m, m.sql(ctx, "", "CREATE USER bench@'127.0.0.1' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO bench@'127.0.0.1'")
}

func (m *mariadb) socket() string { return filepath.Join(m.dir, "socket") }

func (m *mariadb) sql(ctx context.Context, database, statements string) error {
	return output(ctx, "mariadb", "--no-defaults", "-uroot", "-S", m.socket(), "-e", statements, database)
}

// create makes a database as the original wants it, without tables.
func (m *mariadb) create(ctx context.Context, database string) error {
	return m.sql(ctx, "", "CREATE DATABASE "+database+" CHARACTER SET utf8mb3")
}

func (m *mariadb) url(database string) string {
	return fmt.Sprintf("mysql+pymysql://bench:bench@127.0.0.1:%d/%s", m.port, database)
}

// daemon is a program in a process group of its own.
type daemon struct {
	cmd *exec.Cmd
	log string
}

func startDaemon(log string, env []string, program string, args ...string) (daemon, error) {
	d := daemon{cmd: exec.Command(program, args...), log: log} //nolint:noctx // close ends it
	f, err := os.Create(log)
	if err != nil {
		return d, err
	}
	defer f.Close()
	d.cmd.Stdout, d.cmd.Stderr, d.cmd.Dir = f, f, filepath.Dir(log)
	d.cmd.Env = append(os.Environ(), env...)
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	return d, d.cmd.Start()
}

// explain adds what the program said.
func (d *daemon) explain(err error) error {
	text, readErr := os.ReadFile(d.log)
	if readErr != nil {
		return readErr
	}
	return fmt.Errorf("%w:\n%s", err, text[max(len(text)-4000, 0):])
}

func (d *daemon) close() {
	if d.cmd == nil || d.cmd.Process == nil {
		return
	}
	_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGTERM) // it may have ended by itself
	_ = d.cmd.Wait()
}

// output runs a program to its end; what it said is in the error.
func output(ctx context.Context, program string, args ...string) error {
	path, err := find(program)
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return nil
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
