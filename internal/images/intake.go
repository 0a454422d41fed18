package images

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Intake takes images the way API v1 does: what is said of an image comes
// together with its data, or with the place where that lies (spec images-v1 §5
// and §6).
type Intake struct {
	Editor   *Editor
	Uploader *Uploader
	Jobs     *Jobs // copies from other places
	Log      *slog.Logger
}

// OldMeta is what a request of API v1 says of an image. The door has checked
// the syntax of each field.
type OldMeta struct {
	Image    glance.Image    // the values of the fields; null is the zero value
	Named    map[string]bool // which fields the request has, by name
	Public   bool            // is_public
	Location string
	Store    string  // scheme or id of the store that the data shall go to
	CopyFrom *string // where to copy the data from; nil does not
	HasData  bool
	// Untyped says that the data is not declared to be data.
	Untyped bool
}

// sources counts the places that the data shall come from.
func (m *OldMeta) sources() int {
	n := 0
	for _, given := range []bool{m.CopyFrom != nil && *m.CopyFrom != "", m.Location != "", m.HasData} {
		if given {
			n++
		}
	}
	return n
}

// Create registers an image and takes its data, if the request has or names
// any. Data is used when want.HasData.
func (in *Intake) Create(ctx context.Context, who *glance.Caller, want OldMeta, data Data) (*glance.Image, error) {
	if err := in.announced(want, data); err != nil {
		return nil, err
	}
	img, err := in.reserve(ctx, who, want)
	if err != nil {
		return nil, err
	}
	if want.sources() > 0 {
		if img, err = in.take(ctx, who, img, want, data); err != nil {
			return nil, err
		}
	}
	return present(who, img, in.Editor.Protect, in.Editor.Stores), nil
}

// announced refuses data that is announced to be too large.
func (in *Intake) announced(want OldMeta, data Data) error {
	size := data.Size
	if size <= 0 && want.Image.Size != nil {
		size = *want.Image.Size
	}
	if size > in.Uploader.SizeCap {
		return glance.Errorf(glance.Invalid, "Denying attempt to upload image larger than %d bytes.", in.Uploader.SizeCap)
	}
	return nil
}

// errCapped is the error of data that turns out to be too large.
func (u *Uploader) errCapped() error {
	return glance.Errorf(glance.TooLarge, "Denying attempt to upload image larger than %d bytes.", u.SizeCap)
}

// take gets the data of a queued image from where the request says.
func (in *Intake) take(ctx context.Context, who *glance.Caller, img *glance.Image, want OldMeta, data Data) (*glance.Image, error) {
	switch {
	case want.sources() > 1:
		return nil, glance.Errorf(glance.Invalid, "It's invalid to provide multiple image sources.")
	case want.CopyFrom != nil:
		return img, in.copyFrom(who, img, want)
	case want.Location != "":
		return in.attach(ctx, img, want)
	}
	return in.upload(ctx, who, img, want, data)
}

func checkFormats(img *glance.Image) error {
	switch {
	case img.DiskFormat == "":
		return glance.Errorf(glance.Invalid, "Disk format is not specified.")
	case img.ContainerFormat == "":
		return glance.Errorf(glance.Invalid, "Container format is not specified.")
	}
	return nil
}

// upload stores the data of the request.
func (in *Intake) upload(ctx context.Context, who *glance.Caller, img *glance.Image, want OldMeta, data Data) (*glance.Image, error) {
	if err := checkFormats(img); err != nil {
		return nil, err
	}
	to, err := in.storeFor(want.Store)
	if err != nil {
		return nil, err
	}
	if want.Untyped {
		in.kill(ctx, img.ID)
		return nil, glance.Errorf(glance.Invalid, "Content-Type must be application/octet-stream")
	}
	data.Store, data.Old = to, true
	if want.Image.Size != nil {
		data.Supplied.Size = *want.Image.Size
	}
	data.Supplied.Checksum = want.Image.Checksum
	if err := in.Uploader.Upload(ctx, who, img.ID, data); err != nil {
		return nil, uploadFailure(err)
	}
	return in.Uploader.Images.Image(ctx, metadata.Everything(), img.ID)
}

// uploadFailure words the errors of an upload as API v1 does, where the upload
// does not do so itself.
func uploadFailure(err error) error {
	var known *glance.Error
	if !errors.As(err, &known) {
		return err
	}
	switch known.Kind {
	case glance.Conflict:
		return glance.Because(known.Kind, err, "Attempt to upload duplicate image: "+known.Message)
	case glance.Forbidden:
		return glance.Because(known.Kind, err, "Forbidden upload attempt: "+known.Message)
	}
	return err
}

// storeFor gives the id of the store that a request names by scheme or id; nil
// is the default one.
func (in *Intake) storeFor(name string) (*string, error) {
	if name == "" {
		return nil, nil
	}
	stores := in.Uploader.Stores
	for _, n := range stores.Stores() {
		mine := stores.Multi() || n.ID == stores.Default()
		if mine && (n.ID == name || reads(n.Driver.Info(), name)) {
			return &n.ID, nil
		}
	}
	return nil, glance.Errorf(glance.Invalid, "Store for scheme %s not found", name)
}

// check holds what came against what the caller said.
func (s Supplied) check(f found) error {
	mismatch := func(what, supplied, actual string) error {
		return glance.Errorf(glance.Invalid, "Supplied %s (%s) and %s generated from uploaded image (%s) did not match. "+
			"Setting image status to 'killed'.", what, supplied, what, actual)
	}
	switch {
	case s.Size != 0 && s.Size != f.size:
		return mismatch("size", strconv.FormatInt(s.Size, 10), strconv.FormatInt(f.size, 10))
	case s.Checksum != "" && s.Checksum != f.checksum:
		return mismatch("checksum", s.Checksum, f.checksum)
	}
	return nil
}

// kill ends a queued image that will get no data. Compat: the table of statuses
// does not know that.
func (in *Intake) kill(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	_, err := in.Uploader.Images.UpdateImage(ctx, metadata.Everything(), id, func(img *glance.Image) error {
		if img.Status != glance.StatusQueued {
			return metadata.ErrUnchanged
		}
		img.Status = glance.StatusKilled
		return nil
	})
	if err != nil && !errors.Is(err, glance.NotFound) {
		in.Log.ErrorContext(ctx, "image stays queued although it will get no data", "image_id", id, "error", err)
	}
}
