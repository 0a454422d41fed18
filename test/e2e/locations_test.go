package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"glance/test/e2e/rig"
)

// web is a server with the data of an image. The first transfer stands still in
// the middle.
type web struct {
	*httptest.Server
	data    []byte
	stalled chan struct{} // closed when it does
	gets    atomic.Int64
}

func newWeb(t *testing.T, data []byte) *web {
	t.Helper()
	w := &web{data: data, stalled: make(chan struct{})}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Length", strconv.Itoa(len(w.data)))
	if r.Method == http.MethodHead {
		return
	}
	if w.gets.Add(1) > 1 {
		_, _ = rw.Write(w.data)
		return
	}
	_, _ = rw.Write(w.data[:len(w.data)/2])
	_ = http.NewResponseController(rw).Flush()
	close(w.stalled)
	<-r.Context().Done()
}

// TestHashResumed: a server that ends, in whatever way, while it hashes a
// location that an image was given, goes on with that at its next start.
func TestHashResumed(t *testing.T) {
	for name, end := range map[string]func(*rig.Node){
		"killed":  func(n *rig.Node) { n.Server().Kill() },
		"stopped": (*rig.Node).Stop,
	} {
		t.Run(name, func(t *testing.T) {
			n := rig.NewNode(t, programs(), "worker_self_reference_url = http://one.example")
			data := rig.Random(7, 2*mib)
			w := newWeb(t, data)
			id := n.NewImage("elsewhere")
			addLocation(t, n, id, w.URL+"/disk")
			<-w.stalled
			img, err := n.Show(t.Context(), id)
			n.Must(err)
			if img.Status != "active" || img.HashAlgo != "sha512" || img.HashValue != "" {
				t.Fatalf("while its data is read the image is %+v", img)
			}
			end(n)
			n.Start()
			n.Must(rig.Until(t.Context(), "the hash of the image", func() bool {
				img, err = n.Show(t.Context(), id)
				n.Must(err)
				return img.HashValue != ""
			}))
			if img.Status != "active" || img.HashValue != rig.SHA512(data) || img.Checksum != rig.MD5(data) {
				t.Errorf("the image became %+v", img)
			}
			n.Must(rig.Until(t.Context(), "the task to end", func() bool {
				tasks, err := n.Get(t.Context(), "/v2/images/"+id+"/tasks")
				n.Must(err)
				return strings.Contains(string(tasks.Body), `"success"`)
			}))
			n.Must(n.Delete(t.Context(), id))
		})
	}
}

func addLocation(t *testing.T, n *rig.Node, id, url string) {
	t.Helper()
	body := `{"url": "` + url + `"}`
	header := http.Header{"Content-Type": {"application/json"}}
	answer, err := n.Call(t.Context(), http.MethodPost, "/v2/images/"+id+"/locations", header, strings.NewReader(body), int64(len(body)))
	n.Must(err)
	if answer.Status != http.StatusAccepted {
		t.Fatalf("add a location: %d %s", answer.Status, answer.Body)
	}
}
