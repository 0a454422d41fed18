package images

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/store"
)

// CopyDeleter removes the copy of an image that lies in one of several stores.
type CopyDeleter struct {
	Images  metadata.Images
	Policy  *policy.Enforcer
	Stores  *store.Set
	Journal Journal
	Log     *slog.Logger
}

// Delete removes the data of an image from a store, but never the only copy
// (spec images-v2 §12.2).
func (d *CopyDeleter) Delete(ctx context.Context, who *glance.Caller, from, id string) error {
	if !d.Stores.Multi() {
		return &glance.Error{Kind: glance.NotFound}
	}
	if !d.known(from) {
		return glance.Errorf(glance.Conflict, "The selected store %s is not available on this node.", from)
	}
	img, err := d.Images.Image(ctx, metadata.ScopeOf(*who), id)
	if err != nil {
		return errNoImageThere(id, err)
	}
	for _, rule := range []policy.Rule{policy.GetImageLocation, policy.DeleteImageLocation} {
		if err := d.Policy.Image(ctx, who, rule, img); err != nil {
			return err
		}
	}
	if _, err := d.copyIn(img, from); err != nil {
		return err
	}
	r := remover{images: d.Images, stores: d.Stores, journal: d.Journal, log: d.Log}
	m, err := r.begin(id)
	if err != nil {
		return err
	}
	img, err = d.claim(ctx, id, from, m)
	if err != nil {
		m.giveUp(ctx, err)
		return errNoImageThere(id, err)
	}
	if err := m.deleteData(ctx, img); err != nil {
		return err
	}
	return m.drop(ctx, img)
}

func errNoImageThere(id string, err error) error {
	if errors.Is(err, errNoCopy) {
		return err
	}
	return retell(err, glance.NotFound, "Failed to find image %s", id)
}

// known reports whether there is such a store, the service's own included.
func (d *CopyDeleter) known(id string) bool {
	if id == "" {
		return false
	}
	if _, err := d.Stores.Choose(id); err == nil {
		return true
	}
	return id == store.StagingStore || id == store.TasksStore
}

func (d *CopyDeleter) claim(ctx context.Context, id, from string, m *removal) (*glance.Image, error) {
	return d.Images.UpdateImage(ctx, metadata.Everything(), id, func(img *glance.Image) error {
		loc, err := d.copyIn(img, from)
		if err == nil {
			m.claim(loc)
		}
		return err
	})
}

// errNoCopy tells an image without a copy in that store from no image at all.
var errNoCopy = errors.New("no copy in that store")

// copyIn finds the location in a store. The last rows of the table: status, the
// only one, which counts before the store does, and is it there at all.
func (d *CopyDeleter) copyIn(img *glance.Image, from string) (*glance.Location, error) {
	if img.Status != glance.StatusActive {
		return nil, glance.Errorf(glance.Conflict,
			"It's not allowed to remove image data from store if image status is not 'active'")
	}
	if len(staying(img.Locations)) <= 1 {
		return nil, glance.Errorf(glance.Forbidden,
			"Cannot delete image data from the only store containing it. Consider deleting the image instead.")
	}
	i := slices.IndexFunc(img.Locations, func(loc glance.Location) bool {
		id, _ := d.Stores.StoreOf(loc)
		return id == from && removalOf(loc) == ""
	})
	if i < 0 {
		return nil, glance.Because(glance.NotFound, errNoCopy, "Image "+img.ID+" is not stored in store "+from+".")
	}
	return &img.Locations[i], nil
}
