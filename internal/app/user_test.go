package app_test

import (
	"fmt"
	"net/http"
	"os"
	"os/user"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user of every system without rights.
const nobody = 65534

// TestUser: started as root with --user, the server is that user's before it
// opens anything, and reloads as that user.
func TestUser(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "glance-user-") //nolint:usetesting // only root gets into a directory of t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	conf := dir + "/glance-api.conf"
	writeFile(t, conf, memoryConfig, dir, 0, "log_file = "+dir+"/log.0")
	uid := os.Getuid()
	if uid == 0 {
		uid = nobody
	}
	for _, path := range []string{dir, conf} {
		if err := os.Chown(path, uid, -1); err != nil {
			t.Fatal(err)
		}
	}
	who, err := user.LookupId(fmt.Sprint(uid))
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(t, "glance-api", "--config-file", conf, "--user", who.Username)
	cmd.Dir = "/"
	p := startCommand(t, cmd)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if want := fmt.Sprintf("\nUid:\t%d\t%d\t%d\t%d\n", uid, uid, uid, uid); err != nil || !strings.Contains(string(status), want) {
		t.Errorf("no %q in %s, %v", want, status, err)
	}
	id := p.createImage(http.DefaultClient)
	p.signal(syscall.SIGHUP)
	p.until("the reload", func() bool { return countIn(dir, reloadedLine) == 1 })
	if status := p.get(http.DefaultClient, "/v2/images/"+id); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	p.stop()
}

// TestUserRefused: a user that does not exist, or that one may not become.
func TestUserRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir+"/a.conf", memoryConfig, dir, 0, "")
	names := map[string]string{"no-such-user": "unable to run as no-such-user", "nobody:no-such-group": "unable to run in group no-such-group"}
	if os.Getuid() != 0 {
		names["root"] = "unable to run as root"
	}
	for name, want := range names {
		code, _, stderr := outcome(t, command(t, "glance-api", "--config-file", dir+"/a.conf", "--user", name))
		if code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, %s", name, code, stderr)
		}
	}
}
