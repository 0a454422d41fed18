package e2e_test

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
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
	const rounds, images, size = 12, 4, 3 * mib
	var ids []string
	for round := range rounds {
		for len(ids) < images {
			ids = append(ids, n.NewImage("crash"))
		}
		f := &fuse{bytes: rng.Int64N(images * size), blow: n.Server().Kill}
		switch round % 3 {
		case 1: // data is complete or nearly so
			f.bytes = images*size - rng.Int64N(64<<10)
		case 2: // some are done, others about to be
			f.bytes, f.answers = math.MaxInt64, 1+rng.Int64N(images)
		}
		crashRound(t, n, ids, size, f, uint64(round))
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

// crashRound uploads to all images at once, deletes every second that is done,
// and kills the server when the fuse blows; at the latest when all is done.
func crashRound(t *testing.T, n *rig.Node, ids []string, size int, f *fuse, seed uint64) {
	t.Helper()
	client := *n.Client
	var all sync.WaitGroup
	for i, id := range ids {
		data := rig.Random(seed<<8+uint64(i), size)
		all.Go(func() {
			a, err := client.Upload(t.Context(), id, f.reader(data), int64(size))
			if err != nil {
				return // cut by the crash
			}
			if a.Status != http.StatusNoContent {
				t.Errorf("upload before the crash: %d %s", a.Status, a.Body)
			}
			f.answered()
			if i%2 == 0 {
				_ = client.Delete(t.Context(), id) // may meet the crash
			}
		})
	}
	all.Wait()
	n.Server().Kill()
}

// fuse blows when all its readers together have given so many bytes, or when so
// many answers have come.
type fuse struct {
	bytes, answers int64
	given, came    atomic.Int64
	once           sync.Once
	blow           func()
}

func (f *fuse) reader(data []byte) io.Reader {
	return io.TeeReader(bytes.NewReader(data), f)
}

func (f *fuse) Write(p []byte) (int, error) {
	if f.given.Add(int64(len(p))) >= f.bytes {
		f.once.Do(f.blow)
	}
	return len(p), nil
}

func (f *fuse) answered() {
	if f.came.Add(1) == f.answers {
		f.once.Do(f.blow)
	}
}
