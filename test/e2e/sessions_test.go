package e2e_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"glance/test/e2e/rig"
)

// TestSessions runs the scripts of testdata. Each has a working directory of
// its own with etc/ of the repository, in which etc/glance.cnf.sample names
// free ports and a data directory there; $API_PORT and $REGISTRY_PORT are those
// ports. Beside the commands of testscript there are
//
//	serves URL          wait until a server answers there; with !, none may
//	printed FILE        the output of the last command is FILE, but for points
//	                    in time and process ids; with $VARIABLES
//	dumped FILE         the output holds the lines of FILE, one after the other
//	exits CODE PROG …   run a program, which ends with this exit code
//	occupy PORT         something else listens there until the test ends
func TestSessions(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Setup:               setUpSession,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(sessionLimit), // a server that serves though it should not must not hang us
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serves":  serves,
			"printed": printed,
			"dumped":  dumped,
			"exits":   exits,
			"occupy":  occupy,
		},
	})
}

const sessionLimit = 3 * time.Minute

func setUpSession(env *testscript.Env) error {
	ctx := context.Background()
	api, err := freePort(ctx)
	if err != nil {
		return err
	}
	registry, err := freePort(ctx)
	if err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(env.WorkDir, "etc"), os.DirFS(filepath.Join(root, "etc"))); err != nil {
		return err
	}
	if err := adaptSample(filepath.Join(env.WorkDir, "etc", "glance.cnf.sample"), env.WorkDir, api, registry); err != nil {
		return err
	}
	for _, dir := range []string{"home", "run", "images"} {
		if err := os.Mkdir(filepath.Join(env.WorkDir, dir), 0o700); err != nil {
			return err
		}
	}
	env.Setenv("PATH", programs()+":"+env.Getenv("PATH"))
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("XDG_RUNTIME_DIR", filepath.Join(env.WorkDir, "run"))
	env.Setenv("OS_DEFAULT__NODE_STAGING_URI", "file://"+filepath.Join(env.WorkDir, "staging")) // not in /tmp
	env.Setenv("API_PORT", api)
	env.Setenv("REGISTRY_PORT", registry)
	env.Defer(func() { stopAll(ctx, env) })
	return nil
}

// adaptSample replaces what a test cannot have: the ports that everybody has,
// and a directory that belongs to the system.
func adaptSample(name, dir, api, registry string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	adapted := strings.NewReplacer(
		"= 9292", "= "+api, "= 9191", "= "+registry, "/var/lib/glance/images/", dir+"/images/",
	).Replace(string(text))
	return os.WriteFile(name, []byte(adapted), 0o644)
}

// stopAll ends what a script that failed has left running.
func stopAll(ctx context.Context, env *testscript.Env) {
	cmd := exec.CommandContext(ctx, filepath.Join(programs(), "glance-control"), "all", "stop")
	cmd.Dir, cmd.Env = env.WorkDir, env.Vars
	_ = cmd.Run() // mostly there is nothing to stop
}

func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

func serves(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: serves URL")
	}
	client := rig.Client{Base: args[0], Transport: &http.Transport{DisableKeepAlives: true}}
	ctx := context.Background()
	answers := func() bool {
		_, err := client.Get(ctx, "")
		return err == nil
	}
	if neg {
		if answers() {
			ts.Fatalf("somebody answers at %s", args[0])
		}
		return
	}
	ts.Check(rig.Until(ctx, "an answer of "+args[0], answers))
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func occupy(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: occupy PORT")
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp4", "0.0.0.0:"+args[0])
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
}

var (
	pointInTime = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)
	processID   = regexp.MustCompile(`(\bpid:? |^\()\d+`)
)

// wanted reads the text that a script compares with, and masks what differs
// from day to day as in masked.
func wanted(ts *testscript.TestScript, name string) string {
	return masked(os.Expand(ts.ReadFile(name), ts.Getenv))
}

func masked(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		line = pointInTime.ReplaceAllLiteralString(line, "2011-02-04 17:12:28")
		lines[i] = processID.ReplaceAllString(line, "${1}PID")
	}
	return strings.Join(lines, "")
}

func printed(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: printed FILE")
	}
	got, want := masked(ts.ReadFile("stdout")+ts.ReadFile("stderr")), wanted(ts, args[0])
	if got != want {
		ts.Fatalf("got\n%s\nwant\n%s", got, want)
	}
}

func dumped(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: dumped FILE")
	}
	got, want := masked(ts.ReadFile("stdout")+ts.ReadFile("stderr")), wanted(ts, args[0])
	if !strings.Contains("\n"+got, "\n"+want) {
		ts.Fatalf("the output is\n%s\nwithout\n%s", got, want)
	}
}
