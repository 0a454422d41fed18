package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// leak is in every secret of these tests, and may be in nothing that a server
// prints.
const leak = "s3cr3t"

const secretConfig = `[DEFAULT]
debug = true
bind_host = 127.0.0.1
bind_port = 0
node_staging_uri = file://DIR/staging
transport_url = rabbit://glance:s3cr3t-1@127.0.0.1:5672/,glance:s3cr3t-2@127.0.0.2:5672/
metadata_encryption_key = s3cr3t-key-of-16
admin_password = s3cr3t-3
public_endpoint = http://user:s3cr3t-4@images.example.com/
swift_store_key = s3cr3t-5
rabbit_password = s3cr3t-6
[database]
connection = sqlite:///DIR/glance.sqlite
slave_connection = mysql+pymysql://glance:s3cr3t-7@db.example.com/glance
[glance_store]
stores = file,http
filesystem_store_datadir = DIR/images
s3_store_secret_key = s3cr3t-8
s3_store_access_key = s3cr3t-9
swift_store_auth_address = http://u:s3cr3t-10@127.0.0.1/v1.0
http_proxy_information = http:user:s3cr3t-25@proxy:3128
[ref1]
user = a:b
key = s3cr3t-11
[keystone_authtoken]
auth_url = http://127.0.0.1:9/v3
username = glance
password = s3cr3t-12
memcache_secret_key = s3cr3t-13
admin_token = s3cr3t-14
memcache_password = s3cr3t-15
[oslo_limit]
password = s3cr3t-16
[profiler]
hmac_keys = s3cr3t-17
connection_string = redis://:s3cr3t-18@127.0.0.1:6379
[oslo_policy]
policy_file = DIR/policy.yaml
policy_dirs = DIR/policy.d
[oslo_reports]
log_dir = DIR/reports
[oslo_messaging_rabbit]
rabbit_password = s3cr3t-19
[oslo_messaging_notifications]
transport_url = rabbit://glance:s3cr3t-20@127.0.0.1:5672/
`

const secretPaste = `[composite:glance-api]
paste.composite_factory = glance.api:root_app_factory
/: guarded
/open: opened
[pipeline:guarded]
pipeline = authtoken context v2
[pipeline:opened]
pipeline = unauthenticated v2
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
password = s3cr3t-21
delay_auth_decision = false
[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
[filter:unauthenticated]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory
[app:v2]
paste.app_factory = glance.api.v2.router:API.factory
`

func laySecrets(t *testing.T) (dir, conf string) {
	t.Helper()
	dir = t.TempDir()
	conf = dir + "/glance-api.conf"
	writeFile(t, conf, "%s", strings.ReplaceAll(secretConfig, "DIR", dir))
	writeFile(t, dir+"/glance-api-paste.ini", "%s", secretPaste)
	if err := os.Mkdir(dir+"/reports", 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, conf
}

// secretEnvironment sets options by the environment.
func secretEnvironment() []string {
	return []string{
		"OS_OSLO_LIMIT__USERNAME=glance", "OS_OSLO_LIMIT__PASSWORD=s3cr3t-22", "OS_DEFAULT__ADMIN_PASSWORD=s3cr3t-23",
		"OS_OSLO_MESSAGING_NOTIFICATIONS__TRANSPORT_URL=rabbit://u:s3cr3t-24@h/",
	}
}

func quiet(t *testing.T, what, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.Contains(line, leak) {
			t.Errorf("%s tells: %s", what, line)
		}
	}
}

