//go:build services

package services_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"glance/test/e2e/rig"
)

// longest is what no call may exceed, whatever the database does: far more
// than the 30 seconds after which a call stops waiting for a connection.
const longest = 2 * time.Minute

// politeness is how long a client waits after a refusal.
const politeness = 50 * time.Millisecond

// load are clients that change images over and over, each one of its own and
// all of them a common one, and remember what they were promised.
type load struct {
	t       *testing.T
	node    *rig.Node
	common  string
	clients []*loader
	stop    chan struct{}
	once    sync.Once
	all     sync.WaitGroup
}

// loader is one of the clients.
type loader struct {
	*load
	n       int
	own     string // its image, whose property counts
	tried   int
	kept    int      // the last number that was acknowledged
	tags    []string // of the common image that were acknowledged
	rounds  atomic.Int64
	refused atomic.Int64
}

// startLoad starts clients, and waits until each has done everything once.
func startLoad(t *testing.T, n *rig.Node, clients int) *load {
	t.Helper()
	l := &load{t: t, node: n, common: n.NewImage("common"), stop: make(chan struct{})}
	t.Cleanup(l.halt)
	for i := range clients {
		c := &loader{load: l, n: i, own: n.NewImage(fmt.Sprint("own ", i))}
		l.clients = append(l.clients, c)
		l.all.Go(c.run)
	}
	l.await("a first round of all clients", 1, func(c *loader) int64 { return c.rounds.Load() })
	return l
}

// await waits until something of every client has grown by so much.
func (l *load) await(what string, by int64, of func(*loader) int64) {
	l.t.Helper()
	var from []int64
	for _, c := range l.clients {
		from = append(from, of(c))
	}
	ctx, cancel := context.WithTimeout(l.t.Context(), 2*longest)
	defer cancel()
	for i, c := range l.clients {
		for of(c) < from[i]+by {
			select {
			case <-ctx.Done():
				l.t.Fatalf("waited in vain for %s; client %d: %d rounds, %d refusals", what, i, c.rounds.Load(), c.refused.Load())
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}

func (l *load) awaitRounds(n int64) {
	l.t.Helper()
	l.await("more rounds of all clients", n, func(c *loader) int64 { return c.rounds.Load() })
}

func (l *load) awaitRefusals(n int64) {
	l.t.Helper()
	l.await("more refusals of all clients", n, func(c *loader) int64 { return c.refused.Load() })
}

func (l *load) halt() {
	l.once.Do(func() { close(l.stop) })
	l.all.Wait()
}

// end stops the clients and looks for what was promised.
func (l *load) end() {
	l.t.Helper()
	l.halt()
	var want []string
	for _, c := range l.clients {
		var img struct{ Count, Twice string }
		l.show(c.own, &img)
		var got int
		if _, err := fmt.Sscan(img.Count, &got); err != nil || got < c.kept || got > c.tried || img.Twice != img.Count {
			l.t.Errorf("client %d: %+v (%v), though %d was acknowledged last and %d sent last", c.n, img, err, c.kept, c.tried)
		}
		want = append(want, c.tags...)
	}
	var img struct{ Tags []string }
	l.show(l.common, &img)
	for _, tag := range want {
		if !slices.Contains(img.Tags, tag) {
			l.t.Errorf("tag %s of the common image was acknowledged and is not there", tag)
		}
	}
}

func (l *load) show(id string, into any) {
	l.t.Helper()
	a, err := l.node.Get(l.t.Context(), "/v2/images/"+id)
	if err != nil || a.Status != http.StatusOK {
		l.t.Fatalf("image %s: %+v, %v", id, a, err)
	}
	if err := json.Unmarshal(a.Body, into); err != nil {
		l.t.Fatal(err)
	}
}

// settled waits until the node has settled what failed, without being started
// again, and looks whether anything is left: images are queued or active and the
// store has their data only.
func (l *load) settled() {
	l.t.Helper()
	l.node.AwaitSettled()
	l.node.Check()
}

func (c *loader) run() {
	for {
		select {
		case <-c.stop:
			return
		default:
			if c.round() {
				c.rounds.Add(1)
				continue
			}
			c.refused.Add(1)
			time.Sleep(politeness)
		}
	}
}

// round does everything once; false says that the service was not available.
func (c *loader) round() bool {
	ok := c.call("GET", "/v2/images/"+c.own, "", "", 200) != nil
	ok = c.call("GET", "/v2/images?limit=3", "", "", 200) != nil && ok
	ok = c.count() && ok
	tag := fmt.Sprintf("%d-%d", c.n, c.tried)
	if c.call("PUT", "/v2/images/"+c.common+"/tags/"+tag, "", "", 204) != nil {
		c.tags = append(c.tags, tag)
	} else {
		ok = false
	}
	return c.life() && ok
}

// count writes the next number into two properties in one PATCH.
func (c *loader) count() bool {
	c.tried++
	body := fmt.Sprintf(`[{"op": "add", "path": "/count", "value": "%d"}, {"op": "add", "path": "/twice", "value": "%d"}]`, c.tried, c.tried)
	if c.call("PATCH", "/v2/images/"+c.own, patchType, body, 200) == nil {
		return false
	}
	c.kept = c.tried
	return true
}

// life makes an image, fills it, reads it and deletes it.
func (c *loader) life() bool {
	var img rig.Image
	a := c.call("POST", "/v2/images", "application/json", `{"disk_format": "raw", "container_format": "bare"}`, 201)
	if a == nil {
		return false
	}
	if err := json.Unmarshal(a.Body, &img); err != nil {
		c.t.Error(err)
	}
	path, data := "/v2/images/"+img.ID, rig.Random(uint64(c.n), 100<<10)
	if c.call("PUT", path+"/file", rig.OctetStream, string(data), 204) == nil {
		return false
	}
	if a = c.call("GET", path+"/file", "", "", 200); a == nil {
		return false
	}
	if !bytes.Equal(a.Body, data) {
		c.t.Errorf("%d bytes of image %s are not those that were sent", len(a.Body), img.ID)
	}
	return c.call("DELETE", path, "", "", 204) != nil
}

// call wants a status, or the answer that the database is not available: then
// it gives nil. Anything else, and silence, is an error.
func (c *loader) call(method, path, kind, body string, want int) *rig.Answer {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.t.Context()), longest)
	defer cancel()
	header := http.Header{}
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	a, err := c.node.Call(ctx, method, path, header, r, int64(len(body)))
	switch {
	case err != nil:
		c.t.Errorf("%s %s: %v", method, path, err)
	case a.Status == want:
		return a
	case a.Status != http.StatusServiceUnavailable:
		c.t.Errorf("%s %s: %d %s, want %d or 503", method, path, a.Status, a.Body, want)
	}
	return nil
}
