//go:build services

package services_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"glance/test/e2e/rig"
)

// hush begins all passwords of these tests.
const hush = "s3cr3t-"

// identity is a real Keystone with the projects demo, alt_demo and service.
type identity struct {
	t        *testing.T
	s        *shell
	url      string
	database string
	stop     func()
	admin    string   // token
	tokens   []string // all that it gave to these tests
	projects map[string]string
	users    map[string]string
}

// The users: name, project, roles. Their passwords are hush and the name.
var people = []struct{ user, project, roles string }{
	{"glance", "service", "admin service"},
	{"nova", "service", "service"},
	{"member", "demo", "member"},
	{"reader", "demo", "reader"},
	{"boss", "demo", "admin"},
	{"stranger", "alt_demo", "member"},
}

// newIdentity installs Keystone into a directory and fills it.
func newIdentity(t *testing.T) *identity {
	t.Helper()
	k := &identity{t: t, s: newShell(t), projects: map[string]string{}, users: map[string]string{}}
	k.url = "http://127.0.0.1:" + freePort(t) + "/v3"
	k.startDatabase()
	k.configure("etc", 86400)
	for _, dir := range []string{"fernet", "receipts", "credential"} {
		k.s.run("mkdir", "-p", k.s.path(dir))
	}
	manage := func(args ...string) {
		k.s.run("keystone-manage", append([]string{"--config-file", k.s.path("etc/keystone.conf")}, args...)...)
	}
	manage("db_sync")
	manage("fernet_setup", "--keystone-user", "root", "--keystone-group", "root")
	manage("credential_setup", "--keystone-user", "root", "--keystone-group", "root")
	manage("bootstrap", "--bootstrap-password", hush+"admin", "--bootstrap-region-id", "RegionOne",
		"--bootstrap-admin-url", k.url, "--bootstrap-internal-url", k.url, "--bootstrap-public-url", k.url)
	k.stop = k.serve("etc", k.url)
	k.admin = k.login("admin", "admin")
	k.fill()
	return k
}

// startDatabase starts a MariaDB for Keystone, whose writers lock each other out
// in SQLite.
func (k *identity) startDatabase() {
	k.t.Helper()
	s, port := k.s, freePort(k.t)
	s.run("mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+s.path("data"), "--auth-root-authentication-method=normal", "--skip-test-db")
	k.daemon("mariadb", nil, "mariadbd", "--no-defaults", "--user=root", "--datadir="+s.path("data"), "--socket="+s.path("sock"),
		"--bind-address=127.0.0.1", "--port="+port, "--innodb-flush-log-at-trx-commit=0")
	client := []string{"--no-defaults", "-uroot", "-S", s.path("sock"), "-e"}
	k.until("MariaDB", "mariadb.log", func() bool {
		_, _, err := s.try("mariadb", append(client, "SELECT 1")...)
		return err == nil
	})
	s.run("mariadb", append(client, "CREATE DATABASE keystone CHARACTER SET utf8mb3; CREATE USER os@'127.0.0.1' IDENTIFIED BY '"+hush+"os'; GRANT ALL ON keystone.* TO os@'127.0.0.1'")...)
	k.database = "mysql+pymysql://os:" + hush + "os@127.0.0.1:" + port + "/keystone"
}

// daemon starts a program that ends with the test, or when stop is called. What
// it says goes to name.log.
func (k *identity) daemon(name string, env []string, program string, args ...string) (stop func()) {
	k.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = k.s.dir
	cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + k.s.dir}, env...)
	said, err := os.Create(k.s.path(name + ".log"))
	if err == nil {
		cmd.Stdout, cmd.Stderr = said, said
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
		err = cmd.Start()
	}
	if err != nil {
		k.t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // the whole group
		_ = cmd.Wait()                                      // its end was asked for
		_ = said.Close()
	})
	k.t.Cleanup(stop)
	return stop
}

func (k *identity) until(what, log string, done func() bool) {
	k.t.Helper()
	if err := rig.Until(k.t.Context(), what, done); err != nil {
		k.t.Fatalf("%v\n%s", err, k.s.read(log))
	}
}

// configure writes a configuration whose tokens live for some seconds.
func (k *identity) configure(dir string, seconds int) {
	k.t.Helper()
	k.s.run("mkdir", "-p", k.s.path(dir))
	k.s.write(dir+"/keystone.conf", fmt.Appendf(nil, `[DEFAULT]
log_dir = %[1]s
[database]
connection = %[3]s
[token]
provider = fernet
expiration = %[2]d
[fernet_tokens]
key_repository = %[1]s/fernet
[fernet_receipts]
key_repository = %[1]s/receipts
[credential]
key_repository = %[1]s/credential
[identity]
password_hash_rounds = 4
[catalog]
caching = false
`, k.s.dir, seconds, k.database))
}

// serve starts a server with a configuration; the result ends it.
func (k *identity) serve(dir, url string) (stop func()) {
	k.t.Helper()
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/v3")
	stop = k.daemon(dir, []string{"OS_KEYSTONE_CONFIG_DIR=" + k.s.path(dir)}, "uwsgi", "--plugins", "python3", "--master", "--die-on-term",
		"--lazy-apps", "--enable-threads", "--http-socket", address, "--processes", "2", "--threads", "4", "--buffer-size", "65535",
		"--rem-header", "Content-Length", "--add-header", "Connection: close", "--wsgi-file", "/usr/bin/keystone-wsgi-public")
	k.until("Keystone", dir+".log", func() bool {
		a, err := (&rig.Client{Base: url}).Get(k.t.Context(), "")
		return err == nil && a.Status == http.StatusOK
	})
	return stop
}

