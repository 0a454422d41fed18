package images

import (
	"context"
	"errors"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// claim is the right of one attempt to give an image data. The row says that
// somebody has it, by the status, and who, by glance.AttemptProperty; only that
// attempt ends it. The status alone would not do: an attempt that is settled
// late could take the image from the next one, on another node.
type claim struct {
	image   string
	status  glance.Status // saving, or uploading until the data is there
	attempt string
	unsaid  bool // the attempt may not be in the row: an older version claimed
}

// holds reports whether img is claimed by this very attempt.
func (c claim) holds(img *glance.Image) bool {
	_, said := img.Property(glance.AttemptProperty)
	return img.Status == c.status && (c.isNamed(img) || !said && c.unsaid)
}

// isNamed reports whether img names this attempt, wherever it is in its life.
func (c claim) isNamed(img *glance.Image) bool {
	p, said := img.Property(glance.AttemptProperty)
	return said && p.Value == c.attempt
}

// take claims a queued image; it is to be called inside a change. A change that
// is made again may find that it has happened.
func (c claim) take(img *glance.Image) error {
	if c.holds(img) {
		return metadata.ErrUnchanged
	}
	if err := img.Move(c.status); err != nil {
		return err
	}
	img.SetProperty(glance.Property{Name: glance.AttemptProperty, Value: c.attempt})
	return nil
}

// release ends the claim: the image becomes queued, or killed. One that is
// deleted, claimed by another attempt or somewhere else in its life stays there,
// and only stops naming this attempt.
func (c claim) release(ctx context.Context, images metadata.Images, to glance.Status) error {
	_, err := images.UpdateImage(ctx, metadata.Everything(), c.image, func(img *glance.Image) error {
		mine := c.holds(img)
		if !mine && !c.isNamed(img) {
			return metadata.ErrUnchanged
		}
		img.RemoveProperty(glance.AttemptProperty)
		if !mine {
			return nil
		}
		return img.Move(to)
	})
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	return err
}

// claimOf gives the claim of an entry of the journal.
func claimOf(entry map[string]string, status glance.Status) claim {
	return claim{
		image: entry[entryImage], status: status, attempt: entry[entryAttempt], unsaid: entry[entryClaim] != claimInRow,
	}
}
