//go:build services

package services_test

import (
	"net/http"
	"syscall"
	"testing"

	"glance/test/e2e/rig"
)

// many tags may be needed by as many rounds as there is time for.
const many = "image_tag_quota = -1"

// TestDatabaseOutage: the database goes away under load, in order or as in a
// power cut, and comes back. Meanwhile whatever needs it is answered with 503;
// afterwards all is well without a restart, and nothing that was acknowledged
// is lost.
func TestDatabaseOutage(t *testing.T) {
	t.Parallel()
	for _, e := range enduring(t) {
		for name, sig := range map[string]syscall.Signal{"stopped": e.gently, "killed": syscall.SIGKILL} {
			t.Run(e.name+" "+name, func(t *testing.T) {
				e.t = t
				synced(t, e, "outage")
				n := rig.NewNode(t, programs(), "[database] connection = "+e.url("outage"), many)
				l := startLoad(t, n, 4)
				early, late := startUpload(t, n), startUpload(t, n)

				e.stop(sig)
				l.awaitRefusals(200) // ten seconds, at the least
				if a := early.finish(t); a.Status != http.StatusServiceUnavailable {
					t.Errorf("an upload that ends in the outage: %d %s", a.Status, a.Body)
				}
				if a, err := n.Get(t.Context(), "/healthcheck"); err != nil || a.Status != http.StatusOK {
					t.Errorf("the health of the node itself: %+v, %v", a, err)
				}
				e.start()
				l.awaitRounds(3)
				if a := late.finish(t); a.Status != http.StatusNoContent {
					t.Errorf("an upload that lasts longer than the outage: %d %s", a.Status, a.Body)
				}
				l.end()
				l.settled()
			})
		}
	}
}

// pending is an upload that is half way.
type pending struct {
	gate   *rig.Gate
	answer chan *rig.Answer
}

func startUpload(t *testing.T, n *rig.Node) *pending {
	t.Helper()
	data := rig.Random(9, 2*mib)
	p := &pending{gate: rig.NewGate(data, mib), answer: make(chan *rig.Answer, 1)}
	id := n.NewImage("pending")
	go func() {
		a, err := n.Upload(t.Context(), id, p.gate, int64(len(data)))
		if err != nil {
			t.Error(err)
			a = &rig.Answer{}
		}
		p.answer <- a
	}()
	<-p.gate.Reached
	n.Await(id, "saving")
	return p
}

func (p *pending) finish(t *testing.T) *rig.Answer {
	t.Helper()
	p.gate.Open()
	return <-p.answer
}

// TestDatabaseReconnect: with use_db_reconnect a short outage is only slow.
// What was being committed is the exception: nobody knows whether it was.
func TestDatabaseReconnect(t *testing.T) {
	t.Parallel()
	for _, e := range enduring(t) {
		t.Run(e.name, func(t *testing.T) {
			e.t = t
			synced(t, e, "again")
			n := rig.NewNode(t, programs(), "[database] connection = "+e.url("again"), many,
				"[database] use_db_reconnect = true", "[database] db_max_retries = -1", "[database] db_max_retry_interval = 1")
			l := startLoad(t, n, 4)
			for range 2 {
				e.stop(syscall.SIGKILL)
				e.start()
				l.awaitRounds(2)
			}
			l.end()
			for _, c := range l.clients {
				if got := c.refused.Load(); got > 2 {
					t.Errorf("client %d was refused %d times in two outages", c.n, got)
				}
			}
			l.settled()
		})
	}
}
