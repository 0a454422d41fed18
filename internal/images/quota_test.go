package images_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
)

// queue adds n queued images and gives their ids.
func (r *rig) queue(t *testing.T, n int) (ids []string) {
	t.Helper()
	for i := range n {
		id := fmt.Sprintf("%08d-1111-4111-8111-111111111111", i)
		r.add(t, queued(func(img *glance.Image) { img.ID = id }))
		ids = append(ids, id)
	}
	return ids
}

// TestUploadsAtOnceKeepTheQuota: all data of all uploads has come before the
// first of them is committed, so that each of them would fit alone.
func TestUploadsAtOnceKeepTheQuota(t *testing.T) {
	const uploads, size, quota = 8, 10, 35
	for name, announced := range map[string]int64{"announced": size, "streamed": images.SizeUnknown} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			var came, done sync.WaitGroup
			came.Add(uploads)
			var stored atomic.Int64
			refused := make(chan string, uploads)
			for i, id := range r.queue(t, uploads) {
				node := r
				if i%2 == 1 {
					node = r.elsewhere()
				}
				u := node.uploader()
				u.Quota = quota
				body := images.Data{Body: &meeting{Reader: strings.NewReader("0123456789"), at: &came}, Size: announced}
				done.Go(func() {
					switch err := u.Upload(t.Context(), alice, id, body); {
					case err == nil:
						stored.Add(1)
					case errors.Is(err, glance.TooLarge) && strings.HasPrefix(err.Error(), "Image exceeds the storage quota: The size of the data 10 will exceed"):
						refused <- id
					default:
						t.Error(err)
					}
				})
			}
			done.Wait()
			close(refused)
			for id := range refused {
				r.wantUntouched(t, id)
			}
			used, err := r.db.Usage(t.Context(), "p-alpha", "")
			if n := stored.Load(); n != quota/size || used != n*size || err != nil {
				t.Errorf("%d images are stored and use %d bytes of %d (%v)", n, used, quota, err)
			}
		})
	}
}

// TestLocationsAtOnceKeepTheQuota: the same for data that lies elsewhere, by
// both calls that add it.
func TestLocationsAtOnceKeepTheQuota(t *testing.T) {
	const crowd, size, quota = 8, 4, 14
	for name, add := range map[string]func(*locationRig, string) error{
		"patch": func(r *locationRig, id string) error {
			_, err := r.editor().Patch(t.Context(), boss, id, addAt("-", "http://web/a"))
			return err
		},
		"task": func(r *locationRig, id string) error {
			return r.locator().Add(t.Context(), boss, id, images.NewLocation{URL: "http://web/a"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.quota, r.unhashed = quota, true
			ids := r.queue(t, crowd)
			for _, id := range ids {
				r.update(t, id, func(img *glance.Image) { img.Owner = "p-admin" })
			}
			var done sync.WaitGroup
			for _, id := range ids {
				done.Go(func() {
					if err := add(r, id); err != nil && !errors.Is(err, glance.TooLarge) {
						t.Error(err)
					}
				})
			}
			done.Wait()
			r.running.Wait()
			if used, err := r.db.Usage(t.Context(), "p-admin", ""); used != quota/size*size || err != nil {
				t.Errorf("%d bytes are used of %d (%v)", used, quota, err)
			}
		})
	}
}

// meeting ends when the others have come to their ends too.
type meeting struct {
	*strings.Reader
	at   *sync.WaitGroup
	once sync.Once
}

func (m *meeting) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if err != nil {
		m.once.Do(func() { m.at.Done(); m.at.Wait() })
	}
	return n, err
}
