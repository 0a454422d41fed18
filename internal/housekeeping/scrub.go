package housekeeping

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// pageSize is how many images are read at a time.
const pageSize = 1000

// Stores is where data is deleted; store.Set is one. Errors are as those of its
// Delete.
type Stores interface {
	Delete(ctx context.Context, at glance.Location) error
}

// Scrubber removes the data of images whose deletion was delayed.
type Scrubber struct {
	Images metadata.Images
	Stores Stores
	Log    *slog.Logger
	Keep   time.Duration // how long data is kept after the deletion
	Pool   int           // images at the same time; less than 1 is 1
}

// Run scrubs every image whose time has come. No image is begun once stop is
// closed; the end of ctx cuts what is under way, which the next run repeats.
// The error is that of finding images.
func (s *Scrubber) Run(ctx context.Context, stop <-chan struct{}) error {
	before := time.Now().Add(-s.Keep)
	q := metadata.Query{
		Limit: pageSize, AllVisibilities: true, Deleted: new(true), Sort: []metadata.SortKey{{Column: metadata.ColumnID}},
		Where: []metadata.Condition{{Column: metadata.ColumnStatus, Texts: []string{string(glance.StatusPendingDelete)}}},
	}
	var pool sync.WaitGroup
	defer pool.Wait()
	free := make(chan struct{}, max(1, s.Pool))
	for {
		page, err := s.Images.Images(ctx, deletedToo(), q)
		if err != nil {
			return err
		}
		for _, img := range page {
			if img.DeletedAt.After(before) {
				continue
			}
			select {
			case free <- struct{}{}:
			case <-stop:
				return nil
			}
			if stopped(stop) {
				return nil
			}
			pool.Go(func() {
				s.scrub(ctx, img)
				<-free
			})
		}
		if len(page) < pageSize {
			return nil
		}
		q.After = page[len(page)-1]
	}
}

func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// deletedToo is the scope of the service itself, deleted images included.
func deletedToo() metadata.Scope { return metadata.Scope{Admin: true, Deleted: true} }

// scrub removes the data of an image, then its locations, and marks it deleted
// when none is left.
func (s *Scrubber) scrub(ctx context.Context, img *glance.Image) {
	var gone []int64
	for _, loc := range img.Locations {
		err := s.Stores.Delete(ctx, loc)
		switch {
		case err == nil:
		case errors.Is(err, glance.NotFound), errors.Is(err, glance.Unsupported):
			s.Log.InfoContext(ctx, "there is no data to delete", "image_id", img.ID, "error", err)
		default:
			s.Log.ErrorContext(ctx, "image data cannot be deleted", "image_id", img.ID, "error", err)
			continue
		}
		gone = append(gone, loc.ID)
	}
	after, err := s.Images.UpdateImage(ctx, deletedToo(), img.ID, func(img *glance.Image) error {
		if img.Status != glance.StatusPendingDelete {
			return metadata.ErrUnchanged // somebody else was here
		}
		img.Locations = slices.DeleteFunc(img.Locations, func(loc glance.Location) bool { return slices.Contains(gone, loc.ID) })
		if len(img.Locations) > 0 {
			return nil
		}
		return img.Move(glance.StatusDeleted)
	})
	switch {
	case err != nil:
		s.Log.ErrorContext(ctx, "a scrubbed image cannot be marked", "image_id", img.ID, "error", err)
	case after.Status == glance.StatusDeleted:
		s.Log.InfoContext(ctx, "image has been scrubbed", "image_id", img.ID)
	}
}

// Restore makes an image active whose deletion was delayed, with the data that
// is still there. NotFound; Conflict in any other status.
func Restore(ctx context.Context, images metadata.Images, id string) error {
	_, err := images.UpdateImage(ctx, deletedToo(), id, func(img *glance.Image) error {
		if img.Status != glance.StatusPendingDelete {
			return glance.Errorf(glance.Conflict, "cannot restore the image from %s to active (wanted from_state=pending_delete)", img.Status)
		}
		if err := img.Move(glance.StatusActive); err != nil {
			return err
		}
		img.Deleted = false
		for i := range img.Locations {
			img.Locations[i].Status = glance.LocationActive
		}
		return nil
	})
	return err
}
