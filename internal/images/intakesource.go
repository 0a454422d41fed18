package images

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/store"
)

// copyFromRule is the rule about copies from other places. It has no default
// any more: where no file names it, the rule default holds.
const copyFromRule policy.Rule = "copy_from"

// maySource asks the rules about the places that data shall come from.
func (in *Intake) maySource(ctx context.Context, who *glance.Caller, img *glance.Image, want OldMeta) error {
	var rules []policy.Rule
	if want.CopyFrom != nil {
		rules = append(rules, copyFromRule)
	}
	if want.HasData || want.CopyFrom != nil {
		rules = append(rules, policy.UploadImage)
	}
	if want.Named["location"] {
		rules = append(rules, policy.SetImageLocation)
	}
	for _, rule := range rules {
		if !in.Editor.Policy.ImageAllowed(ctx, who, rule, img) {
			return glance.Errorf(glance.Forbidden, "You are not authorized to complete %s action.", rule)
		}
	}
	return nil
}

// source gives the place outside that the data lies at, "" when the request
// names none.
func (in *Intake) source(want OldMeta) (string, error) {
	source := want.Location
	if !want.Named["location"] {
		if want.CopyFrom == nil {
			return "", nil
		}
		source = *want.CopyFrom
	}
	switch {
	case source == "":
		return "", glance.Errorf(glance.Invalid, "External source should not be empty")
	case !external(in.Editor.Stores, source):
		return "", glance.Errorf(glance.Invalid, "External sources are not supported: '%s'", withoutCredentials(source))
	}
	if _, err := url.Parse(source); err != nil {
		return "", glance.Errorf(glance.Invalid, "Invalid location %s", withoutCredentials(source))
	}
	return source, nil
}

// sizeAt is the size that the request gives, or else the store's answer.
func (in *Intake) sizeAt(ctx context.Context, source string, given *int64) (*int64, error) {
	if given != nil && *given > 0 {
		return given, nil
	}
	n, err := in.Editor.Stores.Size(ctx, glance.Location{URL: source})
	return &n, err
}

// attach makes an image active whose data stays where it is.
func (in *Intake) attach(ctx context.Context, img *glance.Image, want OldMeta) (*glance.Image, error) {
	if err := checkFormats(img); err != nil {
		return nil, err
	}
	loc := NewLocation{URL: want.Location}.location(in.Editor.Stores)
	if err := in.checkSize(ctx, loc, img.Size); err != nil {
		return nil, err
	}
	return in.Editor.Images.UpdateImage(ctx, metadata.Everything(), img.ID, func(img *glance.Image) error {
		if img.Status != glance.StatusQueued { // others may become active as well, but not by this
			return glance.Errorf(glance.Conflict, "Image status transition from %s to active is not allowed", img.Status)
		}
		if err := img.Move(glance.StatusActive); err != nil {
			return err
		}
		img.Locations = append(img.Locations, loc)
		return nil
	})
}

// checkSize holds the size of an image against what the store says. A store
// that does not know says 0.
func (in *Intake) checkSize(ctx context.Context, loc glance.Location, size *int64) error {
	if size == nil || *size == 0 {
		return nil
	}
	stored, err := in.Editor.Stores.Size(ctx, loc)
	if err != nil {
		return err
	}
	if stored > 0 && stored != *size {
		return glance.Errorf(glance.Conflict, "Provided image size must match the stored image size. "+
			"(provided size: %d, stored size: %d)", *size, stored)
	}
	return nil
}

// copyFrom begins to copy the data of an image from another place. Whatever
// fails then makes the image killed.
func (in *Intake) copyFrom(who *glance.Caller, img *glance.Image, want OldMeta) error {
	to, err := in.storeFor(want.Store)
	if err != nil {
		return err
	}
	caller, id, source := *who, img.ID, *want.CopyFrom
	return in.Jobs.StartOnly(id, func(ctx context.Context) {
		if err := in.copyNow(ctx, &caller, id, source, to); err != nil {
			in.Log.ErrorContext(ctx, "copy from external source failed", "image_id", id, "error", err)
			in.kill(ctx, id)
		}
	})
}

func (in *Intake) copyNow(ctx context.Context, who *glance.Caller, id, source string, to *string) error {
	from, err := in.Uploader.Stores.Open(ctx, glance.Location{URL: source}, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	size := from.Size
	if size <= 0 {
		size = SizeUnknown
	}
	err = in.Uploader.Upload(ctx, who, id, Data{Body: from, Size: size, Store: to, Old: true})
	if errors.Is(err, ErrVanished) {
		return nil // somebody deleted the image, or gave it data
	}
	return err
}

func reads(info store.Info, scheme string) bool { return slices.Contains(info.Schemes, scheme) }
