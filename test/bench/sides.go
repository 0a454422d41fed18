package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"glance/test/e2e/rig"
)

// headers say who calls, where no filter checks tokens.
func headers(project, roles string) http.Header {
	return http.Header{
		"X-Identity-Status": {"Confirmed"}, "X-User-Id": {"user-" + project}, "X-Project-Id": {project}, "X-Tenant-Id": {project}, "X-Roles": {roles},
	}
}

// as adds headers to every request.
type as http.Header

// RoundTrip implements http.RoundTripper.
func (a as) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, values := range a {
		r.Header[name] = values
	}
	return http.DefaultTransport.RoundTrip(r)
}

// withoutTokens copies a paste file without the filter that checks tokens.
func withoutTokens(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, bytes.ReplaceAll(text, []byte(" authtoken"), nil), 0o600)
}

// launchOurs starts our glance-api on a database.
func launchOurs(ctx context.Context, dir, name, url string) (s side, err error) {
	home := filepath.Join(dir, name)
	if err := os.MkdirAll(home, 0o755); err != nil {
		return s, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return s, err
	}
	paste, conf := filepath.Join(home, "paste.ini"), filepath.Join(home, "glance-api.conf")
	if err := withoutTokens("etc/glance-api-paste.ini", paste); err != nil {
		return s, err
	}
	text := fmt.Sprintf(`[DEFAULT]
bind_host = 127.0.0.1
bind_port = %[4]d
node_staging_uri = file://%[1]s/staging
enabled_backends = file:file
[database]
connection = %[2]s
[glance_store]
default_backend = file
[file]
filesystem_store_datadir = %[1]s/images
[oslo_policy]
policy_file = %[1]s/policy.yaml
policy_dirs = %[1]s/policy.d
[paste_deploy]
flavor = keystone
config_file = %[3]s
[task]
work_dir = %[1]s/tasks
`, home, url, paste, port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return s, err
	}
	d, err := startDaemon(filepath.Join(home, "log"), nil, filepath.Join(dir, "glance-api"), "--config-file", conf)
	s = side{d, fmt.Sprintf("http://127.0.0.1:%d", port)}
	if err != nil {
		return s, err
	}
	return s, s.wait(ctx)
}

// side is a running server.
type side struct {
	daemon
	base string
}

// wait waits until the server answers.
func (s *side) wait(ctx context.Context) error {
	client := rig.Client{Base: s.base}
	err := rig.Until(ctx, s.base, func() bool {
		_, err := client.Get(ctx, "/versions")
		return err == nil
	})
	if err != nil {
		return s.explain(err)
	}
	return nil
}

const uwsgiINI = `[uwsgi]
plugins = python3
master = true
die-on-term = true
lazy-apps = true
enable-threads = true
thunder-lock = true
paste-logger = true
buffer-size = 65535
rem-header = Content-Length
http-auto-chunked = true
http-chunked-input = true
http-raw-body = true
wsgi-manage-chunked-input = true
add-header = Connection: close
processes = 2
threads = 8
http-socket = 127.0.0.1:%d
wsgi-file = /usr/bin/glance-wsgi-api
`

// launchOriginal starts the original's API under uWSGI, with the options of
// its package.
func launchOriginal(ctx context.Context, dir, name, url string) (s side, err error) {
	home := filepath.Join(dir, name)
	for _, sub := range []string{"etc", "staging", "tasks", "images"} {
		if err := os.MkdirAll(filepath.Join(home, sub), 0o755); err != nil {
			return s, err
		}
	}
	port, err := freePort(ctx)
	if err != nil {
		return s, err
	}
	paste := "/usr/share/glance/glance-api-paste.ini"
	if _, err := os.Stat(paste); err != nil {
		paste = "/etc/glance/glance-api-paste.ini"
	}
	if err := withoutTokens(paste, filepath.Join(home, "etc/glance-api-paste.ini")); err != nil {
		return s, err
	}
	text := fmt.Sprintf("[DEFAULT]\nenabled_backends = file:file\n[database]\nconnection = %[2]s\n[glance_store]\ndefault_backend = file\n"+
		"[file]\nfilesystem_store_datadir = %[1]s/images\n[os_glance_staging_store]\nfilesystem_store_datadir = %[1]s/staging\n"+
		"[os_glance_tasks_store]\nfilesystem_store_datadir = %[1]s/tasks\n[paste_deploy]\nflavor = keystone\n", home, url)
	if err := os.WriteFile(filepath.Join(home, "etc/glance-api.conf"), []byte(text), 0o600); err != nil {
		return s, err
	}
	ini := filepath.Join(home, "uwsgi.ini")
	if err := os.WriteFile(ini, fmt.Appendf(nil, uwsgiINI, port), 0o600); err != nil {
		return s, err
	}
	d, err := startDaemon(filepath.Join(home, "log"), []string{"OS_GLANCE_CONFIG_DIR=" + filepath.Join(home, "etc"), "HOME=" + home}, "uwsgi", "--ini", ini)
	s = side{d, fmt.Sprintf("http://127.0.0.1:%d", port)}
	if err != nil {
		return s, err
	}
	return s, s.wait(ctx)
}
