package e2e_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"glance/test/e2e/rig"
)

func TestKilledDuringUpload(t *testing.T) {
	n := rig.NewNode(t, programs())
	whole := rig.Random(1, 2*mib)
	kept := n.NewImage("kept")
	n.Must(n.Put(t.Context(), kept, whole))

	data := rig.Random(2, 6*mib)
	id := n.NewImage("killed")
	s := send(t, n, id, data, 5*mib, int64(len(data)))
	for n.Await(id, "saving"); len(n.Files()) < 2; {
		n.AwaitData()
	}
	n.Server().Kill()
	s.Open()
	<-s.done
	n.Start()
	n.CheckUnharmed(id)
	n.CheckIs(kept, whole)
}

// TestKilledAnywhere kills the server again and again while several uploads and
// deletions run, at places that no plan of ours has chosen.
func TestKilledAnywhere(t *testing.T) {
	n := rig.NewNode(t, programs())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	const rounds, images, size = 10, 4, 3 * mib
	var ids []string
	for round := range rounds {
		for range images {
			ids = append(ids, n.NewImage("crash"))
		}
		crashRound(t, n, ids, size, rng.Int64N(images*size+size/8), uint64(round))
		n.Start()
		left := ids[:0]
		for _, img := range n.Check() {
			if img.Status == "queued" {
				left = append(left, img.ID)
			}
		}
		if ids = left; t.Failed() {
			t.FailNow() // more rounds would only repeat it
		}
	}
	for _, id := range ids {
		n.CheckUnharmed(id)
	}
}

// crashRound uploads to all images at once, deletes each that is done, and
// kills the server when so many bytes are on their way; at the latest when all
// is done.
func crashRound(t *testing.T, n *rig.Node, ids []string, size int, after int64, seed uint64) {
	t.Helper()
	budget := &fuse{after: after, blow: n.Server().Kill}
	client := *n.Client
	var all sync.WaitGroup
	for i, id := range ids {
		data := rig.Random(seed<<8+uint64(i), size)
		all.Go(func() {
			a, err := client.Upload(t.Context(), id, budget.reader(data), int64(size))
			if err != nil {
				return // cut by the crash
			}
			if a.Status != 204 {
				t.Errorf("upload before the crash: %d %s", a.Status, a.Body)
			}
			if i%2 == 0 {
				_ = client.Delete(t.Context(), id) // may meet the crash
			}
		})
	}
	all.Wait()
	n.Server().Kill()
}

// fuse blows when all its readers together have given so many bytes.
type fuse struct {
	after int64
	given atomic.Int64
	once  sync.Once
	blow  func()
}

func (f *fuse) reader(data []byte) io.Reader {
	return io.TeeReader(bytes.NewReader(data), f)
}

func (f *fuse) Write(p []byte) (int, error) {
	if f.given.Add(int64(len(p))) >= f.after {
		f.once.Do(f.blow)
	}
	return len(p), nil
}
