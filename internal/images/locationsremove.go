package images

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/store"
)

// removalKey marks, in the metadata of a location, that it is being removed,
// and by whom. Nobody is shown such a location.
//
// The data must go before the row, since a store may refuse; but two requests
// that each remove the copy that the other one counts on would leave an image
// without data. So a removal first marks its rows, in one transaction that
// makes sure that an unmarked one is left; then the data goes, then the rows.
const removalKey = "os_glance_removal"

// remover removes single locations of an image and the data there.
type remover struct {
	images  metadata.Images
	stores  *store.Set
	journal Journal
	log     *slog.Logger
}

// removal is one use of a remover.
type removal struct {
	*remover
	image string
	mark  string
	done  func() // settles the journal
}

func (r *remover) begin(imageID string) (*removal, error) {
	m := &removal{remover: r, image: imageID, mark: newID()}
	var err error
	m.done, err = r.journal.Begin(removalEntry(imageID, m.mark))
	return m, err
}

// claim marks a location of img; it is to be called inside a change.
func (m *removal) claim(loc *glance.Location) { loc.Metadata[removalKey] = m.mark }

// removalOf gives the mark of a location, "" when nobody removes it.
func removalOf(loc glance.Location) string {
	mark, _ := loc.Metadata[removalKey].(string)
	return mark
}

// staying gives the locations that nobody removes.
func staying(locations []glance.Location) []glance.Location {
	marked := func(loc glance.Location) bool { return removalOf(loc) != "" }
	if !slices.ContainsFunc(locations, marked) {
		return locations
	}
	return slices.DeleteFunc(slices.Clone(locations), marked)
}

// deleteData removes the data of the marked locations of img. Those of a store
// that refused, and all after it, are left and lose the mark; the others are
// gone, and so are their rows.
func (m *removal) deleteData(ctx context.Context, img *glance.Image) error {
	gone := make(map[int64]bool)
	for _, loc := range img.Locations {
		if removalOf(loc) != m.mark {
			continue
		}
		if err := deleteCopy(ctx, m.stores, m.log, img.ID, loc); err != nil {
			m.stop(ctx, gone)
			return err
		}
		gone[loc.ID] = true
	}
	return nil
}

// deleteCopy removes the data at one location. Data that is gone already or
// cannot be deleted there is only noted.
func deleteCopy(ctx context.Context, stores *store.Set, log *slog.Logger, imageID string, loc glance.Location) error {
	err := stores.Delete(ctx, loc)
	if errors.Is(err, glance.NotFound) || errors.Is(err, glance.Unsupported) {
		log.WarnContext(ctx, "image data was not deleted", "image_id", imageID, "error", err)
		return nil
	}
	return retell(err, glance.Conflict, "The data for Image %s could not be deleted because it is in use: %s", imageID, err)
}

// giveUp ends a removal whose claim failed. The marks may be there all the same,
// when only the confirmation got lost.
func (m *removal) giveUp(ctx context.Context, cause error) {
	if Uncertain(cause) {
		m.stop(ctx, nil)
	} else {
		m.done()
	}
}

// stop settles a removal that has failed already.
func (m *removal) stop(ctx context.Context, gone map[int64]bool) {
	if err := m.settle(ctx, gone); err != nil {
		m.log.ErrorContext(ctx, "the removal of a location is left until the next start", "image_id", m.image, "error", err)
	}
}

// settle removes the rows of marked locations whose data is gone and takes the
// mark from the others. When that fails, the journal keeps the removal.
func (m *removal) settle(ctx context.Context, gone map[int64]bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	mine := func(loc glance.Location) bool { return removalOf(loc) == m.mark }
	_, err := m.images.UpdateImage(ctx, metadata.Everything(), m.image, func(img *glance.Image) error {
		if !slices.ContainsFunc(img.Locations, mine) {
			return metadata.ErrUnchanged
		}
		img.Locations = slices.DeleteFunc(img.Locations, func(loc glance.Location) bool {
			return mine(loc) && gone[loc.ID]
		})
		for _, loc := range img.Locations {
			if mine(loc) {
				delete(loc.Metadata, removalKey)
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, glance.NotFound) {
		return err
	}
	m.done()
	return nil
}

// drop removes the rows of all marked locations: their data is gone.
func (m *removal) drop(ctx context.Context, img *glance.Image) error {
	gone := make(map[int64]bool)
	for _, loc := range img.Locations {
		gone[loc.ID] = true
	}
	return m.settle(ctx, gone)
}

// finish does what an earlier process did not get to: the caller had been
// promised nothing, but the data may be half gone.
func (r *remover) finish(ctx context.Context, imageID, mark string) error {
	m := &removal{remover: r, image: imageID, mark: mark, done: func() {}}
	img, err := r.images.Image(ctx, metadata.Everything(), imageID)
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	err = m.deleteData(ctx, img)
	if errors.Is(err, glance.Conflict) {
		return nil // it is in use, and stays
	}
	if err != nil {
		return err
	}
	return m.drop(ctx, img)
}
