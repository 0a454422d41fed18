package golden_test

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"glance/test/golden"
)

// TestMain makes the test binary the server of TestServer, which it is when fakeEnv says how it shall behave.
func TestMain(m *testing.M) {
	if behaviour := os.Getenv(fakeEnv); behaviour != "" {
		os.Exit(fakeServer(behaviour))
	}
	os.Exit(m.Run())
}

const fakeEnv = "GOLDEN_FAKE_SERVER"

// fakeServer reads its port from the file that it is called with, as the real one does.
func fakeServer(behaviour string) int {
	conf, err := os.ReadFile(os.Args[len(os.Args)-1])
	if err != nil || behaviour == "refuses" {
		fmt.Fprintln(os.Stderr, "this configuration is refused:", err)
		return 3
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		err := http.ListenAndServe("127.0.0.1:"+strings.TrimSpace(string(conf)), http.HandlerFunc(
			func(http.ResponseWriter, *http.Request) {
				if behaviour == "dies" {
					os.Exit(4)
				}
			}))
		fmt.Fprintln(os.Stderr, err)
		os.Exit(5)
	}()
	<-stop
	if behaviour == "panics" {
		fmt.Fprintln(os.Stderr, "panic: oh dear")
	}
	return 0
}

func TestServer(t *testing.T) {
	tests := []struct{ behaviour, start, stop string }{
		{"behaves", "", ""},
		{"refuses", "this configuration is refused", ""},
		{"panics", "", "panic: oh dear"},
	}
	for _, tt := range tests {
		t.Run(tt.behaviour, func(t *testing.T) {
			t.Setenv(fakeEnv, tt.behaviour)
			s, err := start(t)
			expect(t, err, tt.start)
			if err == nil {
				expect(t, s.Stop(), tt.stop)
			}
		})
	}
}

func TestServerDiesEarly(t *testing.T) {
	t.Setenv(fakeEnv, "dies")
	s, err := start(t)
	expect(t, err, "glance-api ended") // the first request kills it
	if err == nil {
		t.Fatal(s.Stop())
	}
}

func TestServerLayout(t *testing.T) {
	t.Setenv(fakeEnv, "behaves")
	s, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(s.Workdir, "etc", "policy.yaml"))
	if err != nil || string(got) != "dir: "+s.Workdir+"/x {uuid:1}" {
		t.Errorf("policy.yaml holds %q, %v", got, err)
	}
	for _, dir := range []string{"images", "fast", "cheap", "staging", "tasks", "cache", "lock"} {
		if info, err := os.Stat(filepath.Join(s.Workdir, dir)); err != nil || !info.IsDir() {
			t.Errorf("%s: %v", dir, err)
		}
	}
	expect(t, s.Stop(), "")
}

func start(t *testing.T) (*golden.Server, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return golden.Start(t.Context(), golden.Programs{API: self}, fstest.MapFS{
		"glance-api.conf": {Data: []byte("{port}\n")},
		"policy.yaml":     {Data: []byte("dir: {workdir}/x {uuid:1}")},
	}, t.TempDir())
}
