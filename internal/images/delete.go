package images

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"glance/internal/cache"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/store"
)

// Deleter deletes images and their data.
type Deleter struct {
	Images  metadata.Images
	Policy  *policy.Enforcer
	Stores  *store.Set
	Journal Journal
	Log     *slog.Logger
	Delayed bool // delayed_delete: leave the data to the scrubber

	Staging   *Staging     // nil where nothing is ever staged
	Jobs      *Jobs        // what may be reading the data; nil is nothing
	Leftovers *Leftovers   // nil leaves what fails half-way to the next start
	Cache     *cache.Cache // nil where there is none

	Peers   Peers  // asked by DeleteAnywhere
	SelfURL string // of this node, "" when it is not known
}

// Delete deletes an image (spec images-v2 §12.1), whatever other nodes keep of
// it. The data goes first, since a store may refuse; the journal finishes what a
// crash leaves half done.
func (d *Deleter) Delete(ctx context.Context, who *glance.Caller, id string) error {
	img, err := d.find(ctx, who, id)
	if err != nil {
		return err
	}
	return d.uncached(ctx, id, d.remove(ctx, img))
}

// uncached drops an image from the cache of this node when err says that it is
// deleted.
func (d *Deleter) uncached(ctx context.Context, id string, err error) error {
	if err != nil || d.Cache == nil {
		return err
	}
	if err := d.Cache.Drop(context.WithoutCancel(ctx), id); err != nil {
		d.Log.WarnContext(ctx, "a deleted image stays in the cache", "image_id", id, "error", err)
	}
	return nil
}

// DeleteAnywhere has the node that keeps something of the image on its own disk
// delete it; requestID is then that of the node's answer, unless it gave none.
// Where there is no such node, or it cannot be asked, this node deletes, and what
// the other one keeps stays there.
func (d *Deleter) DeleteAnywhere(ctx context.Context, who *glance.Caller, id string) (requestID string, err error) {
	img, err := d.find(ctx, who, id)
	if err != nil {
		return "", err
	}
	host := peerOf(img, d.SelfURL)
	if host == "" {
		return "", d.uncached(ctx, id, d.remove(ctx, img))
	}
	requestID, err = d.Peers.Delete(ctx, host, id, who)
	if !isDown(err) {
		return requestID, d.uncached(ctx, id, err)
	}
	d.Log.WarnContext(ctx, "the node that keeps staged data of an image cannot be asked: the image is deleted here, that data stays there",
		"image_id", id, "node", nodeOf(host), "error", err)
	return "", d.Delete(ctx, who, id) // it is not as it was a minute ago
}

// find gives an image that the caller may delete.
func (d *Deleter) find(ctx context.Context, who *glance.Caller, id string) (*glance.Image, error) {
	img, err := d.Images.Image(ctx, metadata.ScopeOf(*who), id)
	if err != nil {
		return nil, errNotDeletable(id, err)
	}
	if err := d.Policy.Image(ctx, who, policy.DeleteImage, img); err != nil {
		return nil, err
	}
	return img, deletable(img)
}

func (d *Deleter) remove(ctx context.Context, img *glance.Image) error {
	id := img.ID
	d.interrupt(ctx, id)
	if d.Delayed && len(img.Locations) > 0 {
		return errNotDeletable(id, d.schedule(ctx, id))
	}
	var g deed
	if err := g.begin(d.Journal, d.Leftovers, deleteEntry(id)); err != nil {
		return err
	}
	// Half a deletion helps nobody, whether or not the client still waits.
	gone, err := d.finish(context.WithoutCancel(ctx), img)
	g.left = err != nil && gone && !errors.Is(err, glance.NotFound)
	g.settle(ctx)
	if err != nil && !gone {
		d.forget(ctx, id)
	}
	return errNotDeletable(id, err)
}

// forget makes sure that a deletion that was refused does not happen after a
// power failure.
func (d *Deleter) forget(ctx context.Context, id string) {
	if err := d.Journal.Sync(); err != nil {
		d.Log.ErrorContext(ctx, "the next start may delete an image although that was refused now", "image_id", id, "error", err)
	}
}

// finish removes data and row. gone reports whether there is no way back: the
// data is removed, and the row has to follow.
func (d *Deleter) finish(ctx context.Context, img *glance.Image) (gone bool, err error) {
	for more := true; more; {
		if err := d.removeData(ctx, img); err != nil {
			return false, err
		}
		if img, more, err = d.markDeleted(ctx, img); err != nil {
			return true, err
		}
	}
	return true, d.removeStaged(ctx, img.ID) // what came between data and row
}

// interrupt ends what this node is still doing with the data, and waits a while
// for that. Work on other nodes notices that the image is gone.
func (d *Deleter) interrupt(ctx context.Context, id string) {
	if d.Jobs == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	d.Jobs.Cancel(ctx, id)
}

func errNotDeletable(id string, err error) error {
	return retell(err, glance.NotFound, "Failed to find image %s to delete", id)
}

func deletable(img *glance.Image) error {
	if img.Protected {
		return glance.Errorf(glance.Forbidden, "Image %s is protected and cannot be deleted.", img.ID)
	}
	return nil
}

// schedule leaves the data to the scrubber.
func (d *Deleter) schedule(ctx context.Context, id string) error {
	_, err := d.Images.UpdateImage(ctx, metadata.Everything(), id, func(img *glance.Image) error {
		if err := deletable(img); err != nil {
			return err
		}
		if err := img.Move(glance.StatusPendingDelete); err != nil {
			return glance.Because(glance.Invalid, err, err.Error()) // not a Conflict: spec image-states §2
		}
		for i := range img.Locations {
			img.Locations[i].Status = glance.LocationPendingDelete
		}
		img.Deleted = true
		return nil
	})
	return err
}

// markDeleted ends the image whose data is removed. When it has got more data
// meanwhile, from an upload that ends just now, it stays and is given back.
func (d *Deleter) markDeleted(ctx context.Context, removed *glance.Image) (img *glance.Image, more bool, err error) {
	img, err = d.Images.UpdateImage(ctx, metadata.Everything(), removed.ID, func(img *glance.Image) error {
		if more = hasOtherData(img, removed); more {
			return metadata.ErrUnchanged
		}
		if err := img.Move(glance.StatusDeleted); err != nil {
			return err
		}
		img.Deleted = true
		return nil
	})
	return img, more, err
}

func hasOtherData(img, than *glance.Image) bool {
	return slices.ContainsFunc(img.Locations, func(loc glance.Location) bool {
		return !slices.ContainsFunc(than.Locations, func(known glance.Location) bool { return known.ID == loc.ID })
	})
}

// removeData removes the data from every store, and what is staged here. Data
// that is gone already or cannot be deleted there is only noted.
func (d *Deleter) removeData(ctx context.Context, img *glance.Image) error {
	if err := d.removeStaged(ctx, img.ID); err != nil {
		return err
	}
	for _, loc := range img.Locations {
		err := d.Stores.Delete(ctx, loc)
		switch {
		case err == nil:
		case errors.Is(err, glance.NotFound), errors.Is(err, glance.Unsupported):
			d.Log.WarnContext(ctx, "image data was not deleted", "image_id", img.ID, "error", err)
		case errors.Is(err, glance.Conflict):
			return retell(err, glance.Conflict, "Image %s could not be deleted because it is in use: %s", img.ID, err)
		default:
			return err
		}
	}
	return nil
}

func (d *Deleter) removeStaged(ctx context.Context, id string) error {
	if d.Staging == nil {
		return nil
	}
	return d.Staging.Remove(ctx, id)
}