// TestNoSecretIsPrinted: with secrets in files, argv, environment and requests,
// nothing that a server prints at level DEBUG holds one: not at start, for
// requests, at reloads that work or fail, in reports and at the end.
func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	dir, conf := laySecrets(t)
	cmd := command(t, "glance-api", "--debug", "--config-file", conf, "--sql-connection", "sqlite:///"+dir+"/glance.sqlite")
	cmd.Env = append(cmd.Env, secretEnvironment()...)
	p := startCommand(t, cmd)
	if !strings.Contains(p.out.String(), "keystone_authtoken.password") {
		t.Error("the options were not dumped")
	}
	send := func(method, path, contentType, body string) {
		t.Helper()
		req, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"X-Auth-Token", "X-Storage-Token", "X-Service-Token", "Authorization", "Cookie", "X-Service-Catalog"} {
			req.Header.Set(name, leak+"-header")
		}
		req.Header.Set("Content-Type", contentType)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	send("GET", "/images", "", "") // asks an identity service that is not there
	send("POST", "/open/images", "application/json", `{"name": "a", "disk_format": "raw", "container_format": "bare"}`)
	id := "6f0a4d2c-7b1a-4d7e-9d60-0d6d0b6a4a11"
	send("POST", "/open/images", "application/json", `{"id": "`+id+`", "disk_format": "raw", "container_format": "bare"}`)
	for _, url := range []string{"http://user:" + leak + "@127.0.0.1:9/x", "swift+https://t:u:" + leak + "@h/c/o", "file:///etc/" + leak} {
		send("PATCH", "/open/images/"+id, "application/openstack-images-v2.1-json-patch",
			`[{"op": "add", "path": "/locations/-", "value": {"url": "`+url+`", "metadata": {}}}]`)
		send("POST", "/open/images/"+id+"/locations", "application/json", `{"url": "`+url+`"}`)
		send("POST", "/open/images/"+id+"/import", "application/json", `{"method": {"name": "web-download", "uri": "`+url+`"}}`)
	}
	p.reload(reloadedLine)
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"metadata_encryption_key = s3cr3t-short", "[keystone_authtoken]\npassword\n s3cr3t", "[database]\nmax_retries = mysql://a:s3cr3t@h/b"} {
		writeFile(t, conf, "%s[DEFAULT]\n%s\n", text, wrong)
		p.reload(refusedLine)
	}
	p.signal(syscall.SIGUSR2)
	p.until("the report", func() bool {
		reports, _ := filepath.Glob(dir + "/reports/*")
		return len(reports) == 1 && strings.Contains(p.out.String(), "wrote a report")
	})
	p.stop()
	reports, _ := filepath.Glob(dir + "/reports/*")
	report, err := os.ReadFile(reports[0])
	if err != nil || !strings.Contains(string(report), "keystone_authtoken.password") {
		t.Errorf("the report has no options: %v", err)
	}
	quiet(t, "the report", string(report))
	quiet(t, "the log", p.out.String())
}

// TestNoSecretInRefusals: neither a start that fails nor --check-config tells.
func TestNoSecretInRefusals(t *testing.T) {
	t.Parallel()
	_, conf := laySecrets(t)
	for _, args := range [][]string{
		{"--sql-connection", "oracle://scott:" + leak + "@127.0.0.1:9/glance"},
		{"--sql-connection", "mysql+pymysql://glance:" + leak + "@127.0.0.1:9/glance?connect_timeout=1"},
		{"--sql-connection=postgresql://glance:" + leak + "@127.0.0.1:9/glance"},
		{"--sql-connection", "sqlite:////does/not/exist/x.sqlite"},
		{"--sql-connexion=mysql://a:" + leak + "@h/b"},
		{"--check-config"},
		{"--check-config", "--sql-connection", "mysql://glance:" + leak + "@127.0.0.1:9/glance"},
	} {
		cmd := command(t, "glance-api", append([]string{"--debug", "--config-file", conf}, args...)...)
		cmd.Env = append(cmd.Env, append(secretEnvironment(), "OS_DATABASE__MAX_RETRIES=0")...)
		code, stdout, stderr := outcome(t, cmd)
		if (code == 0) != (len(args) == 1 && args[0] == "--check-config") {
			t.Errorf("%q: exit code %d\n%s", args, code, stderr)
		}
		quiet(t, strings.Join(args, " "), stdout+stderr)
	}
}
