package images_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
)

// stuck is a database that answers only when the caller loses patience, from
// the n-th update on.
type stuck struct {
	*hooked
	n int
}

func (s *stuck) UpdateImage(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (*glance.Image, error) {
	if s.n--; s.n <= 0 {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return s.hooked.UpdateImage(ctx, sc, id, change)
}

// TestUploadLosesPatience: a database that hangs holds an upload for a while
// only, and the next start finds what is left.
func TestUploadLosesPatience(t *testing.T) {
	for name, size := range map[string]int64{"commit": 1, "giving back": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.add(t, queued())
				u := r.uploader()
				u.Images = &stuck{hooked: r.db, n: 2}
				begun := time.Now()
				d := data("x")
				d.Size = size
				err := u.Upload(t.Context(), alice, img1, d)
				if err == nil || size == 1 && !errors.Is(err, context.DeadlineExceeded) || size == 2 && !errors.Is(err, glance.Invalid) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(begun); took > 2*time.Minute {
					t.Errorf("took %v", took)
				}
				if img := r.get(t, img1); img.Status != glance.StatusSaving || r.fast.holds(t, img1) {
					t.Errorf("got %+v", img)
				}
				r.restart(t)
				r.wantUntouched(t, img1)
			})
		})
	}
}

// TestUploadWaitsForData: data that comes slowly may take any time.
func TestUploadWaitsForData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.add(t, queued())
		body := midway("slow ", func() error { time.Sleep(24 * time.Hour); return nil }, "data")
		if err := r.uploader().Upload(t.Context(), alice, img1, images.Data{Body: body, Size: 9}); err != nil {
			t.Error(err)
		}
		if got := r.read(t, alice, img1); got != "slow data" {
			t.Errorf("got %q", got)
		}
	})
}
