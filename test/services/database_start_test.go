//go:build services

package services_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"glance/test/e2e/rig"
)

// TestDatabaseDownAtStart: whoever finds no database tries again as max_retries
// and retry_interval say, tells so, and gives up with a message. A server that
// still waits is there when the database is, and ends when it is asked to.
func TestDatabaseDownAtStart(t *testing.T) {
	t.Parallel()
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			synced(t, e, "late")
			e.stop(e.gently)
			givesUp(t, e, "glance-api", "")
			givesUp(t, e, "glance-registry", "")
			givesUp(t, e, "glance-manage", "db version")
			givesUp(t, e, "glance-manage", "db purge")

			node, waits := waiting(t, e)
			if err := node.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := node.Wait(); err != nil {
				t.Errorf("terminated while it waits: %v\n%s", err, waits())
			}
			node, waits = waiting(t, e)
			e.start()
			if err := rig.Until(t.Context(), "the server to serve", func() bool { return strings.Contains(waits(), "wsgi starting up") }); err != nil {
				t.Errorf("%v:\n%s", err, waits())
			}
			if err := node.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			if err := node.Wait(); err != nil {
				t.Errorf("terminated while it serves: %v\n%s", err, waits())
			}
		})
	}
}

// lateConfig is a configuration with so many further attempts, a second apart.
func lateConfig(e *engine, attempts int) string {
	e.write("late.conf", fmt.Appendf(nil, "[DEFAULT]\nbind_host = 127.0.0.1\nbind_port = 0\n[database]\nconnection = %s\nmax_retries = %d\n"+
		"retry_interval = 1\n[glance_store]\nfilesystem_store_datadir = %s\n", e.url("late"), attempts, e.path("images")))
	return e.path("late.conf")
}

// givesUp runs a program without a database.
func givesUp(t *testing.T, e *engine, program, words string) {
	t.Helper()
	_, stderr, err := e.try(filepath.Join(programs(), program), append([]string{"--config-file", lateConfig(e, 2)}, strings.Fields(words)...)...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%s %s: %v", program, words, err)
	}
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	last := regexp.MustCompile(`^(ERROR: )?There is no connection to the database 127\.0\.0\.1:` + e.port + `/late: [^\n]*refused$`)
	if !last.MatchString(lines[len(lines)-1]) || strings.Contains(stderr, "p@ss") || strings.Contains(stderr, "p%40ss") {
		t.Errorf("%s %s says %s", program, words, stderr)
	}
	if got := strings.Count(stderr, "WARNING"); got != 2 {
		t.Errorf("%s %s tells of %d further attempts, want 2:\n%s", program, words, got, stderr)
	}
}

// waiting starts a server that tries for ever and gives it, with what it says,
// when it has failed once.
func waiting(t *testing.T, e *engine) (process, func() string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.Command(filepath.Join(programs(), "glance-api"), "--config-file", lateConfig(e, -1))
	cmd.Stdout, cmd.Stderr = file, file
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	says := func() string {
		text, _ := os.ReadFile(log)
		return string(text)
	}
	if err := rig.Until(t.Context(), "a failed attempt", func() bool { return strings.Contains(says(), "no connection to the database") }); err != nil {
		t.Fatalf("%v:\n%s", err, says())
	}
	return process{cmd}, says
}

// process is a program that ends by itself.
type process struct{ *exec.Cmd }

// Signal sends a signal.
func (p process) Signal(sig syscall.Signal) error { return p.Process.Signal(sig) }
