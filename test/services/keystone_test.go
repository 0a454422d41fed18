//go:build services

package services_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestKeystone is everything that needs a real identity service. It starts one,
// because starting takes longer than the tests.
func TestKeystone(t *testing.T) {
	t.Parallel()
	k := newIdentity(t)
	n := rig.NewNode(t, programs(), k.settings("[keystone_authtoken] token_cache_time = 5")...)
	k.offer(n)
	t.Run("life", func(t *testing.T) { keystoneLife(t, k) })
	t.Run("sharing", func(t *testing.T) { keystoneSharing(t, k) })
	t.Run("denials", func(t *testing.T) { keystoneDenials(t, k, n) })
	t.Run("tokens", func(t *testing.T) { keystoneTokens(t, k, n) })
	t.Run("registry", func(t *testing.T) { keystoneRegistry(t, k) })
	t.Run("limits", func(t *testing.T) { keystoneLimits(t, k) })
	t.Run("outage", func(t *testing.T) { keystoneOutage(t, k, n) })
	k.checkLogs(n)
}

// openstack are the arguments of the command for a user.
func (k *identity) openstack(user, project string, args ...string) []string {
	return append([]string{
		"--os-auth-url", k.url, "--os-identity-api-version", "3", "--os-username", user, "--os-password", hush + user,
		"--os-project-name", project, "--os-user-domain-name", "Default", "--os-project-domain-name", "Default",
		"--os-region-name", "RegionOne", "image",
	}, args...)
}

type shownImage struct {
	ID, Name, Status, Checksum, Owner, Visibility string
	Properties                                    map[string]any
	Tags                                          []string
}

// keystoneLife leads an image through its life as a user would.
func keystoneLife(t *testing.T, k *identity) {
	s := newShell(t)
	os := func(args ...string) []string { return k.openstack("member", "demo", args...) }
	disk := rig.Random(1, 2*mib+7)
	s.write("disk.raw", disk)
	var img shownImage
	s.json(&img, "openstack", os("create", "-f", "json", "--file", "disk.raw", "--disk-format", "raw", "--container-format", "bare", "--tag", "try", "first")...)
	s.run("openstack", os("set", "--property", "os_type=linux", "--name", "second", "first")...)
	s.json(&img, "openstack", os("show", "-f", "json", "second")...)
	if img.Status != "active" || img.Checksum != rig.MD5(disk) || img.Owner != k.projects["demo"] || img.Visibility != "shared" || img.Properties["os_type"] != "linux" || len(img.Tags) != 1 {
		t.Errorf("shown: %+v", img)
	}
	s.run("openstack", os("save", "--file", "back.raw", "second")...)
	if !bytes.Equal(s.read("back.raw"), disk) {
		t.Error("what is saved is not what was created")
	}
	s.run("openstack", os("set", "--deactivate", "second")...)
	if _, stderr, err := s.try("openstack", os("save", "--file", "again.raw", "second")...); err == nil || !strings.Contains(stderr, "Unable to download image") {
		t.Errorf("deactivated, and saved: %v %s", err, stderr)
	}
	s.run("openstack", os("set", "--activate", "second")...)
	if out := s.run("openstack", os("list", "-f", "value", "-c", "ID")...); strings.TrimSpace(out) != img.ID {
		t.Errorf("listed: %s", out)
	}
	if out := s.run("openstack", k.openstack("reader", "demo", "list", "-f", "value", "-c", "ID")...); strings.TrimSpace(out) != img.ID {
		t.Errorf("listed for the reader: %s", out)
	}
	s.run("openstack", os("delete", "second")...)
	if out := s.run("openstack", os("list", "-f", "value", "-c", "ID")...); strings.TrimSpace(out) != "" {
		t.Errorf("listed after the end: %s", out)
	}
}

