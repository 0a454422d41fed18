package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"

	"glance/test/e2e/rig"
)

// replicator runs glance-replicator.
type replicator struct{ t *testing.T }

func (r replicator) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.t.Context(), filepath.Join(programs(), "glance-replicator"), args...)
	cmd.Dir = r.t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// run gives what it prints, and what it logs.
func (r replicator) run(code int, args ...string) (stdout, stderr string) {
	r.t.Helper()
	cmd := r.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		r.t.Fatalf("%q: exit code %d, want %d\n%s%s", args, got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

func (r replicator) size(n *rig.Node, want string) {
	r.t.Helper()
	if out, _ := r.run(0, "size", host(n.Base)); out != want+"\n" {
		r.t.Errorf("size says %q, want %q", out, want)
	}
}

func host(base string) string { return strings.TrimPrefix(base, "http://") }

// document is all that a server tells about an image, but for what each server
// has of its own.
func document(t *testing.T, n *rig.Node, id string) map[string]any {
	a, err := n.Get(t.Context(), "/v2/images/"+id)
	n.Must(err)
	var doc map[string]any
	n.Must(json.Unmarshal(a.Body, &doc))
	delete(doc, "created_at")
	delete(doc, "updated_at")
	return doc
}

func sameImage(t *testing.T, from, to *rig.Node, id string) {
	t.Helper()
	if a, b := document(t, from, id), document(t, to, id); !reflect.DeepEqual(a, b) {
		t.Errorf("source\n%v\ntarget\n%v", a, b)
	}
}

// stock makes images of all kinds; the result are those with data.
func stock(t *testing.T, n *rig.Node) map[string][]byte {
	with := map[string][]byte{}
	for i, more := range []map[string]any{
		{"tags": []string{"b", "a"}, "hw_disk_bus": "virtio", "odd/na~me": "ä", "min_ram": 64, "visibility": "public"},
		{"protected": true, "visibility": "community", "owner": "somebody"},
		{"os_hidden": true, "visibility": "private", "name": nil},
	} {
		doc := map[string]any{"name": "image", "disk_format": "raw", "container_format": "bare"}
		for key, value := range more {
			doc[key] = value
		}
		img, err := n.Create(t.Context(), doc)
		n.Must(err)
		with[img.ID] = rig.Random(uint64(i), mib+i)
		n.Must(n.Put(t.Context(), img.ID, with[img.ID]))
	}
	empty := n.NewImage("empty")
	n.Must(n.Put(t.Context(), empty, nil))
	with[empty] = nil
	n.NewImage("without data")
	return with
}

func TestReplicator(t *testing.T) {
	from, to := rig.NewNode(t, programs()), rig.NewNode(t, programs())
	r := replicator{t}
	images := stock(t, from)
	r.size(from, "Total size is 3145731 bytes (3.0 MiB) across 4 images")
	if _, log := r.run(0, "compare", host(from.Base), host(to.Base)); strings.Count(log, "entirely missing from the destination") != 4 {
		t.Errorf("compare with nothing: %s", log)
	}
	r.run(0, "livecopy", "--metaonly", host(from.Base), host(to.Base))
	r.size(to, "Total size is 0 bytes (0.0 B) across 0 images")
	same := func(to *rig.Node) {
		t.Helper()
		if _, log := r.run(0, "compare", host(from.Base), host(to.Base)); log != "" {
			t.Errorf("compare after copying: %s", log)
		}
		r.size(to, "Total size is 3145731 bytes (3.0 MiB) across 4 images")
		for id, data := range images {
			sameImage(t, from, to, id)
			if got, err := to.Download(t.Context(), id); err != nil || !bytes.Equal(got, data) {
				t.Errorf("image %s has other data: %v", id, err)
			}
		}
	}
	r.run(0, "livecopy", host(from.Base), host(to.Base))
	same(to)

	// Changes go over; data and what only the target has stay.
	var one string
	for id := range images {
		one = id
	}
	patch := func(n *rig.Node, ops string) {
		t.Helper()
		header := http.Header{"Content-Type": {"application/openstack-images-v2.1-json-patch"}}
		a, err := n.Call(t.Context(), http.MethodPatch, "/v2/images/"+one, header, strings.NewReader(ops), int64(len(ops)))
		if n.Must(err); a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
	}
	patch(from, `[{"op":"replace","path":"/name","value":"renamed"},{"op":"add","path":"/a~1b","value":"new"},{"op":"replace","path":"/tags","value":["c"]}]`)
	patch(to, `[{"op":"add","path":"/theirs","value":"stays"}]`)
	if _, log := r.run(0, "compare", host(from.Base), host(to.Base)); !strings.Contains(log, one+": field name differs (source is renamed, destination is ") ||
		!strings.Contains(log, one+": field a/b differs (source is new, destination is undefined)") || !strings.Contains(log, one+": field tags differs (source is ['c'], ") {
		t.Errorf("compare after changes: %s", log)
	}
	if _, log := r.run(0, "-D", "name a/b tags created_at updated_at", "livecopy", host(from.Base), host(to.Base)); strings.Contains(log, "has changed") {
		t.Errorf("what is not to be replicated: %s", log)
	}
	if _, log := r.run(0, "livecopy", host(from.Base), host(to.Base)); strings.Count(log, "metadata has changed") != 1 {
		t.Errorf("copied changes: %s", log)
	}
	if doc := document(t, to, one); doc["theirs"] != "stays" {
		t.Errorf("what the target had: %v", doc)
	}
	patch(to, `[{"op":"remove","path":"/theirs"}]`)
	same(to)

	// Over a directory; a second dump finds nothing to do.
	dir := t.TempDir()
	r.run(0, "dump", host(from.Base), dir)
	if _, log := r.run(0, "dump", host(from.Base), dir); log != "" {
		t.Errorf("a second dump: %s", log)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 5+4 {
		t.Errorf("dump: %v, %v", files, err)
	}
	other := rig.NewNode(t, programs())
	r.run(0, "load", host(other.Base), dir)
	same(other)
	if _, log := r.run(0, "load", host(other.Base), dir); strings.Contains(log, "changed") {
		t.Errorf("a second load: %s", log)
	}
	onlyMeta := t.TempDir()
	r.run(0, "-m", "dump", host(from.Base), onlyMeta)
	if files, err := filepath.Glob(onlyMeta + "/*"); err != nil || len(files) != 5 {
		t.Errorf("dump of descriptions: %v, %v", files, err)
	}

	// An id that was deleted cannot come back.
	patch(to, `[{"op":"replace","path":"/protected","value":false}]`)
	to.Must(to.Delete(t.Context(), one))
	if _, log := r.run(0, "livecopy", host(from.Base), host(to.Base)); !strings.Contains(log, "The image "+one+" is already present on the target, but our check for it did not find it.") {
		t.Errorf("conflict: %s", log)
	}
}

// TestReplicatorLoadsOlderDumps: directories that the original wrote.
func TestReplicatorLoadsOlderDumps(t *testing.T) {
	to, dir := rig.NewNode(t, programs()), t.TempDir()
	const id = "5c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11"
	data := rig.Random(1, 5000)
	to.Must(os.WriteFile(filepath.Join(dir, id+".img"), data, 0o600))
	to.Must(os.WriteFile(filepath.Join(dir, id), []byte(`{"id": "`+id+`", "status": "active", "name": "old", "deleted": false, "container_format": "bare",
		"created_at": "2013-01-01T00:00:00.000000", "disk_format": "raw", "updated_at": "2013-01-01T00:00:00.000000", "min_disk": 0, "protected": false,
		"checksum": "`+rig.MD5(data)+`", "min_ram": 5, "owner": "tenant", "is_public": true, "deleted_at": null, "size": 5000,
		"properties": {"os_type": "linux", "kernel_id": null}}`), 0o600))
	replicator{t}.run(0, "load", host(to.Base), dir)
	to.CheckIs(id, data)
	if doc := document(t, to, id); doc["visibility"] != "public" || doc["os_type"] != "linux" || doc["owner"] != "tenant" || doc["min_ram"] != 5.0 || doc["is_public"] != nil {
		t.Errorf("%v", doc)
	}
}

// TestReplicatorBroken: data that is not what the description says becomes no
// file and no image that looks whole, and the others are done nevertheless.
func TestReplicatorBroken(t *testing.T) {
	from, to := rig.NewNode(t, programs()), rig.NewNode(t, programs())
	r := replicator{t}
	bad, good := from.NewImage("bad"), from.NewImage("good")
	data := rig.Random(1, mib)
	from.Must(from.Put(t.Context(), bad, data))
	from.Must(from.Put(t.Context(), good, data))
	file := filepath.Join(from.StoreDir(), bad)
	for what, broken := range map[string][]byte{"other": rig.Random(2, mib), "short": data[:mib/2]} {
		from.Must(os.WriteFile(file, broken, 0o600))
		dir := t.TempDir()
		if _, log := r.run(1, "dump", host(from.Base), dir); !strings.Contains(log, "1 images failed") {
			t.Errorf("%s: %s", what, log)
		}
		if files, err := filepath.Glob(dir + "/*"); err != nil || len(files) != 2 || filepath.Base(files[0]) != good {
			t.Errorf("%s: dumped %v, %v", what, files, err)
		}
		r.run(1, "livecopy", host(from.Base), host(to.Base))
		to.Await(bad, "queued")
		to.CheckIs(good, data)
	}
	from.Must(os.WriteFile(file, data, 0o600))
	r.run(0, "livecopy", host(from.Base), host(to.Base))
	to.CheckIs(bad, data)

	dir := t.TempDir()
	r.run(0, "dump", host(from.Base), dir)
	from.Must(os.WriteFile(filepath.Join(dir, bad+".img"), rig.Random(2, mib), 0o600))
	third := rig.NewNode(t, programs())
	r.run(1, "load", host(third.Base), dir)
	third.Await(bad, "queued")
	third.CheckIs(good, data)
}

// TestReplicatorKilled: a command that was killed leaves nothing that looks
// whole, and the next one does the rest.
func TestReplicatorKilled(t *testing.T) {
	from, to := rig.NewNode(t, programs()), rig.NewNode(t, programs())
	id, data := from.NewImage("large"), rig.Random(1, 8*mib)
	from.Must(from.Put(t.Context(), id, data))
	slow, stopped := throttle(t, from.Base)
	r := replicator{t}
	dir := t.TempDir()
	kill := func(when func(), args ...string) {
		t.Helper()
		cmd := r.command(args...)
		from.Must(cmd.Start())
		<-stopped
		when()
		from.Must(cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
	}
	kill(func() {}, "dump", host(slow), dir)
	for _, name := range []string{id, id + ".img"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	r.run(0, "dump", host(from.Base), dir)
	if got, err := os.ReadFile(filepath.Join(dir, id+".img")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the dump after a kill has %d bytes, %v", len(got), err)
	}
	begun := func() {
		from.Must(rig.Until(t.Context(), "the image to be made", func() bool {
			a, err := to.Client.Get(t.Context(), "/v2/images/"+id)
			return err == nil && a.Status == http.StatusOK
		}))
	}
	kill(begun, "livecopy", host(slow), host(to.Base))
	to.Await(id, "queued") // given back when its data had begun to come
	r.run(0, "livecopy", host(from.Base), host(to.Base))
	to.CheckIs(id, data)
}

// throttle is a way to a server on which the data of images stops in the middle;
// stopped tells when one has.
func throttle(t *testing.T, base string) (string, <-chan struct{}) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	stopped, end := make(chan struct{}), make(chan struct{})
	proxy := httputil.NewSingleHostReverseProxy(u)
	proxy.ModifyResponse = func(a *http.Response) error {
		if strings.HasSuffix(a.Request.URL.Path, "/file") {
			a.Body = &halting{ReadCloser: a.Body, left: 3 * mib, stopped: stopped, end: end}
		}
		return nil
	}
	s := httptest.NewServer(proxy)
	t.Cleanup(func() {
		close(end)
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL, stopped
}

// halting is a body that stands still behind left bytes.
type halting struct {
	io.ReadCloser
	left         int
	stopped, end chan struct{}
	once         sync.Once
}

func (h *halting) Read(p []byte) (int, error) {
	if h.left <= 0 {
		h.once.Do(func() { h.stopped <- struct{}{} })
		<-h.end
	}
	n, err := h.ReadCloser.Read(p[:min(len(p), max(h.left, 1))])
	h.left -= n
	return n, err
}

// TestReplicatorUsage: texts and exit codes that scripts know.
func TestReplicatorUsage(t *testing.T) {
	const hint = ` Please specify a host:port pair, where host is an IPv4 address, IPv6 address, hostname, or FQDN.`
	r := replicator{t}
	for words, want := range map[string]struct {
		code int
		text string
	}{
		"":                    {0, "Commands:\n\n    help <command>  Output help for one of the commands below\n\n    compare "},
		"help":                {0, "size            Determine the size of a glance instance if dumped to disk.\n\n"},
		"help dump":           {0, "glance-replicator dump <server:port> <path>\n\n    Dump the contents"},
		"help frob":           {1, "Unknown command: frob\n"},
		"frob":                {1, "Unknown command: frob\n"},
		"--frob":              {1, "Please specify one command\n"},
		"size":                {1, "ERROR: Too few arguments.\n"},
		"dump localhost:9292": {1, "usage: glance-replicator dump <server:port> <path>\n"},
		"size a:b":            {1, `ERROR: Host and port "a:b" is not valid.` + hint},
		"size a:70000":        {1, `ERROR: Port "70000" is not valid.` + hint},
		"livecopy a_b:1 c:1":  {1, `ERROR: Host "a_b" is not valid.` + hint},
		"size 127.0.0.1:1":    {1, "connection refused"},
		"--version":           {0, ""},
	} {
		out, errs := r.run(want.code, strings.Fields(words)...)
		if !strings.Contains(out+errs, want.text) {
			t.Errorf("%s: %s%s", words, out, errs)
		}
	}
}

// TestReplicatorTokens: a token goes to its server and nowhere else.
func TestReplicatorTokens(t *testing.T) {
	const secret = "gAAAAA-very-secret"
	var mu sync.Mutex
	seen := map[string]string{}
	var elsewhere *httptest.Server
	server := func(name string) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			mu.Lock()
			seen[name] = q.Header.Get("X-Auth-Token")
			mu.Unlock()
			if name == "redirecting" {
				http.Redirect(w, q, elsewhere.URL, http.StatusTemporaryRedirect)
				return
			}
			http.Error(w, "who are you?", http.StatusUnauthorized)
		}))
		t.Cleanup(s.Close)
		return s
	}
	elsewhere = server("elsewhere")
	redirecting, source := server("redirecting"), server("source")
	r := replicator{t}
	_, log := r.run(1, "--debug", "-t", secret, "size", host(redirecting.URL))
	_, more := r.run(1, "--debug", "--token="+secret, "livecopy", host(source.URL), host(elsewhere.URL))
	cmd := r.command("size", source.URL)
	cmd.Env = append(cmd.Env, "OS_DEFAULT__SOURCETOKEN=of the source")
	out, _ := cmd.CombinedOutput() // it fails
	mu.Lock()
	defer mu.Unlock()
	if seen["redirecting"] != secret || seen["elsewhere"] != "" || seen["source"] != "of the source" {
		t.Errorf("tokens were sent: %v", seen)
	}
	if text := log + more + string(out); strings.Contains(text, secret) || strings.Contains(text, "of the source") || !strings.Contains(text, "401 Unauthorized: who are you?") {
		t.Errorf("it says %s", text)
	}
}
