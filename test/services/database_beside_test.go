//go:build services

package services_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"glance/test/e2e/rig"
)

// theOriginal starts the original's API under uWSGI on a database and a
// directory of images; callers are who their headers say.
func theOriginal(t *testing.T, e *engine, database, store string) (base string) {
	t.Helper()
	s := newShell(t)
	s.run("mkdir", "etc", "staging", "tasks")
	s.write("etc/glance-api.conf", []byte("[DEFAULT]\nenabled_backends = file:file\n[database]\nconnection = "+e.url(database)+
		"\n[glance_store]\ndefault_backend = file\n[file]\nfilesystem_store_datadir = "+store+
		"\n[os_glance_staging_store]\nfilesystem_store_datadir = "+s.path("staging")+
		"\n[os_glance_tasks_store]\nfilesystem_store_datadir = "+s.path("tasks")+"\n[paste_deploy]\nflavor = keystone\n"))
	paste, err := os.ReadFile("/usr/share/glance/glance-api-paste.ini")
	if os.IsNotExist(err) {
		paste, err = os.ReadFile("/etc/glance/glance-api-paste.ini")
	}
	if err != nil {
		t.Fatal(err)
	}
	s.write("etc/glance-api-paste.ini", bytes.ReplaceAll(paste, []byte(" authtoken"), nil))
	port := freePort(t)
	log, err := os.Create(s.path("log"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("uwsgi.ini", []byte("[uwsgi]\nplugins = python3\nmaster = true\ndie-on-term = true\nlazy-apps = true\nenable-threads = true\nthunder-lock = true\n"+
		"buffer-size = 65535\nrem-header = Content-Length\nhttp-auto-chunked = true\nhttp-chunked-input = true\nhttp-raw-body = true\n"+
		"wsgi-manage-chunked-input = true\nadd-header = Connection: close\nprocesses = 1\nthreads = 4\n"+
		"http-socket = 127.0.0.1:"+port+"\nwsgi-file = /usr/bin/glance-wsgi-api\n"))
	cmd := exec.Command("uwsgi", "--ini", s.path("uwsgi.ini"))
	cmd.Env = append(os.Environ(), "OS_GLANCE_CONFIG_DIR="+s.path("etc"), "HOME="+s.dir)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the original: %s", s.read("log"))
		}
	})
	base = "http://127.0.0.1:" + port
	for range patience {
		if resp, err := http.Get(base + "/versions"); err == nil {
			_ = resp.Body.Close()
			return base
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the original does not answer: %s", s.read("log"))
	return ""
}

// caller speaks with a server as a member of a project.
func caller(base, project string) *rig.Client {
	return &rig.Client{Base: base, Transport: as{
		"X-Identity-Status": {"Confirmed"}, "X-User-Id": {"user-" + project}, "X-Project-Id": {project},
		"X-Tenant-Id": {project}, "X-Roles": {"member,reader"},
	}}
}

// besides starts the original and ours on one database and one store.
func besides(t *testing.T, settings ...string) (e *engine, theirs string, ours *rig.Node) {
	t.Helper()
	e = startMariaDB(t)
	e.create("beside")
	e.original("beside", "db", "sync")
	paste := e.path("paste.ini")
	text, err := os.ReadFile("../../etc/glance-api-paste.ini")
	if err != nil {
		t.Fatal(err)
	}
	e.write("paste.ini", bytes.ReplaceAll(text, []byte(" authtoken"), nil))
	shared := t.TempDir()
	ours = rig.NewNodeAt(t, programs(), shared, append(settings, "[database] connection = "+e.url("beside"), "[paste_deploy] flavor = keystone",
		"[paste_deploy] config_file = "+paste, "enabled_backends = file:file", "[glance_store] default_backend = file",
		"[file] filesystem_store_datadir = "+shared+"/images")...)
	return e, theOriginal(t, e, "beside", ours.StoreDir()), ours
}

// TestDatabaseBesideTheOriginal: the original and ours serve one database and
// one store at the same time, and what one does is right on the other.
func TestDatabaseBesideTheOriginal(t *testing.T) {
	t.Parallel()
	_, theirs, n := besides(t)
	sides := map[string][2]string{"made by the original": {theirs, n.Base}, "made by ours": {n.Base, theirs}}
	for name, side := range sides {
		t.Run(name, func(t *testing.T) {
			lifeOnTwoSides(t, caller(side[0], "demo"), caller(side[1], "demo"), caller(side[1], "other"))
		})
	}
	original, ours := caller(theirs, "demo"), caller(n.Base, "demo")
	t.Run("changes at once", func(t *testing.T) { changesAtOnce(t, original, ours) })
	t.Run("uploads at once", func(t *testing.T) { uploadsAtOnce(t, n, original, ours) })
	t.Run("deletes at once", func(t *testing.T) { deletesAtOnce(t, n, original, ours) })
	t.Run("members at once", func(t *testing.T) { membersAtOnce(t, original, ours) })
}

// call wants a status and gives the body.
func call(t *testing.T, c *rig.Client, method, path, kind, body string, status int) string {
	t.Helper()
	header := http.Header{}
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	a, err := c.Call(t.Context(), method, path, header, r, int64(len(body)))
	if err != nil || a.Status != status {
		t.Fatalf("%s %s on %s: %+v, %v; want %d", method, path, c.Base, a, err, status)
	}
	return string(a.Body)
}

const patchType = "application/openstack-images-v2.1-json-patch"

// sameOn compares an image as both show it.
func sameOn(t *testing.T, a, b *rig.Client, id string) {
	t.Helper()
	mine, theirs := call(t, a, "GET", "/v2/images/"+id, "", "", 200), call(t, b, "GET", "/v2/images/"+id, "", "", 200)
	if m, th := asObject(t, mine), asObject(t, theirs); m != th {
		t.Errorf("shown differently:\n%s\n%s", m, th)
	}
}

func asMap(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// asObject spells a document in one way. The original shows tags as its
// database happens to find them.
func asObject(t *testing.T, text string) string {
	t.Helper()
	v := asMap(t, text)
	if tags, ok := v["tags"].([]any); ok {
		slices.SortFunc(tags, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func lifeOnTwoSides(t *testing.T, maker, other, stranger *rig.Client) {
	img, err := maker.Create(t.Context(), map[string]any{
		"name": "é", "disk_format": "raw", "container_format": "bare", "p": "v", "q": "w", "tags": []string{"b", "a"}, "min_disk": 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	path := "/v2/images/" + img.ID
	sameOn(t, maker, other, img.ID)
	data := rig.Random(7, 3*mib)
	if err := other.Put(t.Context(), img.ID, data); err != nil {
		t.Fatal(err)
	}
	got, err := maker.Download(t.Context(), img.ID)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("downloaded %d bytes, %v", len(got), err)
	}
	sameOn(t, maker, other, img.ID)
	call(t, maker, "PATCH", path, patchType, `[{"op": "remove", "path": "/p"}, {"op": "replace", "path": "/q", "value": "x"}, {"op": "replace", "path": "/tags", "value": ["c"]}]`, 200)
	sameOn(t, maker, other, img.ID)
	call(t, other, "PATCH", path, patchType, `[{"op": "add", "path": "/p", "value": "again"}, {"op": "replace", "path": "/name", "value": "n"}]`, 200)
	sameOn(t, maker, other, img.ID)
	call(t, stranger, "GET", path, "", "", 404)
	call(t, maker, "POST", path+"/members", "application/json", `{"member": "other"}`, 200)
	call(t, stranger, "GET", path, "", "", 200)
	call(t, stranger, "PUT", path+"/members/other", "application/json", `{"status": "accepted"}`, 200)
	for _, c := range []*rig.Client{maker, other} {
		if body := call(t, c, "GET", path+"/members", "", "", 200); !strings.Contains(body, `"accepted"`) {
			t.Errorf("members on %s: %s", c.Base, body)
		}
	}
	call(t, other, "DELETE", path+"/members/other", "", "", 204)
	call(t, stranger, "GET", path, "", "", 404)
	call(t, maker, "POST", path+"/actions/deactivate", "", "", 204)
	call(t, other, "GET", path+"/file", "", "", 403)
	sameOn(t, maker, other, img.ID)
	call(t, other, "POST", path+"/actions/reactivate", "", "", 204)
	sameOn(t, maker, other, img.ID)
	call(t, other, "DELETE", path, "", "", 204)
	call(t, maker, "GET", path, "", "", 404)
	call(t, maker, "DELETE", path, "", "", 404)
}
