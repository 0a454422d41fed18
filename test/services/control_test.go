//go:build services

package services_test

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestControlAsRoot is the founding document's session as its author typed it:
// root's pid files lie in /var/run/glance.
func TestControlAsRoot(t *testing.T) {
	t.Parallel()
	const pidDir = "/var/run/glance"
	s := newShell(t)
	if entries, err := os.ReadDir(pidDir); err == nil && len(entries) > 0 {
		t.Fatalf("%s is in use on this machine", pidDir)
	}
	sample, err := os.ReadFile(filepath.Join(root, "etc", "glance.cnf.sample"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("glance.cnf.sample", []byte(strings.NewReplacer(
		"= 9292", "= "+freePort(t), "= 9191", "= "+freePort(t), "/var/lib/glance/images/", s.dir+"/images/",
	).Replace(string(sample))))
	t.Cleanup(func() {
		_, _, _ = (&shell{t, s.dir}).try("glance-control", "all", "stop")
		_ = os.Remove(pidDir) // empty by then
	})
	control := func(want string, args ...string) {
		t.Helper()
		got := regexp.MustCompile(`pid:? \d+`).ReplaceAllString(s.run("glance-control", args...), "pid N")
		if got != strings.ReplaceAll(want, "DIR", s.dir) {
			t.Errorf("glance-control %s: got\n%s", strings.Join(args, " "), got)
		}
	}
	control("Starting glance-registry with DIR/glance.cnf.sample\n", "registry", "start", "glance.cnf.sample")
	if _, err := os.Stat(pidDir + "/glance-registry.pid"); err != nil {
		t.Error(err)
	}
	control("glance-registry (pid N) is running...\n", "registry", "status")
	control("Stopping glance-registry  pid N  signal: 15\nStarting glance-registry with DIR/glance.cnf.sample\n",
		"registry", "restart", "glance.cnf.sample")
	control("glance-registry appears to already be running: "+pidDir+"/glance-registry.pid\n", "registry", "start", "glance.cnf.sample")
	control("Starting glance-api with DIR/glance.cnf.sample\nglance-registry appears to already be running: "+pidDir+"/glance-registry.pid\n",
		"all", "start", "glance.cnf.sample")
	control("Stopping glance-api  pid N  signal: 15\nStopping glance-registry  pid N  signal: 15\n", "all", "stop")
	control("glance-api is stopped\nglance-registry is stopped\n", "all", "status")
	if entries, err := os.ReadDir(pidDir); err != nil || len(entries) != 0 {
		t.Errorf("left in %s: %v, %v", pidDir, entries, err)
	}
}

// freePort gives a port on which nobody listens, and which the system gives to
// nobody who asks for any: tests that run at the same time do not take it while
// its server is not up yet, or not up again.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(10000 + rand.IntN(20000))
		if l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:"+port); err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
