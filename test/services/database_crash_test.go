//go:build services

package services_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"glance/test/e2e/rig"
)

// TestServerKilledInTransactions: glance-api is killed again and again while
// clients change images; what was acknowledged is there, what was not is there
// whole or not at all, and the next server is not held up by the dead one's locks.
func TestServerKilledInTransactions(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, settings ...string) {
		n := rig.NewNode(t, programs(), append(settings, many)...)
		var clients []*victim
		for i := range 4 {
			clients = append(clients, &victim{t: t, id: n.NewImage(fmt.Sprint("own ", i))})
		}
		for range 5 {
			var wg sync.WaitGroup
			ctx, cancel := context.WithCancel(t.Context())
			for _, c := range clients {
				c.base, c.from = n.Base, c.sent()
				wg.Go(func() { c.run(ctx) })
			}
			for _, c := range clients {
				n.Must(rig.Until(t.Context(), "a few changes", func() bool { return c.sent() > c.from+5 }))
			}
			n.Server().Kill()
			cancel()
			wg.Wait()
			n.Start()
			for _, c := range clients {
				c.check(n)
			}
		}
		n.Check()
	}
	t.Run("sqlite", func(t *testing.T) { run(t) })
	for _, e := range engines(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			synced(t, e, "killed")
			run(t, "[database] connection = "+e.url("killed"))
		})
	}
}

// victim is a client that counts in an image until nobody answers any more.
type victim struct {
	t    *testing.T
	id   string
	base string
	from int

	mu          sync.Mutex
	tried, kept int
}

func (v *victim) sent() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.tried
}

func (v *victim) run(ctx context.Context) {
	c := rig.Client{Base: v.base, Transport: &http.Transport{}}
	for {
		v.mu.Lock()
		v.tried++
		n := v.tried
		v.mu.Unlock()
		body := fmt.Sprintf(`[{"op": "add", "path": "/count", "value": "%d"}, {"op": "replace", "path": "/tags", "value": ["t%d"]}, {"op": "replace", "path": "/min_disk", "value": %d}]`, n, n, n)
		a, err := c.Call(ctx, http.MethodPatch, "/v2/images/"+v.id, http.Header{"Content-Type": {patchType}}, strings.NewReader(body), int64(len(body)))
		switch {
		case err != nil:
			return
		case a.Status != http.StatusOK:
			v.t.Errorf("%d %s", a.Status, a.Body)
			return
		}
		v.mu.Lock()
		v.kept = n
		v.mu.Unlock()
	}
}

func (v *victim) check(n *rig.Node) {
	v.t.Helper()
	a, err := n.Get(v.t.Context(), "/v2/images/"+v.id)
	n.Must(err)
	var img struct {
		Count   string
		Tags    []string
		MinDisk int `json:"min_disk"`
	}
	if err := json.Unmarshal(a.Body, &img); err != nil {
		v.t.Fatalf("%v in %s", err, a.Body)
	}
	if img.Count != fmt.Sprint(img.MinDisk) || len(img.Tags) != 1 || img.Tags[0] != "t"+img.Count || img.MinDisk < v.kept || img.MinDisk > v.tried {
		v.t.Errorf("image %+v, though %d was acknowledged last and %d sent last", img, v.kept, v.tried)
	}
}
