package images

import (
	"context"
	"errors"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/quota"
)

// reserve registers an image. The checks stand in the order of the original.
func (in *Intake) reserve(ctx context.Context, who *glance.Caller, want OldMeta) (*glance.Image, error) {
	img := want.Image.Clone()
	if !who.Admin || !want.Named["owner"] {
		img.Owner = who.ProjectID
	}
	img.Visibility = glance.VisibilityShared
	if want.Public {
		img.Visibility = glance.VisibilityPublic
	}
	if err := in.mayReserve(ctx, who, img, want); err != nil {
		return nil, err
	}
	source, err := in.source(want)
	if err != nil {
		return nil, err
	}
	if err := in.checkStore(want.Store); err != nil {
		return nil, err
	}
	img.Status = glance.StatusQueued
	if source != "" {
		if img.Size, err = in.sizeAt(ctx, source, img.Size); err != nil {
			return nil, err
		}
	} else if img.Size == nil {
		img.Size = new(int64)
	} else if *img.Size == 0 && !want.HasData {
		img.Status = glance.StatusActive // an image without data, and complete
	}
	if err := identify(img); err != nil {
		return nil, err
	}
	return img, in.register(ctx, img)
}

// mayReserve asks policy, property protection and quota.
func (in *Intake) mayReserve(ctx context.Context, who *glance.Caller, img *glance.Image, want OldMeta) error {
	var owner *string
	if img.Owner != "" {
		owner = &img.Owner
	}
	var visibility glance.Visibility
	if want.Public {
		visibility = img.Visibility
	}
	if err := in.Editor.Policy.Create(ctx, who, owner, visibility); err != nil {
		return err
	}
	if err := in.Editor.Allowance.Admit(ctx, who, quota.ImageCountTotal, 1); err != nil {
		return err
	}
	if err := in.maySource(ctx, who, img, want); err != nil {
		return err
	}
	for _, p := range img.Properties {
		if isService(p.Name) || !in.Editor.Protect.CanCreate(who, p.Name) {
			return protected(p.Name)
		}
	}
	return in.Editor.Limits.Properties(userProperties(img))
}

func protected(name string) error {
	return glance.Errorf(glance.Forbidden, "Property '%s' is protected", name)
}

// checkStore refuses a store that is neither a scheme nor an id of ours.
func (in *Intake) checkStore(name string) error {
	if name == "" {
		return nil
	}
	for _, n := range in.Editor.Stores.Stores() {
		if n.ID == name || reads(n.Driver.Info(), name) {
			return nil
		}
	}
	return glance.Errorf(glance.Invalid, "Required store %s is invalid", name)
}

// identify gives the image an id, or checks the one that the caller gave.
func identify(img *glance.Image) error {
	switch {
	case img.ID == "":
		img.ID = newID()
	case !metadata.LikeUUID(img.ID), len(img.ID) > 36: // longer ones are never found
		return errNotReserved("Invalid image id format")
	}
	return nil
}

func errNotReserved(reason string) error {
	return glance.Errorf(glance.Invalid, "Failed to reserve image. Got error: %s", reason)
}

func (in *Intake) register(ctx context.Context, img *glance.Image) error {
	err := checkStorable(img)
	if err == nil {
		err = in.Editor.Images.CreateImage(ctx, img)
	}
	var known *glance.Error
	switch {
	case errors.Is(err, glance.Conflict):
		return glance.Because(glance.Conflict, err, "An image with identifier "+img.ID+" already exists")
	case errors.Is(err, glance.Invalid) && errors.As(err, &known):
		return errNotReserved(known.Message)
	}
	return err
}
