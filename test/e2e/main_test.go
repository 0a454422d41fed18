package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"glance/test/e2e/rig"
)

const (
	root = "../.."
	// programsEnv is the directory of the built programs.
	programsEnv = "GLANCE_E2E_PROGRAMS"
	nobody      = 65534
	systemFiles = "/etc/glance"
)

func programs() string { return os.Getenv(programsEnv) }

// TestMain builds the programs once and runs the tests without privileges.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if programs() != "" {
		return m.Run()
	}
	syscall.Umask(0o022) // nobody must be able to read what root writes here
	dir, err := os.MkdirTemp("", "glance-e2e-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	if err := rig.Build(context.Background(), root, dir); err != nil {
		return complain(err)
	}
	if err := os.Setenv(programsEnv, dir); err != nil {
		return complain(err)
	}
	if os.Geteuid() != 0 {
		return m.Run()
	}
	code, err := runAsNobody(dir)
	if err != nil {
		return complain(err)
	}
	return code
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// runAsNobody runs this test binary again. The sources may lie where only root
// can go, so it takes along what tests read from them.
func runAsNobody(dir string) (int, error) {
	home, here := filepath.Join(dir, "home"), filepath.Join(dir, "src", "test", "e2e")
	for _, d := range []string{home, here} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return 0, err
		}
	}
	for _, name := range []string{"etc", "test/e2e/testdata"} {
		if err := os.CopyFS(filepath.Join(dir, "src", name), os.DirFS(filepath.Join(root, name))); err != nil {
			return 0, err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	binary := filepath.Join(dir, "e2e.test")
	if out, err := exec.Command("cp", self, binary).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("cp: %w: %s", err, out)
	}
	for name, mode := range map[string]os.FileMode{dir: 0o755, binary: 0o755} {
		if err := os.Chmod(name, mode); err != nil {
			return 0, err
		}
	}
	if err := os.Chown(home, nobody, nobody); err != nil {
		return 0, err
	}
	return runBinary(binary, here, home)
}

func runBinary(binary, here, home string) (int, error) {
	// go test hands in a file in a directory of its own, for its cache.
	args := slices.DeleteFunc(slices.Clone(os.Args[1:]), func(arg string) bool {
		return strings.HasPrefix(arg, "-test.testlogfile=")
	})
	cmd := exec.Command(binary, args...)
	cmd.Dir = here
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+home)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
		Pdeathsig:  syscall.SIGKILL,
	}
	runtime.LockOSThread() // for good: Pdeathsig and what is hidden are about this thread
	if err := hideSystemFiles(); err != nil {
		return 0, err
	}
	err := cmd.Run()
	if cmd.ProcessState == nil {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}

// hideSystemFiles lets the programs of this thread, and nobody else, find an
// empty /etc/glance: a Glance that is installed here would be in the way of
// tests that want none.
func hideSystemFiles() error {
	if _, err := os.Stat(systemFiles); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		return fmt.Errorf("hide %s: %w", systemFiles, err)
	}
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("hide %s: %w", systemFiles, err)
	}
	if err := syscall.Mount("none", systemFiles, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("hide %s: %w", systemFiles, err)
	}
	return nil
}