// keystoneSharing gives another project an image, and takes it back.
func keystoneSharing(t *testing.T, k *identity) {
	s := newShell(t)
	mine := func(args ...string) []string { return k.openstack("member", "demo", args...) }
	theirs := func(args ...string) []string { return k.openstack("stranger", "alt_demo", args...) }
	disk := rig.Random(2, mib)
	s.write("disk.raw", disk)
	var img shownImage
	s.json(&img, "openstack", mine("create", "-f", "json", "--file", "disk.raw", "--disk-format", "raw", "--container-format", "bare", "--shared", "lent")...)
	hidden := func(when string) {
		t.Helper()
		if _, stderr, err := s.try("openstack", theirs("show", img.ID)...); err == nil || !strings.Contains(stderr, "No Image found") {
			t.Errorf("%s: %v %s", when, err, stderr)
		}
	}
	hidden("not shared")
	s.run("openstack", mine("add", "project", img.ID, k.projects["alt_demo"])...)
	s.run("openstack", theirs("show", img.ID)...) // by id, before it is accepted
	if out := s.run("openstack", theirs("list", "-f", "value", "-c", "ID")...); strings.Contains(out, img.ID) {
		t.Error("listed before it is accepted")
	}
	s.run("openstack", theirs("set", "--accept", img.ID)...)
	if out := s.run("openstack", theirs("list", "-f", "value", "-c", "ID")...); !strings.Contains(out, img.ID) {
		t.Errorf("not listed though accepted:\n%s", out)
	}
	s.run("openstack", theirs("save", "--file", "lent.raw", img.ID)...)
	if !bytes.Equal(s.read("lent.raw"), disk) {
		t.Error("what is lent is not what was created")
	}
	for _, args := range [][]string{{"delete", img.ID}, {"set", "--name", "stolen", img.ID}} {
		if _, stderr, err := s.try("openstack", theirs(args...)...); err == nil || !strings.Contains(stderr, "403") {
			t.Errorf("%s of what is lent: %v %s", args[0], err, stderr)
		}
	}
	s.run("openstack", mine("remove", "project", img.ID, k.projects["alt_demo"])...)
	hidden("taken back")
	s.run("openstack", mine("delete", img.ID)...)
}

// keystoneDenials: what each role may not do.
func keystoneDenials(t *testing.T, k *identity, n *rig.Node) {
	member := client(n, k.login("member", "demo"), "")
	reader := client(n, k.login("reader", "demo"), "")
	boss := client(n, k.login("boss", "demo"), "")
	stranger := client(n, k.login("stranger", "alt_demo"), "")
	own, err := member.Create(t.Context(), object{"name": "own", "visibility": "private", "disk_format": "raw", "container_format": "bare"})
	n.Must(err)
	n.Must(member.Put(t.Context(), own.ID, rig.Random(3, 1000)))
	patch := func(op string) string { return `[{"op": "replace", "path": "/visibility", "value": "` + op + `"}]` }
	tests := []struct {
		who          string
		client       *rig.Client
		method, path string
		body         string
		want         int
	}{
		{"reader", reader, "POST", "/v2/images", `{}`, 403},
		{"reader", reader, "GET", "/v2/images/ID", "", 200},
		{"reader", reader, "GET", "/v2/images/ID/file", "", 403},
		{"reader", reader, "PATCH", "/v2/images/ID", patch("shared"), 403},
		{"reader", reader, "DELETE", "/v2/images/ID", "", 403},
		{"member", member, "PATCH", "/v2/images/ID", patch("public"), 403},
		{"member", member, "POST", "/v2/images", `{"visibility": "public"}`, 403},
		{"member", member, "POST", "/v2/images", `{"owner": "` + k.projects["alt_demo"] + `"}`, 403},
		{"stranger", stranger, "GET", "/v2/images/ID", "", 404},
		{"stranger", stranger, "DELETE", "/v2/images/ID", "", 404},
		{"stranger", stranger, "GET", "/v2/images/ID/file", "", 404},
		{"boss", boss, "PATCH", "/v2/images/ID", patch("public"), 200},
		{"stranger", stranger, "GET", "/v2/images/ID", "", 200},
		{"stranger", stranger, "GET", "/v2/images/ID/file", "", 200},
		{"stranger", stranger, "DELETE", "/v2/images/ID", "", 403},
		{"boss", boss, "DELETE", "/v2/images/ID", "", 204},
	}
	for _, tt := range tests {
		header := http.Header{"Content-Type": {"application/json"}}
		if tt.method == "PATCH" {
			header.Set("Content-Type", "application/openstack-images-v2.1-json-patch")
		}
		a, err := tt.client.Call(t.Context(), tt.method, strings.Replace(tt.path, "ID", own.ID, 1), header, strings.NewReader(tt.body), int64(len(tt.body)))
		n.Must(err)
		if a.Status != tt.want {
			t.Errorf("%s: %s %s: %d %s, want %d", tt.who, tt.method, tt.path, a.Status, a.Body, tt.want)
		}
	}
	for name, c := range map[string]*rig.Client{"nobody": client(n, "", ""), "a bad token": client(n, "gAAAAABnonsense", "")} {
		a, err := c.Call(t.Context(), "GET", "/v2/images", http.Header{"X-Identity-Status": {"Confirmed"}, "X-Roles": {"admin"}}, nil, 0)
		n.Must(err)
		if a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != `Keystone uri="`+k.url+`"` {
			t.Errorf("%s: %d %v", name, a.Status, a.Header)
		}
	}
}

