//go:build services

package services_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"glance/test/e2e/rig"
)

// TestImportByClients imports with both commands, by both methods that a single
// store has.
func TestImportByClients(t *testing.T) {
	t.Parallel()
	n, s := rig.NewNode(t, programs(), "[import_filtering_opts] allowed_ports = []"), newShell(t)
	disk := rig.QCOW2(1, 2*mib, 5<<30)
	s.write("disk.qcow2", disk)
	web := httptest.NewServer(http.FileServer(http.Dir(s.dir)))
	t.Cleanup(web.Close)
	uri := web.URL + "/disk.qcow2"
	glance := func(args ...string) []string {
		return append([]string{"--os-image-url", n.Base, "--os-auth-token", "none", "--os-auth-url", "none"}, args...)
	}
	formats := []string{"--disk-format", "qcow2", "--container-format", "bare"}
	silent := func(args ...string) string { // not a terminal, and no data either
		return s.run("sh", append([]string{"-c", `exec glance "$@" <&-`, "sh"}, glance(args...)...)...)
	}
	isThere := func(id string) {
		t.Helper()
		n.Await(id, "active")
		n.CheckIs(id, disk)
	}

	direct := table(silent(append([]string{"image-create-via-import", "--file", "disk.qcow2", "--name", "direct"}, formats...)...))
	isThere(direct["id"])
	fetched := table(silent(append([]string{"image-create-via-import", "--import-method", "web-download", "--uri", uri, "--name", "web"}, formats...)...))
	isThere(fetched["id"])
	staged := table(silent(append([]string{"image-create", "--name", "staged"}, formats...)...))
	s.run("glance", glance("image-stage", "--file", "disk.qcow2", staged["id"])...)
	s.run("glance", glance("image-import", staged["id"], "--import-method", "glance-direct")...)
	isThere(staged["id"])
	openstack := func(args ...string) []string {
		return append([]string{"--os-auth-type", "none", "--os-endpoint", n.Base, "image"}, args...)
	}
	var made struct{ ID string }
	out := s.run("openstack", openstack(append([]string{"create", "-f", "json", "--import", "--file", "disk.qcow2", "created"}, formats...)...)...)
	n.Must(json.Unmarshal([]byte(out), &made))
	isThere(made.ID)
	queued := n.NewImageOf("later", "qcow2").ID
	// This openstack command cannot import what is there already; the older one can.
	s.run("glance", glance("image-import", queued, "--import-method", "web-download", "--uri", uri)...)
	isThere(queued)
}
