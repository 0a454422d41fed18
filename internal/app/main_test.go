package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"glance/internal/app"
)

const (
	programEnv = "GLANCE_APP_TEST_PROGRAM"
	// patience is for conditions that come within milliseconds on a free machine.
	patience = time.Minute
)

// TestMain makes the test binary the server that the environment names, and
// for scripts glance-control and the servers under their names.
func TestMain(m *testing.M) {
	switch in := app.Process(os.Getenv(programEnv)); in.Prog {
	case "glance-api":
		os.Exit(app.GlanceAPI(context.Background(), in, os.Stdout, os.Stderr))
	case "glance-registry":
		os.Exit(app.GlanceRegistry(context.Background(), in, os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){
		"glance-control": func() { os.Exit(glanceControl()) },
		"glance-api": func() {
			os.Exit(app.GlanceAPI(context.Background(), app.Process("glance-api"), os.Stdout, os.Stderr))
		},
		"glance-registry": func() {
			os.Exit(app.GlanceRegistry(context.Background(), app.Process("glance-registry"), os.Stdout, os.Stderr))
		},
		"glance-scrubber": func() {
			os.Exit(app.GlanceScrubber(context.Background(), app.Process("glance-scrubber"), os.Stdout, os.Stderr))
		},
	})
}

// program is a server of its own process.
type program struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
	out output
	end chan struct{}
}

// output is what a process has printed.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// command is the program name with an environment that holds nothing of this
// machine's configuration.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "TMPDIR=" + cmd.Dir, "GORACE=atexit_sleep_ms=0",
		programEnv + "=" + name,
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

var readyLine = regexp.MustCompile(`wsgi starting up on (https?)://[^/]*:(\d+)/`)

// startProgram starts a server and waits until it serves.
func startProgram(t *testing.T, name string, args ...string) *program {
	t.Helper()
	return startCommand(t, command(t, name, args...))
}

func startCommand(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	p := &program{t: t, cmd: cmd, end: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // the state has the result
		close(p.end)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-p.end
		if t.Failed() {
			t.Logf("%s\n%s", strings.Join(cmd.Args[1:], " "), p.out.String())
		}
	})
	p.until("the ready line", func() bool { return readyLine.MatchString(p.out.String()) })
	m := readyLine.FindStringSubmatch(p.out.String())
	p.url = m[1] + "://127.0.0.1:" + m[2]
	return p
}

func (p *program) until(what string, cond func() bool) {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited in vain for %s", what)
		}
		select {
		case <-p.end:
			p.t.Fatalf("ended before %s: %v", what, p.cmd.ProcessState)
		default:
		}
	}
}

func (p *program) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

const (
	reloadedLine = "Reloaded configuration"
	refusedLine  = "unable to reload, the old configuration stays"
)

// reload sends a hangup and waits for what the log says of it.
func (p *program) reload(line string) {
	p.t.Helper()
	before := strings.Count(p.out.String(), line)
	p.signal(syscall.SIGHUP)
	p.until(line, func() bool { return strings.Count(p.out.String(), line) > before })
}

// stop ends the server in order.
func (p *program) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.end:
	case <-time.After(patience):
		p.t.Fatal("it does not stop")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 || strings.Contains(p.out.String(), "DATA RACE") {
		p.t.Errorf("exit code %d", code)
	}
}

// get gives the status of an answer.
func (p *program) get(client *http.Client, path string) int {
	p.t.Helper()
	resp, err := client.Get(p.url + path)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// writeFile writes a file of a test, whose directory is made.
func writeFile(t *testing.T, path, format string, args ...any) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o600); err != nil {
		t.Fatal(err)
	}
}
