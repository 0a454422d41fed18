//go:build services

package services_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"glance/test/e2e/rig"
)

// TestMigration is the evening of docs/migration.md, line by line, with the
// original's own package on a machine of this test's own.
func TestMigration(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.run("systemctl start glance-api")
	m.serves()
	for n, name := range []string{"cirros", "debian"} {
		m.host.write("home/"+name, rig.Random(uint64(n), 3*mib))
		m.run("openstack image create --file " + name + " --disk-format raw --container-format bare --property os_distro=" + name + " --tag old " + name)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "migration.md"))
	if err != nil {
		t.Fatal(err)
	}
	steps := session(string(page))
	if len(steps) < 30 {
		t.Fatalf("the page has %d commands", len(steps))
	}
	for _, step := range steps {
		t.Logf("# %s", step.command)
		if got := m.run(step.command); !step.answered(got) {
			t.Errorf("# %s\ngives\n%swant\n%s", step.command, got, step.answer)
		}
		if strings.HasPrefix(step.command, "systemctl start") {
			m.serves()
		}
	}
}

// step is a command of a page with the answer that it gives there.
type step struct{ command, answer string }

// session are the commands of a page: in its indented blocks a line with # is
// typed, the others are answered.
func session(page string) (steps []step) {
	for line := range strings.Lines(page) {
		code, indented := strings.CutPrefix(line, "    ")
		if command, typed := strings.CutPrefix(code, "# "); indented && typed {
			steps = append(steps, step{command: strings.TrimSuffix(command, "\n")})
		} else if indented && len(steps) > 0 {
			steps[len(steps)-1].answer += code
		}
	}
	return steps
}

// answered compares; … stands for anything, and warnings are not told of.
func (s step) answered(got string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(s.answer), "…", ".*")
	lines := slices.DeleteFunc(slices.Collect(strings.Lines(got)), func(line string) bool { return strings.HasPrefix(line, "WARNING: ") })
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.Join(lines, ""))
}

// machine is one of its own as far as files, ports and processes go: with the
// package's Glance in /etc, /var and /lib, a checkout of ours at home, and a
// database behind a socket.
type machine struct {
	t    *testing.T
	host *shell
	pid  int // of its first process
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	e := startMariaDB(t)
	e.create("glance")
	m := &machine{t: t, host: newShell(t)}
	at := m.host.path
	for _, dir := range []string{"units", "opt", "run", "sbin", "home/bin", "home/etc"} {
		m.host.run("mkdir", "-p", at(dir))
	}
	m.host.run("install", "-d", "-o", "glance", "-g", "glance", at("lib"), at("lib/images"), at("log"))
	m.host.run("cp", "-a", "/etc/glance", at("etc"))
	m.host.run("sed", "-i", "-e", `s|^\[database\]|&\nconnection = mysql+pymysql://os:p%40ss@localhost/glance?unix_socket=`+e.path("sock")+"|",
		"-e", `s|^\[DEFAULT\]|&\nnode_staging_uri = file:///var/lib/glance/staging|`, at("etc/glance-api.conf"))
	m.host.run("chmod", "o+rx", filepath.Dir(e.dir), e.dir) // the servers are not root
	m.host.write("home/.my.cnf", []byte("[client]\nuser = os\npassword = p@ss\nsocket = "+e.path("sock")+"\n"))
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	m.host.run("install", filepath.Join(here, "testdata", "systemctl"), at("sbin"))
	m.host.run("cp", "-r", programs()+"/.", at("home/bin"))
	m.host.run("cp", "-r", filepath.Join(here, root, "etc")+"/.", at("home/etc"))
	m.boot()
	m.run("glance-manage db sync 2>/dev/null")
	return m
}

// boot starts the first process.
func (m *machine) boot() {
	m.t.Helper()
	const init = `cd "$1"; mount --bind etc /etc/glance; mount --bind lib /var/lib/glance; mount --bind log /var/log/glance
mount --bind units /etc/systemd/system; mount --bind opt /opt; mount --bind home /root; mount --bind run /run
ip link set lo up; touch /run/booted; exec sleep infinity`
	cmd := exec.Command("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-euc", init, "sh", m.host.dir)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	err := rig.Until(m.t.Context(), "the machine to start", func() bool {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid))
		m.pid, _ = strconv.Atoi(strings.TrimSpace(string(children)))
		_, err := os.Stat(m.host.path("run/booted"))
		return err == nil && m.pid != 0
	})
	if err != nil {
		m.t.Fatalf("%v: %s", err, said.String())
	}
}

// try runs a command as root would, with the credentials of an administrator.
func (m *machine) try(command string) (string, error) {
	cmd := exec.Command("nsenter", "--target", strconv.Itoa(m.pid), "--mount", "--net", "--pid", "sh", "-c", "cd /root; "+command)
	cmd.Env = []string{
		"PATH=" + m.host.path("sbin") + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
		"OS_AUTH_TYPE=none", "OS_ENDPOINT=http://127.0.0.1:9292", "no_proxy=127.0.0.1",
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// run is try of what must work.
func (m *machine) run(command string) string {
	m.t.Helper()
	out, err := m.try(command)
	if err != nil {
		log, _ := m.try("tail -n 30 /var/log/glance/*.log /run/units/*.out")
		m.t.Fatalf("# %s\n%v\n%s\n%s", command, err, out, log)
	}
	return out
}

// serves waits until the Images API answers.
func (m *machine) serves() {
	m.t.Helper()
	m.run("until curl -sf http://127.0.0.1:9292/v2/images >/dev/null; do sleep 0.1; done")
}
