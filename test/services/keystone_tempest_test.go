//go:build services

package services_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// notYet is the list of tests that cannot pass because what they test is not
// built: one name a line, # begins a comment.
const notYet = "tempest-notyet"

var tempestTests = flag.String("tempest", `^(tempest\.api\.image\.|tempest\.scenario\.test_unified_limits\.|glance_tempest_plugin\.)`, "which tests TestTempest runs")

// TestTempest runs OpenStack's own tests of the Images API, with real users in
// a real Keystone: all pass but those of the list, and those of the list fail.
// The limits that Keystone keeps hold, but bother only the tests about them.
func TestTempest(t *testing.T) {
	t.Parallel()
	k := newIdentity(t)
	k.readSystem("glance")
	n := rig.NewNode(t, programs(), k.limited("[oslo_limit] endpoint_service_type = image", "[oslo_limit] endpoint_region_name = RegionOne",
		"[import_filtering_opts] allowed_ports = []")...)
	service := k.offer(n)
	for _, resource := range []string{"image_size_total", "image_stage_total", "image_count_total", "image_count_uploading"} {
		k.api("POST", "/registered_limits", object{"registered_limits": []object{
			{"service_id": service, "region_id": "RegionOne", "resource_name": resource, "default_limit": -1},
		}}, nil, 201)
	}
	k.api("POST", "/roles", object{"role": object{"name": "creator"}}, nil, 201) // one that means nothing to us
	definitions, err := filepath.Abs(root + "/etc/metadefs")
	n.Must(err)
	k.s.run("glance-manage", "--config-file", n.Config(), "db", "load_metadefs", "--path", definitions) // tempest wants some resource type
	web := httptest.NewServer(http.FileServer(http.Dir(k.s.dir)))
	t.Cleanup(web.Close)
	k.s.run("mkdir", "tempest", "locks")
	k.s.write("disk.raw", rig.Random(4, mib))
	k.s.run("qemu-img", "create", "-q", "-f", "qcow2", "disk.qcow2", "8M")
	k.s.write("tempest/tempest.conf", fmt.Appendf(nil, tempestConf, k.s.dir, k.url, hush+"admin", web.URL))
	k.s.run("python3", "-m", "stestr", "init")
	_, _, err = k.s.try("env", "TEMPEST_CONFIG_DIR="+k.s.path("tempest"), "OS_TEST_TIMEOUT=300", "python3", "-m", "stestr",
		"--test-path", "/usr/lib/python3/dist-packages/tempest/test_discover", "--top-dir", "/usr/lib/python3/dist-packages",
		"run", "--concurrency", "2", *tempestTests)
	last, stderr, _ := k.s.try("python3", "-m", "stestr", "last") // tells by its code what err says
	if !strings.Contains(last, " - Passed: ") {
		t.Fatalf("tempest did not run: %v\n%s%s", err, last, stderr)
	}
	t.Log(last[strings.Index(last, "======\nTotals"):])
	failing, _, _ := k.s.try("python3", "-m", "stestr", "failing", "--list")
	failed, expected := names(failing), names(string(mustRead(t, notYet)))
	for _, name := range failed {
		if !slices.Contains(expected, name) {
			t.Errorf("%s fails:\n%s", name, partOf(last, name))
		}
	}
	wanted := regexp.MustCompile(*tempestTests)
	for _, name := range expected {
		if !wanted.MatchString(name) {
			continue
		}
		if !slices.Contains(failed, name) {
			t.Errorf("%s is in the list %s, and passes or is not run", name, notYet)
		}
	}
	k.checkLogs(n)
}

const tempestConf = `[DEFAULT]
log_dir = %[1]s/tempest
[oslo_concurrency]
lock_path = %[1]s/locks
[auth]
admin_username = admin
admin_password = %[3]s
admin_project_name = admin
admin_domain_name = Default
use_dynamic_credentials = True
create_isolated_networks = False
[identity]
auth_version = v3
uri_v3 = %[2]s
region = RegionOne
admin_role = admin
default_domain_id = default
[service_available]
glance = True
nova = False
neutron = False
cinder = False
swift = False
horizon = False
[validation]
run_validation = False
[image]
http_image = %[4]s/disk.raw
http_qcow2_image = %[4]s/disk.qcow2
build_timeout = 60
[image-feature-enabled]
import_image = True
os_glance_reserved = True
manage_locations = False
[enforce_scope]
glance = True
`

// names are the tests in a list, without the numbers that tempest gives them.
func names(list string) []string {
	var out []string
	for line := range strings.Lines(list) {
		line, _, _ = strings.Cut(line, "#")
		name, _, _ := strings.Cut(strings.TrimSpace(line), "[")
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// heading is where stestr begins to tell of a test.
var heading = regexp.MustCompile(`(?m)^\S.*\n(\[.*\]\n)?-{5,}$`)

// partOf is the end of what stestr says of a test: its traceback.
func partOf(last, name string) string {
	const most = 3000
	at := strings.Index(last, "\n"+name)
	if at < 0 {
		return last
	}
	part := last[at+1:]
	part = part[len(heading.FindString(part)):]
	if next := heading.FindStringIndex(part); next != nil {
		part = part[:next[0]]
	}
	return part[max(0, len(part)-most):]
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
