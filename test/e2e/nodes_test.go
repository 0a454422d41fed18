package e2e_test

import (
	"net/http"
	"sync"
	"testing"

	"glance/test/e2e/rig"
)

// Two nodes share database and store directory, as an installation with NFS does.

func TestTwoNodes(t *testing.T) {
	shared := t.TempDir()
	nodes := []*rig.Node{rig.NewNodeAt(t, programs(), shared), rig.NewNodeAt(t, programs(), shared)}
	const images = 8
	var all sync.WaitGroup
	for i := range images {
		all.Go(func() {
			made, other := nodes[i%2], nodes[(i+1)%2]
			img, err := made.Create(t.Context(), map[string]any{"name": "shared", "disk_format": "raw", "container_format": "bare"})
			if err != nil {
				t.Error(err)
				return
			}
			if err := other.Put(t.Context(), img.ID, rig.Random(uint64(i), mib)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, n := range nodes {
		if got := n.Check(); len(got) != images {
			t.Errorf("%d images, want %d", len(got), images)
		}
	}
	for i, img := range nodes[0].Check() {
		nodes[i%2].Must(nodes[i%2].Delete(t.Context(), img.ID))
	}
	nodes[1].Check()
}

// TestOtherNodeRestarts: what one node cleans up at its start is its own.
func TestOtherNodeRestarts(t *testing.T) {
	shared := t.TempDir()
	a, b := rig.NewNodeAt(t, programs(), shared), rig.NewNodeAt(t, programs(), shared)
	data := rig.Random(1, 6*mib)
	onA, onB := a.NewImage("on a"), b.NewImage("on b")
	sendA := send(t, a, onA, data, 4*mib, int64(len(data)))
	sendB := send(t, b, onB, data, 4*mib, int64(len(data)))
	a.Await(onA, "saving")
	a.Await(onB, "saving")

	b.Crash()
	sendB.Open()
	<-sendB.done
	b.Await(onB, "queued")
	b.Await(onA, "saving")
	b.Stop()
	b.Start()
	b.Await(onA, "saving")

	sendA.Open()
	sendA.status(t, http.StatusNoContent, "")
	b.CheckIs(onA, data)
	a.CheckUnharmed(onB)
}

// TestOtherNodeCrashes: one node dies again and again, and nobody who talks to
// the other one notices.
func TestOtherNodeCrashes(t *testing.T) {
	shared := t.TempDir()
	a, b := rig.NewNodeAt(t, programs(), shared), rig.NewNodeAt(t, programs(), shared)
	const rounds, images, size = 5, 3, 3 * mib
	for round := range rounds {
		var onA, onB []string
		for range images {
			onA, onB = append(onA, b.NewImage("on a")), append(onB, b.NewImage("on b"))
		}
		var all sync.WaitGroup
		for i, id := range onB {
			data := rig.Random(uint64(1000+round*images+i), size)
			all.Go(func() {
				if err := b.Put(t.Context(), id, data); err != nil {
					t.Errorf("upload to the node that lives: %v", err)
				}
			})
		}
		crashRound(t, a, onA, size, &fuse{bytes: int64(size * (round + 1) / 2), blow: a.Server().Kill}, uint64(round))
		a.Start()
		all.Wait()
		b.Check()
	}
}

func TestOneUploadWinsAcrossNodes(t *testing.T) {
	shared := t.TempDir()
	contest(t, rig.NewNodeAt(t, programs(), shared), rig.NewNodeAt(t, programs(), shared))
}