func (k *identity) fill() {
	k.t.Helper()
	roles := map[string]string{}
	var known struct{ Roles []struct{ ID, Name string } }
	k.api("GET", "/roles", nil, &known, 200)
	for _, r := range known.Roles {
		roles[r.Name] = r.ID
	}
	if roles["service"] == "" {
		roles["service"] = k.create("/roles", "role", map[string]any{"name": "service"})
	}
	for _, name := range []string{"demo", "alt_demo", "service"} {
		k.projects[name] = k.create("/projects", "project", map[string]any{"name": name, "domain_id": "default"})
	}
	for _, p := range people {
		id := k.create("/users", "user", map[string]any{"name": p.user, "password": hush + p.user, "domain_id": "default"})
		k.users[p.user] = id
		for role := range strings.FieldsSeq(p.roles) {
			k.api("PUT", "/projects/"+k.projects[p.project]+"/users/"+id+"/roles/"+roles[role], nil, nil, 204)
		}
	}
}

// offer registers a node as the image service, whose id it gives.
func (k *identity) offer(n *rig.Node) (service string) {
	k.t.Helper()
	service = k.create("/services", "service", map[string]any{"name": "glance", "type": "image"})
	for _, iface := range []string{"public", "internal", "admin"} {
		k.create("/endpoints", "endpoint", map[string]any{"service_id": service, "interface": iface, "region_id": "RegionOne", "url": n.Base})
	}
	return service
}

func (k *identity) create(path, kind string, what any) string {
	k.t.Helper()
	var made map[string]struct{ ID string }
	k.api("POST", path, map[string]any{kind: what}, &made, 201)
	return made[kind].ID
}

// api calls Keystone as its administrator.
func (k *identity) api(method, path string, body, into any, want int) http.Header {
	k.t.Helper()
	return k.call(k.url, k.admin, method, path, body, into, want)
}

func (k *identity) call(url, token, method, path string, body, into any, want int) http.Header {
	k.t.Helper()
	var send io.Reader
	size := 0
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			k.t.Fatal(err)
		}
		send, size = bytes.NewReader(text), len(text)
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Auth-Token": {token}}
	a, err := (&rig.Client{Base: url}).Call(k.t.Context(), method, path, header, send, int64(size))
	if err != nil || a.Status != want {
		k.t.Fatalf("%s %s: %v, %+v", method, path, err, a)
	}
	if into != nil {
		if err := json.Unmarshal(a.Body, into); err != nil {
			k.t.Fatal(err)
		}
	}
	return a.Header
}

type object = map[string]any

// login gives a token for a project.
func (k *identity) login(user, project string) string {
	k.t.Helper()
	return k.loginAt(k.url, user, object{"project": object{"name": project, "domain": object{"id": "default"}}})
}

func (k *identity) loginAt(url, user string, scope object) string {
	k.t.Helper()
	who := object{"name": user, "password": hush + user, "domain": object{"id": "default"}}
	auth := object{"identity": object{"methods": []string{"password"}, "password": object{"user": who}}}
	if scope != nil {
		auth["scope"] = scope
	}
	header := k.call(url, "", "POST", "/auth/tokens", object{"auth": auth}, nil, 201)
	return k.keep(header.Get("X-Subject-Token"))
}

func (k *identity) keep(token string) string {
	k.tokens = append(k.tokens, token)
	return token
}

// settings make a node check its tokens here, and say all it can.
func (k *identity) settings(more ...string) []string {
	return append([]string{
		"debug = true",
		"[paste_deploy] flavor = keystone",
		"[keystone_authtoken] www_authenticate_uri = " + k.url,
		"[keystone_authtoken] auth_type = password",
		"[keystone_authtoken] auth_url = " + strings.TrimSuffix(k.url, "/v3"), // to be discovered
		"[keystone_authtoken] username = glance",
		"[keystone_authtoken] password = " + hush + "glance",
		"[keystone_authtoken] project_name = service",
		"[keystone_authtoken] user_domain_name = Default",
		"[keystone_authtoken] project_domain_name = Default",
		"[keystone_authtoken] region_name = RegionOne",
		"[keystone_authtoken] service_type = image",
	}, more...)
}

// checkLogs wants nothing secret in what a node has said.
func (k *identity) checkLogs(n *rig.Node) {
	k.t.Helper()
	said := n.Server().Output()
	if !strings.Contains(said, " /v2/") {
		k.t.Error("the log does not tell of requests")
	}
	for _, token := range append(k.tokens, hush, "gAAAA", "/v3/users", "endpoints") {
		if at := strings.Index(said, token); at >= 0 {
			k.t.Errorf("the log holds %q: … %s", token, said[max(0, at-200):min(len(said), at+200)])
		}
	}
}

// as sends headers with every request.
type as http.Header

func (h as) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, values := range h {
		r.Header[name] = values
	}
	return http.DefaultTransport.RoundTrip(r)
}

// client speaks with a node as who the tokens say.
func client(n *rig.Node, token, service string) *rig.Client {
	h := as{}
	if token != "" {
		h["X-Auth-Token"] = []string{token}
	}
	if service != "" {
		h["X-Service-Token"] = []string{service}
	}
	return &rig.Client{Base: n.Base, Transport: h}
}

func startMemcached(t *testing.T) (address string) {
	t.Helper()
	port := freePort(t)
	cmd := exec.Command("memcached", "-u", "root", "-l", "127.0.0.1", "-p", port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has nothing more to do
		_ = cmd.Wait()
	})
	address = "127.0.0.1:" + port
	err := rig.Until(t.Context(), "memcached", func() bool {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return address
}
