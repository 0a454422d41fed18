//go:build services

package services_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// keystoneRegistry: an API brings a registry that checks tokens those of its
// callers, or one of its own.
func keystoneRegistry(t *testing.T, k *identity) {
	s := newShell(t)
	var conf bytes.Buffer
	for _, line := range k.settings("bind_host = 127.0.0.1", "bind_port = 0", "[database] connection = sqlite:///"+s.path("registry.sqlite")) {
		section, option, found := strings.Cut(line, "] ")
		if !found {
			section, option = "[DEFAULT", line
		}
		conf.WriteString(section + "]\n" + option + "\n")
	}
	s.write("glance-registry.conf", conf.Bytes())
	registry, err := rig.Start(t.Context(), rig.Command{
		Path: filepath.Join(programs(), "glance-registry"), Args: []string{"--config-file", s.path("glance-registry.conf")}, Dir: s.dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Kill)
	host, port, _ := strings.Cut(strings.TrimPrefix(registry.URL, "http://"), ":")
	behind := []string{"data_api = glance.db.registry.api", "registry_host = " + host, "registry_port = " + port}

	data := rig.Random(5, mib)
	work := func(c *rig.Client) string {
		t.Helper()
		img, err := c.Create(t.Context(), map[string]any{"name": "far", "disk_format": "raw", "container_format": "bare"})
		if err == nil {
			err = c.Put(t.Context(), img.ID, data)
		}
		var back []byte
		if err == nil {
			back, err = c.Download(t.Context(), img.ID)
		}
		if err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%v; %d bytes came back", err, len(back))
		}
		return img.ID
	}
	theirs := rig.NewNode(t, programs(), k.settings(behind...)...)
	id := work(client(theirs, k.login("member", "demo"), ""))
	a, err := client(theirs, k.login("stranger", "alt_demo"), "").Get(t.Context(), "/v2/images/"+id)
	if err != nil || a.Status != http.StatusNotFound {
		t.Errorf("a stranger: %v, %+v", err, a)
	}
	for _, url := range []string{k.url, strings.TrimSuffix(k.url, "3") + "2.0", strings.TrimSuffix(k.url, "/v3")} {
		own := rig.NewNode(t, programs(), append([]string{
			"debug = true", "use_user_token = false", "auth_strategy = keystone", "auth_url = " + url,
			"admin_user = glance", "admin_password = " + hush + "glance", "admin_tenant_name = service",
		}, behind...)...)
		work(own.Client)
		k.checkLogs(own)
		own.Stop()
	}
}
