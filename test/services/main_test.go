//go:build services

package services_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

const (
	root        = "../.."
	programsEnv = "GLANCE_SERVICES_PROGRAMS"
	mib         = 1 << 20
)

func programs() string { return os.Getenv(programsEnv) }

// TestMain builds the programs once.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "glance-services-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = rig.Build(context.Background(), root, dir)
	}
	if err == nil {
		// A Glance of this machine must not be taken for ours.
		err = errors.Join(os.Setenv(programsEnv, dir), os.Setenv("PATH", dir+":/usr/sbin:/usr/bin:/sbin:/bin"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// shell is a directory in which programs run.
type shell struct {
	t   *testing.T
	dir string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("these tests want root")
	}
	return &shell{t: t, dir: t.TempDir()}
}

// try runs a program as a user would, and returns what it says.
func (s *shell) try(program string, args ...string) (stdout, stderr string, err error) {
	s.t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(s.t.Context()), program, args...) // also while cleaning up
	cmd.Dir = s.dir
	// Nothing of this machine's own settings may lead the clients elsewhere.
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LANG=C.UTF-8", "LC_ALL=C.UTF-8",
		"no_proxy=127.0.0.1,localhost", "TMPDIR=" + s.dir,
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// run is try of what must work.
func (s *shell) run(program string, args ...string) string {
	s.t.Helper()
	stdout, stderr, err := s.try(program, args...)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s%s", program, strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout
}

// json is run of what prints a document.
func (s *shell) json(into any, program string, args ...string) {
	s.t.Helper()
	out := s.run(program, args...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		s.t.Fatalf("%s %s: %v in %s", program, strings.Join(args, " "), err, out)
	}
}

func (s *shell) path(name string) string { return s.dir + "/" + name }

func (s *shell) write(name string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shell) read(name string) []byte {
	s.t.Helper()
	data, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return data
}
