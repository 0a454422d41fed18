package e2e_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/test/e2e/rig"
)

// address is the URL under which other nodes know a node. Its server may have
// another one after each start.
type address struct {
	URL string

	server *httptest.Server
	mu     sync.Mutex
	to     *rig.Node
	seen   []string // method and path, request id of the answer, of each request
}

func newAddress(t *testing.T) *address {
	t.Helper()
	a := &address{}
	a.server = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			base, err := url.Parse(a.node().Base)
			if err != nil {
				t.Error(err)
			}
			r.SetURL(base)
		},
		ErrorLog: log.New(io.Discard, "", 0), // that a is down is a part of the tests
		ModifyResponse: func(answer *http.Response) error {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.seen = append(a.seen, answer.Request.Method+" "+answer.Request.URL.Path+" "+answer.Header.Get("X-Openstack-Request-Id"))
			return nil
		},
	})
	t.Cleanup(a.server.Close)
	a.URL = a.server.URL
	return a
}

func (a *address) node() *rig.Node {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.to
}

func (a *address) leadTo(n *rig.Node) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.to = n
}

// pair is two nodes that know how other nodes reach them.
type pair struct {
	a, b     *rig.Node
	addressA *address
}

func newPair(t *testing.T) *pair {
	t.Helper()
	shared := t.TempDir()
	addressA, addressB := newAddress(t), newAddress(t)
	p := &pair{addressA: addressA}
	p.a = rig.NewNodeAt(t, programs(), shared, "worker_self_reference_url = "+addressA.URL)
	p.b = rig.NewNodeAt(t, programs(), shared, "worker_self_reference_url = "+addressB.URL+"/")
	addressA.leadTo(p.a)
	addressB.leadTo(p.b)
	return p
}

// stage makes an image whose data is staged on a.
func (p *pair) stage(t *testing.T) string {
	t.Helper()
	id := p.b.NewImage("staged")
	header := http.Header{"Content-Type": {rig.OctetStream}}
	answer, err := p.a.Call(t.Context(), http.MethodPut, "/v2/images/"+id+"/stage", header, strings.NewReader("data"), 4)
	p.a.Must(err)
	if answer.Status != http.StatusNoContent || !p.staged(id) {
		t.Fatalf("stage: %d %s", answer.Status, answer.Body)
	}
	return id
}

func (p *pair) staged(id string) bool {
	_, err := os.Stat(filepath.Join(p.a.Dir, "staging", id))
	return err == nil
}

// delete asks b to delete an image, and compares the answer and what is left.
func (p *pair) delete(t *testing.T, id string, status int, staged bool) *rig.Answer {
	t.Helper()
	answer, err := p.b.Call(t.Context(), http.MethodDelete, "/v2/images/"+id, http.Header{"Accept": {"application/json"}}, nil, 0)
	p.b.Must(err)
	if answer.Status != status {
		t.Errorf("got %d, want %d: %s", answer.Status, status, answer.Body)
	}
	if p.staged(id) != staged {
		t.Errorf("staged data is there: %v", !staged)
	}
	left, err := p.b.Get(t.Context(), "/v2/images/"+id)
	p.b.Must(err)
	if there := left.Status == http.StatusOK; there != (status != http.StatusNoContent) {
		t.Errorf("image after the deletion: %d", left.Status)
	}
	return answer
}

// wantReplay checks that b asked a once, and gave its request id on.
func (p *pair) wantReplay(t *testing.T, id string, answer *rig.Answer) {
	t.Helper()
	p.addressA.mu.Lock()
	defer p.addressA.mu.Unlock()
	if want := []string{"DELETE /v2/images/" + id + " " + answer.Header.Get("X-Openstack-Request-Id")}; !slices.Equal(p.addressA.seen, want) {
		t.Errorf("a was asked for %q, want %q", p.addressA.seen, want)
	}
}

// TestDeleteStagedElsewhere: the data that one node has staged goes when any
// node deletes the image.
func TestDeleteStagedElsewhere(t *testing.T) {
	p := newPair(t)
	id := p.stage(t)
	p.wantReplay(t, id, p.delete(t, id, http.StatusNoContent, false))
}

func TestDeleteStagedOnDeadNode(t *testing.T) {
	p := newPair(t)
	refused, closed := p.stage(t), p.stage(t)
	p.a.Stop()
	p.delete(t, refused, http.StatusNoContent, true) // 502 of what stands before a
	p.addressA.server.Close()
	p.delete(t, closed, http.StatusNoContent, true)

	// When a is back it removes what is old enough, if the image is deleted.
	kept := filepath.Join(p.a.Dir, "staging", p.b.NewImage("kept"))
	p.a.Must(os.WriteFile(kept, nil, 0o600))
	hour := time.Now().Add(-time.Hour)
	for _, path := range []string{filepath.Join(p.a.Dir, "staging", refused), filepath.Join(p.a.Dir, "staging", closed), kept} {
		p.a.Must(os.Chtimes(path, hour, hour))
	}
	p.a.Start()
	p.a.Must(rig.Until(t.Context(), "the staged data of deleted images to go", func() bool {
		return !p.staged(refused) && !p.staged(closed)
	}))
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the data of a live image: %v", err)
	}
}

// TestDeleteStagedElsewhereRefused: what the other node refuses is refused.
func TestDeleteStagedElsewhereRefused(t *testing.T) {
	p := newPair(t)
	id := p.stage(t)
	p.a.Stop()
	p.a.Must(os.WriteFile(filepath.Join(p.a.Dir, "policy.yaml"), []byte(`"delete_image": "!"`), 0o600))
	p.a.Start()
	answer := p.delete(t, id, http.StatusForbidden, true)
	if !strings.Contains(string(answer.Body), "You are not authorized to complete delete_image action.") {
		t.Errorf("got %s", answer.Body)
	}
	p.wantReplay(t, id, answer)
}

// TestDeleteStagedNowhere: a node that was given another URL asks itself, once.
func TestDeleteStagedNowhere(t *testing.T) {
	p := newPair(t)
	id := p.stage(t)
	p.addressA.leadTo(p.b)
	p.wantReplay(t, id, p.delete(t, id, http.StatusNoContent, true))
}
