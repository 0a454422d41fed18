package app_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// outcome runs a program to its end.
func outcome(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, errout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errout
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errout.String()
}

const checkedConfig = `[DEFAULT]
bind_port = 9292
node_staging_uri = file://DIR/staging
[database]
connection = sqlite:///DIR/glance.sqlite
[glance_store]
filesystem_store_datadir = DIR/images/deep
[oslo_policy]
policy_file = DIR/policy.yaml
policy_dirs = DIR/policy.d
`

// TestCheckConfig: --check-config finds what a start would fail at, says where,
// ends with the start's exit code, and makes nothing.
func TestCheckConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		settings string
		files    map[string]string
		code     int
		says     []string // on standard error
	}{
		"valid":    {code: 0, says: []string{"WARNING: the database is empty; a start makes its tables"}},
		"values":   {settings: "[DEFAULT]\napi_limit_max = x\nbacklog = 0\n", code: 5, says: []string{"a.conf:12", "a.conf:13"}},
		"unknown":  {settings: "[DEFAULT]\nbind_prot = 1\n", code: 0, says: []string{"a.conf:12", "bind_prot"}},
		"paste":    {settings: "[pipeline:glance-api]\npipeline = nothing apiv2app\n[app:apiv2app]\npaste.app_factory = glance.api.v2.router:API.factory\n", code: 1, says: []string{"a.conf:11", `no section "nothing"`}},
		"policy":   {files: map[string]string{"policy.yaml": "get_image: ["}, code: 4, says: []string{"policy.yaml"}},
		"store":    {settings: "[glance_store]\nstores = file\ndefault_store = http\n", code: 3, says: []string{"Store for scheme http not found"}},
		"database": {files: map[string]string{"glance.sqlite": "this is no database, however long it is"}, code: 1, says: []string{"ERROR: "}},
		"uploads": {
			settings: "[DEFAULT]\nuser_storage_quota = 1 GB\nhashing_algorithm = crc\nuse_keystone_limits = true\n", code: 4,
			says: []string{"user_storage_quota", "crc", "[oslo_limit] auth_url is missing"},
		},
		"certificate": {settings: "[DEFAULT]\ncert_file = none\nkey_file = none\n", code: 1, says: []string{"Unable to find cert_file : none"}},
		"several": {
			settings: "[DEFAULT]\ncert_file = none\nkey_file = none\n[glance_store]\ndefault_store = http\nstores = file\n",
			files:    map[string]string{"policy.yaml": "get_image: ["}, code: 1,
			says: []string{"Unable to find cert_file", "policy.yaml", "Store for scheme http not found"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir+"/a.conf", "%s", strings.ReplaceAll(checkedConfig, "DIR", dir)+tt.settings)
			for file, text := range tt.files {
				writeFile(t, filepath.Join(dir, file), "%s", text)
			}
			code, stdout, stderr := outcome(t, command(t, "glance-api", "--check-config", "--config-file", dir+"/a.conf"))
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, want := range tt.says {
				if !strings.Contains(stderr, want) {
					t.Errorf("no word of %q", want)
				}
			}
			if valid := "glance-api: the configuration is valid\n"; (stdout == valid) != (code == 0) {
				t.Errorf("standard output %q", stdout)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1+len(tt.files) {
				t.Errorf("it made something: %v, %v", entries, err)
			}
			if t.Failed() {
				t.Log(stderr)
			}
		})
	}
}

// TestCheckConfigOfRegistry: the other server has it too.
func TestCheckConfigOfRegistry(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir+"/a.conf", "%s", strings.ReplaceAll(checkedConfig, "DIR", dir))
	if code, stdout, stderr := outcome(t, command(t, "glance-registry", "--check-config", dir+"/a.conf")); code != 0 {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	writeFile(t, dir+"/a.conf", "[database]\n")
	if code, _, stderr := outcome(t, command(t, "glance-registry", "--check-config", dir+"/a.conf")); code != 1 || !strings.Contains(stderr, "connection") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}
