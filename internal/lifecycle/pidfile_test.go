package lifecycle_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"glance/internal/lifecycle"
)

func itoa(n int) string { return strconv.Itoa(n) }

func inspect(t *testing.T, path string) lifecycle.PidState {
	t.Helper()
	state, err := lifecycle.Inspect(path)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// TestFault05PidFileContentIsNotBelieved: only the lock of a live process
// makes a file count; a live pid in it does not.
func TestFault05PidFileContentIsNotBelieved(t *testing.T) {
	tests := []struct {
		name, content string
		written       int
	}{
		{"empty", "", 0},
		{"garbage", "no number\n", 0},
		{"negative", "-1\n", 0},
		{"reused pid", itoa(os.Getpid()) + "\n", os.Getpid()},
		{"long", string(make([]byte, 1<<16)), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.pid")
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			state := inspect(t, path)
			if !state.Exists || state.Running() || state.Written != tt.written {
				t.Errorf("%+v, want a stale file that names %d", state, tt.written)
			}
			if _, err := state.Open(); !errors.Is(err, lifecycle.ErrGone) {
				t.Errorf("Open of a stale file: %v", err)
			}
		})
	}
	if state := inspect(t, filepath.Join(t.TempDir(), "none.pid")); state.Exists || state.Running() {
		t.Errorf("%+v for a missing file", state)
	}
}

func TestPidFileNamesTheHolder(t *testing.T) {
	p := start(t)
	pid := p.cmd.Process.Pid
	if got, err := os.ReadFile(p.pidFile); err != nil || string(got) != itoa(pid)+"\n" {
		t.Errorf("content %q, %v", got, err)
	}
	if err := os.WriteFile(p.pidFile, []byte("1\n"), 0o600); err != nil { // an operator's mistake
		t.Fatal(err)
	}
	state := inspect(t, p.pidFile)
	if state.Holder != pid || state.Written != 1 {
		t.Errorf("%+v, want holder %d", state, pid)
	}
	proc, err := state.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Close()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := proc.Wait(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait for a live process: %v", err)
	}
	if err := proc.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := proc.Wait(limited(t)); err != nil {
		t.Errorf("Wait: %v", err)
	}
	p.ends(0)
	if err := proc.Signal(syscall.SIGTERM); !errors.Is(err, lifecycle.ErrGone) {
		t.Errorf("Signal after the end: %v, want ErrGone", err)
	}
}

// TestPidFileAfterACrash: the file of a killed server is stale at once and the
// next server takes it over; a running server's file is refused.
func TestPidFileAfterACrash(t *testing.T) {
	first := start(t)
	first.signal(syscall.SIGKILL)
	_ = first.cmd.Wait()
	if state := inspect(t, first.pidFile); !state.Exists || state.Running() {
		t.Fatalf("%+v after a crash", state)
	}

	t.Setenv("GLANCE_PID_FILE", "overridden by Launch")
	second := startAt(t, first.pidFile)
	if state := inspect(t, first.pidFile); state.Holder != second.cmd.Process.Pid {
		t.Errorf("%+v, want holder %d", state, second.cmd.Process.Pid)
	}

	third := launchAt(t, "fail", first.pidFile)
	if err := third.pending.Await(limited(t)); err == nil || err.Error() != "pid file "+first.pidFile+" is held by another process" {
		t.Errorf("a second server on one pid file: %v", err)
	}
	_ = third.cmd.Wait()
	if state := inspect(t, first.pidFile); state.Holder != second.cmd.Process.Pid {
		t.Errorf("%+v after a refused start, want holder %d", state, second.cmd.Process.Pid)
	}
	second.signal(syscall.SIGTERM)
	second.ends(0)
}

// TestForeignPidFileSurvives: at its end a server removes its own file only.
func TestForeignPidFileSurvives(t *testing.T) {
	p := start(t)
	if err := os.Remove(p.pidFile); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.pidFile, []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
	if got, err := os.ReadFile(p.pidFile); string(got) != "another's" {
		t.Errorf("content %q, %v", got, err)
	}
}

// TestFault07RuntimeDirIsFoundAgain: without rights to the system's directory
// the place is one that later calls find, whatever their environment.
func TestFault07RuntimeDirIsFoundAgain(t *testing.T) {
	xdg := t.TempDir()
	uid := os.Getuid()
	if uid == 0 {
		uid = 54321 // root has no need of a place of its own
		if err := os.Chmod(xdg, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	system := filepath.Join(t.TempDir(), "file", "glance")
	if err := os.WriteFile(filepath.Dir(system), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := lifecycle.RuntimeDir{System: system, UID: uid}
	t.Setenv("XDG_RUNTIME_DIR", xdg)
	own := filepath.Join(xdg, "glance")
	if err := os.Mkdir(own, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(own, uid, -1); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		path, err := dir.Place("glance-api")
		if err != nil || path != filepath.Join(own, "glance-api.pid") {
			t.Fatalf("Place = %s, %v", path, err)
		}
	}
	if err := os.WriteFile(filepath.Join(own, "glance-api.pid"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if state, err := dir.Find("glance-api"); err != nil || !state.Exists {
		t.Errorf("Find = %+v, %v", state, err)
	}
	if err := os.Chmod(own, 0o777); err != nil { // anybody could lay files there
		t.Fatal(err)
	}
	if state, err := dir.Find("glance-api"); err != nil || state.Exists {
		t.Errorf("Find in a directory open to all = %+v, %v", state, err)
	}
}

func TestRootUsesTheSystemDir(t *testing.T) {
	system := filepath.Join(t.TempDir(), "run", "glance")
	dir := lifecycle.RuntimeDir{System: system, UID: 0}
	if path, err := dir.Place("glance-api"); err != nil || path != filepath.Join(system, "glance-api.pid") {
		t.Errorf("Place = %s, %v", path, err)
	}
	blocked := lifecycle.RuntimeDir{System: "/dev/null/glance", UID: 0}
	if path, err := blocked.Place("glance-api"); err == nil {
		t.Errorf("Place = %s in a directory that cannot be", path)
	}
}