// keystoneTokens: tokens that end, service tokens, application credentials,
// other scopes.
func keystoneTokens(t *testing.T, k *identity, n *rig.Node) {
	short := "http://127.0.0.1:" + freePort(t) + "/v3" // the same Keystone, whose tokens live for 3 seconds
	k.configure("short", 3)
	defer k.serve("short", short)()
	demo := object{"project": object{"name": "demo", "domain": object{"id": "default"}}}
	status := func(token, service string) int {
		t.Helper()
		a, err := client(n, token, service).Get(t.Context(), "/v2/images")
		n.Must(err)
		return a.Status
	}
	var token string
	n.Must(rig.Until(t.Context(), "a token to be in time", func() bool { // a busy machine may take longer
		token = k.loginAt(short, "member", demo)
		return status(token, "") == http.StatusOK
	}))
	n.Must(rig.Until(t.Context(), "the token to expire", func() bool { return status(token, "") == http.StatusUnauthorized }))
	nova, other := k.login("nova", "service"), k.login("stranger", "alt_demo")
	if got := status(token, nova); got != http.StatusOK {
		t.Errorf("expired, with a service token: %d", got)
	}
	if got := status(token, other); got != http.StatusUnauthorized {
		t.Errorf("expired, with somebody's token: %d", got)
	}
	if got := status(token, ""); got != http.StatusUnauthorized {
		t.Errorf("expired, after a service brought it: %d", got)
	}

	mine := k.login("member", "demo")
	var made struct {
		Credential struct{ ID, Secret string } `json:"application_credential"`
	}
	k.call(k.url, mine, "POST", "/users/"+k.users["member"]+"/application_credentials", object{"application_credential": object{
		"name": "narrow", "secret": hush + "narrow",
		"access_rules": []object{{"service": "image", "method": "GET", "path": "/v2/images"}, {"service": "image", "method": "GET", "path": "/v2/schemas/*"}},
	}}, &made, 201)
	header := k.call(k.url, "", "POST", "/auth/tokens", object{"auth": object{"identity": object{
		"methods": []string{"application_credential"}, "application_credential": object{"id": made.Credential.ID, "secret": hush + "narrow"},
	}}}, nil, 201)
	narrow := k.keep(header.Get("X-Subject-Token"))
	for path, want := range map[string]int{"/v2/images": 200, "/v2/schemas/image": 200, "/v2/info/import": 401, "/v2/images/x": 401} {
		a, err := client(n, narrow, "").Get(t.Context(), path)
		n.Must(err)
		if a.Status != want {
			t.Errorf("with access rules: %s: %d", path, a.Status)
		}
	}

	system := k.loginAt(k.url, "admin", object{"system": object{"all": true}})
	if got := status(system, ""); got != http.StatusForbidden {
		t.Errorf("a token of the system: %d", got)
	}
	unscoped := k.loginAt(k.url, "member", nil)
	if got := status(unscoped, ""); got != http.StatusForbidden {
		t.Errorf("a token without scope: %d", got)
	}
}

// keystoneOutage: what is remembered works on, what is not is refused, two
// nodes remember together, and nobody is restarted.
func keystoneOutage(t *testing.T, k *identity, n *rig.Node) {
	memcached := startMemcached(t)
	shared := k.settings("[keystone_authtoken] memcached_servers = "+memcached,
		"[keystone_authtoken] memcache_security_strategy = ENCRYPT", "[keystone_authtoken] memcache_secret_key = "+hush+"key",
		"[keystone_authtoken] http_connect_timeout = 5", "[keystone_authtoken] http_request_max_retries = 0")
	a, b := rig.NewNode(t, programs(), shared...), rig.NewNode(t, programs(), shared...)
	known, unknown := k.login("member", "demo"), k.login("reader", "demo")
	want := func(when string, n *rig.Node, token string, status int) {
		t.Helper()
		got, err := client(n, token, "").Get(t.Context(), "/v2/images")
		n.Must(err)
		if got.Status != status {
			t.Errorf("%s: %d %s", when, got.Status, got.Body)
		}
	}
	want("before", a, known, 200)
	k.stop()
	want("down, remembered", a, known, 200)
	want("down, remembered by the other node", b, known, 200)
	want("down, not remembered", a, unknown, 401)
	want("down, not remembered", b, unknown, 401)
	k.stop = k.serve("etc", k.url)
	want("up again", a, unknown, 200)
	want("up again", b, unknown, 200)
	want("up again, another node", n, unknown, 200)
	k.checkLogs(a)
	k.checkLogs(b)
}
