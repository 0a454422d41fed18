package e2e_test

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"glance/test/e2e/rig"
)

func TestTerminatedDuringUpload(t *testing.T) {
	n := rig.NewNode(t, programs())
	data := rig.Random(1, 6*mib)
	id := n.NewImage("finished")
	s := send(t, n, id, data, 4*mib, int64(len(data)))
	n.Await(id, "saving")
	n.Terminate()
	n.Must(rig.Until(t.Context(), "the server to take no more connections", func() bool { return !listens(t, n) }))
	s.Open()
	s.status(t, 204, "")
	ended(t, n)
	n.Start()
	n.CheckIs(id, data)
}

// TestTerminatedTwice: whoever does not want to wait asks again.
func TestTerminatedTwice(t *testing.T) {
	n := rig.NewNode(t, programs())
	id := n.NewImage("cut")
	s := send(t, n, id, rig.Random(1, 6*mib), 4*mib, 6*mib)
	n.Await(id, "saving")
	n.Terminate()
	n.Terminate()
	ended(t, n)
	s.Open()
	<-s.done
	if files := n.Files(); len(files) != 0 {
		t.Errorf("a server that ended in order leaves %q", files)
	}
	n.Start()
	n.CheckUnharmed(id)
}

// TestControlShutdown: a shutdown waits for what is under way, however long.
func TestControlShutdown(t *testing.T) {
	n := rig.NewNode(t, programs())
	n.Stop()
	port, err := freePort(t.Context())
	n.Must(err)
	control := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(programs(), "glance-control"),
			append([]string{"--pid-file", filepath.Join(n.Dir, "glance-api.pid"), "api"}, args...)...)
		cmd.Dir = n.Dir
		return cmd
	}
	if out, err := control("start", n.Config(), "-p", port).CombinedOutput(); err != nil {
		t.Fatalf("start: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = control("stop").Run() }) // it is down when all went well
	n.Base = "http://127.0.0.1:" + port
	data := rig.Random(1, 6*mib)
	id := n.NewImage("finished")
	s := send(t, n, id, data, 4*mib, int64(len(data)))
	n.Await(id, "saving")

	ended := make(chan error, 1)
	go func() { ended <- control("shutdown").Run() }()
	n.Must(rig.Until(t.Context(), "the server to take no more connections", func() bool { return !listens(t, n) }))
	select {
	case err := <-ended:
		t.Errorf("shutdown does not wait: %v", err)
	default:
	}
	s.Open()
	s.status(t, http.StatusNoContent, "")
	n.Must(<-ended)
	n.Start()
	n.CheckIs(id, data)
}

func listens(t *testing.T, n *rig.Node) bool {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(n.Base, "http://"))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// TestReloadedDuringUpload: a hangup reads everything again and disturbs nothing.
func TestReloadedDuringUpload(t *testing.T) {
	n := rig.NewNode(t, programs(), "verbose = true")
	data := rig.Random(1, 6*mib)
	id := n.NewImage("reloaded")
	s := send(t, n, id, data, 4*mib, int64(len(data)))
	n.AwaitData()
	n.Must(n.Server().Signal(syscall.SIGHUP))
	n.Must(rig.Until(t.Context(), "the reload", func() bool {
		return strings.Contains(n.Server().Output(), "Reloaded configuration")
	}))
	n.Await(id, "saving")
	s.Open()
	s.status(t, http.StatusNoContent, "")
	n.CheckIs(id, data)
	n.Stop()
}

// TestSecondServerDuringUpload: who starts a server twice is told so, and what
// the first one is doing goes on.
func TestSecondServerDuringUpload(t *testing.T) {
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := rig.NewNode(t, programs(), "bind_port = "+port)
	data := rig.Random(1, 6*mib)
	id := n.NewImage("undisturbed")
	s := send(t, n, id, data, 4*mib, int64(len(data)))
	n.AwaitData()
	out, err := exec.CommandContext(t.Context(), filepath.Join(programs(), "glance-api"), "--config-file", n.Config()).CombinedOutput()
	if err == nil || !strings.HasPrefix(string(out), "ERROR: ") {
		t.Errorf("the second server: %v\n%s", err, out)
	}
	n.Await(id, "saving")
	s.Open()
	s.status(t, http.StatusNoContent, "")
	n.CheckIs(id, data)
}

func ended(t *testing.T, n *rig.Node) {
	t.Helper()
	if code, err := n.Server().Wait(); err != nil || code != 0 {
		t.Errorf("exit code %d, %v\n%s", code, err, n.Server().Output())
	}
}
