package images

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/store"
)

const (
	reapEvery = time.Hour
	reapTime  = 10 * time.Minute // that a look may take
	reapMost  = 1000             // files that go at a time

	// Data that is being staged has a hidden name until it is whole, and whoever
	// staged it notices soon when the image was deleted meanwhile: what is older
	// is nobody's business any more.
	reapDeleted = 15 * time.Minute
	// An image that the database does not know was purged, long ago. It may also
	// be that of an installation that has the same directory by mistake, and only
	// old data is certainly not waiting for its import there.
	reapUnknown = 7 * 24 * time.Hour
)

// Reaper removes staged data whose image is deleted. There is some where the
// image was deleted on another node that could not ask this one (spec import
// §6). Nodes that share the directory do no harm to each other.
type Reaper struct {
	Images  metadata.Images
	Staging *Staging
	Log     *slog.Logger
}

// Run looks now and then, until ctx ends.
func (r *Reaper) Run(ctx context.Context) {
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	for {
		err := r.Reap(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.Log.WarnContext(ctx, "staged data of deleted images may be left until the next look", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// errEnough leaves the rest to the next look.
var errEnough = errors.New("enough for now")

// Reap looks through the staged data of this node once. Every file that is old
// enough costs one look at its image.
func (r *Reaper) Reap(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reapTime)
	defer cancel()
	found := 0
	err := store.Sweep(ctx, r.Staging.Driver, time.Now().Add(-reapDeleted), func(id string, written time.Time) (bool, error) {
		if found == reapMost {
			return false, errEnough
		}
		gone, err := r.gone(ctx, id, written)
		if gone {
			found++
			r.Log.InfoContext(ctx, "removing staged data of an image that is gone", "image_id", id, "written", written)
		}
		return gone, err
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// gone reports whether a file has the name of an image that is deleted. Other
// files are not ours.
func (r *Reaper) gone(ctx context.Context, id string, written time.Time) (bool, error) {
	if len(id) != 36 || !metadata.LikeUUID(id) {
		return false, nil
	}
	img, err := r.Images.Image(ctx, metadata.Scope{Admin: true, Deleted: true}, id)
	switch {
	case errors.Is(err, glance.NotFound):
		return time.Since(written) > reapUnknown, nil
	case err != nil:
		return false, err
	}
	return img.Deleted && img.ID == id, nil // databases may find it by another spelling
}
