package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain makes the test binary glance-control when it is called so.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "glance-control" {
		main()
	}
	os.Exit(m.Run())
}

// TestProgram: exit codes and output of the program itself; all else is tested
// in package control.
func TestProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pidFile := filepath.Join(t.TempDir(), "x.pid")
	tests := []struct {
		args   string
		code   int
		output string
	}{
		{"", 1, "usage: glance-control [options] <SERVER> <COMMAND> [CONFPATH]"},
		{"api", 1, "usage: glance-control"},
		{"--help", 0, "usage: glance-control"},
		{"--version", 0, ""},
		{"--nonsense", 2, "glance-control: error: unrecognized arguments: --nonsense"},
		{"api status --pid-file " + pidFile, 0, "glance-api is stopped"},
		{"api stop --pid-file " + pidFile, 0, "No glance-api running"},
		{"api reload --pid-file " + pidFile, 1, "Server glance-api is stopped"},
	}
	for _, tt := range tests {
		cmd := exec.Command(self)
		cmd.Args = append([]string{"glance-control"}, strings.Fields(tt.args)...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		if code := cmd.ProcessState.ExitCode(); code != tt.code || !strings.Contains(string(out), tt.output) {
			t.Errorf("%q: code %d, want %d, output %q, want %q", tt.args, code, tt.code, out, tt.output)
		}
	}
}
