package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"glance/test/e2e/rig"
)

// openFilter lets web-download read from this machine.
const openFilter = "[import_filtering_opts] allowed_ports = []"

// ask sends an import; it must be taken on.
func ask(t *testing.T, n *rig.Node, id string, body any) *rig.Answer {
	t.Helper()
	text, err := json.Marshal(body)
	n.Must(err)
	answer, err := n.Call(t.Context(), http.MethodPost, "/v2/images/"+id+"/import", nil, bytes.NewReader(text), int64(len(text)))
	n.Must(err)
	if answer.Status != http.StatusAccepted {
		t.Fatalf("import: %d %s", answer.Status, answer.Body)
	}
	return answer
}

func byName(name, uri string) any {
	method := map[string]string{"name": name}
	if uri != "" {
		method["uri"] = uri
	}
	return map[string]any{"method": method}
}

func stage(t *testing.T, n *rig.Node, id string, data []byte) {
	t.Helper()
	answer, err := n.Call(t.Context(), http.MethodPut, "/v2/images/"+id+"/stage", http.Header{"Content-Type": {rig.OctetStream}},
		bytes.NewReader(data), int64(len(data)))
	n.Must(err)
	if answer.Status != http.StatusNoContent {
		t.Fatalf("stage: %d %s", answer.Status, answer.Body)
	}
}

// wantNothingStaged: the staging area is empty but for what a store needs.
func wantNothingStaged(t *testing.T, n *rig.Node) {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(n.Dir, "staging"))
	n.Must(err)
	for _, entry := range list {
		if !entry.IsDir() {
			t.Errorf("%s is left in the staging area", entry.Name())
		}
	}
}

// serving is a web server with one page, which comes through a gate.
func serving(t *testing.T, body io.Reader, size int) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = io.Copy(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/data"
}

func TestImport(t *testing.T) {
	n := rig.NewNode(t, programs(), openFilter)
	data := rig.Random(1, 3*mib)
	id := n.NewImage("direct")
	stage(t, n, id, data)
	ask(t, n, id, byName("glance-direct", ""))
	n.Await(id, "active")
	web := n.NewImage("web")
	ask(t, n, web, byName("web-download", serving(t, bytes.NewReader(data), len(data))))
	n.Await(web, "active")
	n.CheckIs(id, data)
	n.CheckIs(web, data)
	n.Stop() // waits for what the imports have still to do
	wantNothingStaged(t, n)
}

// TestEndDuringDownload: an import that the end of the server cuts is taken back,
// by the server itself or by the next one.
func TestEndDuringDownload(t *testing.T) {
	for _, kill := range []bool{true, false} {
		n := rig.NewNode(t, programs(), openFilter)
		data := rig.Random(2, 4*mib)
		gate := rig.NewGate(data, 2*mib)
		id := n.NewImage("web")
		ask(t, n, id, byName("web-download", serving(t, gate, len(data))))
		n.Await(id, "importing")
		if kill {
			n.Server().Kill()
		} else {
			n.Stop()
		}
		gate.Open()
		n.Start()
		wantNothingStaged(t, n)
		n.CheckUnharmed(id)
		wantTasks(t, n, id, "failure")
	}
}

func wantTasks(t *testing.T, n *rig.Node, id string, status string) {
	t.Helper()
	answer, err := n.Get(t.Context(), "/v2/images/"+id+"/tasks")
	n.Must(err)
	var list struct{ Tasks []struct{ Status string } }
	n.Must(json.Unmarshal(answer.Body, &list))
	if len(list.Tasks) != 1 || list.Tasks[0].Status != status {
		t.Errorf("tasks are %s", answer.Body)
	}
}

// TestKilledDuringImports kills the server while it imports what is staged, at
// places that no plan of ours has chosen.
func TestKilledDuringImports(t *testing.T) {
	n := rig.NewNode(t, programs(), openFilter)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	const rounds, images, size = 6, 3, 6 * mib
	for round := range rounds {
		var ids []string
		for i := range images {
			id := n.NewImage("crash")
			stage(t, n, id, rig.Random(uint64(round*images+i), size))
			ids = append(ids, id)
		}
		for _, id := range ids {
			ask(t, n, id, byName("glance-direct", ""))
		}
		killWhenStored(t, n, rng.Int64N(2*images*size)-images*size/2)
		n.Start()
		for _, id := range ids {
			img, err := n.Show(t.Context(), id)
			n.Must(err)
			if img.Status == "uploading" { // it had not begun: what was staged is there
				ask(t, n, id, byName("glance-direct", ""))
				n.Await(id, "active")
			}
		}
		n.Check()
		for _, id := range ids {
			n.Must(n.Delete(t.Context(), id))
		}
		wantNothingStaged(t, n)
		if t.Failed() {
			t.FailNow() // more rounds would only repeat it
		}
	}
}

// killWhenStored kills the server when the store has so many bytes, or at once,
// or when the imports are done.
func killWhenStored(t *testing.T, n *rig.Node, bytes int64) {
	t.Helper()
	n.Must(rig.Until(t.Context(), "the imports to be under way", func() bool {
		var stored int64
		for _, name := range n.Files() {
			if info, err := os.Stat(filepath.Join(n.StoreDir(), name)); err == nil {
				stored += info.Size()
			}
		}
		list, err := n.List(t.Context())
		n.Must(err)
		busy := false
		for _, img := range list {
			busy = busy || img.Status == "importing" || img.Status == "uploading"
		}
		return stored >= bytes || !busy
	}))
	n.Server().Kill()
}

// TestImportStagedElsewhere: any node imports what one of them has staged.
func TestImportStagedElsewhere(t *testing.T) {
	p := newPair(t)
	id := p.stage(t)
	answer := ask(t, p.b, id, byName("glance-direct", ""))
	p.b.Await(id, "active")
	p.b.CheckIs(id, []byte("data"))
	if p.staged(id) {
		p.a.Stop()
		wantNothingStaged(t, p.a)
	}
	p.addressA.mu.Lock()
	defer p.addressA.mu.Unlock()
	want := "POST /v2/images/" + id + "/import " + answer.Header.Get("X-Openstack-Request-Id")
	if len(p.addressA.seen) != 1 || p.addressA.seen[0] != want {
		t.Errorf("a was asked for %q, want %q", p.addressA.seen, want)
	}
}

func TestImportStagedOnDeadNode(t *testing.T) {
	p := newPair(t)
	id := p.stage(t)
	p.addressA.server.Close()
	body := []byte(`{"method": {"name": "glance-direct"}}`)
	answer, err := p.b.Call(t.Context(), http.MethodPost, "/v2/images/"+id+"/import", nil, bytes.NewReader(body), int64(len(body)))
	p.b.Must(err)
	if answer.Status != http.StatusGatewayTimeout {
		t.Errorf("got %d %s", answer.Status, answer.Body)
	}
	p.b.Await(id, "uploading")
}
