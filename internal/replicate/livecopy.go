package replicate

import (
	"context"
	"errors"
	"fmt"
	"io"

	"glance/internal/glance"
)

// LiveCopy copies active images that the target lacks, and makes the attributes
// of those that it has what they are at the source.
func (r *Replicator) LiveCopy(ctx context.Context, from, to *Server) error {
	return r.each(ctx, from, func(img Image) error {
		r.Log.DebugContext(ctx, "Considering "+img.id())
		dest, err := to.show(ctx, img.id())
		switch {
		case err != nil:
			return err
		case dest != nil && dest.status() == active:
			return r.update(ctx, to, img, dest)
		case img.status() != active || dest != nil && dest.status() != queued:
			return nil
		}
		r.Log.InfoContext(ctx, fmt.Sprintf("Image %s (%s) (%d bytes) is being synced", img.id(), img.name(), img.size()))
		if r.MetaOnly {
			return nil
		}
		return r.fill(ctx, to, img, dest, func() (io.ReadCloser, error) { return from.download(ctx, img.id()) })
	})
}

// update changes the attributes of an image of the target, not its data.
func (r *Replicator) update(ctx context.Context, to *Server, img, dest Image) error {
	if sum := img.text("checksum"); sum != "" && dest.text("checksum") != "" && sum != dest.text("checksum") {
		r.Log.WarnContext(ctx, fmt.Sprintf("Image %s has other data on the target; data is not replaced", img.id()))
	}
	ops := img.patch(dest, r.Skip)
	if len(ops) == 0 {
		return nil
	}
	r.Log.InfoContext(ctx, fmt.Sprintf("Image %s (%s) metadata has changed", img.id(), img.name()))
	return to.patch(ctx, img.id(), ops)
}

// fill makes an image on the target and gives it its data; dest is what an
// earlier command has left there without data, or nil. An image whose upload
// fails stays queued, for the next command.
func (r *Replicator) fill(ctx context.Context, to *Server, img, dest Image, open func() (io.ReadCloser, error)) error {
	data, err := open() // nothing is made for what cannot be read
	if err != nil {
		return asMissing(err)
	}
	defer data.Close()
	if dest != nil {
		if err := r.update(ctx, to, img, dest); err != nil {
			return err
		}
		return to.upload(ctx, img, data)
	}
	made := img.copied(r.Skip)
	made["id"] = img.id()
	err = to.create(ctx, made)
	if errors.Is(err, glance.Conflict) {
		r.Log.ErrorContext(ctx, fmt.Sprintf("The image %s is already present on the target, but our check for it did not find it. "+
			"This indicates that we do not have permissions to see all the images on the target server.", img.id()))
		return nil
	}
	if err != nil {
		return err
	}
	return to.upload(ctx, img, data)
}

// asMissing keeps the refusal of one image's data from looking like that of the
// whole server.
func asMissing(err error) error {
	if errors.Is(err, glance.NotFound) {
		return glance.Because(glance.NotFound, err, "the data is gone")
	}
	return err
}
