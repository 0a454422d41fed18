package images

import (
	"context"

	"glance/internal/glance"
	"glance/internal/quota"
)

// Creation is a request for a new image whose syntax the door has checked.
type Creation struct {
	Image glance.Image // what the caller said; ID and Visibility may be empty
	// OwnerGiven says that the request names an owner: Owner, where nil is null.
	OwnerGiven bool
	Owner      *string
	// ReadOnly names a read-only attribute that the request sets, in the
	// order of the schema; empty when there is none.
	ReadOnly string
	// HasLocations says that the request sets locations.
	HasLocations bool
}

// Create registers an image. The checks stand in the order of spec images-v2
// §6, rows 6 to 18.
func (e *Editor) Create(ctx context.Context, who *glance.Caller, want Creation) (*glance.Image, error) {
	img := want.Image.Clone()
	owner := want.Owner
	if !want.OwnerGiven && who.ProjectID != "" {
		owner = &who.ProjectID
	}
	if owner != nil {
		img.Owner = *owner
	}
	if img.Visibility == "" {
		img.Visibility = glance.VisibilityShared
	}
	if err := e.Policy.Create(ctx, who, owner, want.Image.Visibility); err != nil {
		return nil, err
	}
	if err := e.Allowance.Admit(ctx, who, quota.ImageCountTotal, 1); err != nil {
		return nil, err
	}
	if err := e.admit(who, img, want); err != nil {
		return nil, err
	}
	img.Tags = distinct(img.Tags)
	img.Status = glance.StatusQueued
	if img.ID == "" {
		img.ID = newID()
	}
	if err := e.Images.CreateImage(ctx, img); err != nil {
		return nil, err
	}
	return present(who, img, e.Protect, e.Stores), nil
}

func (e *Editor) admit(who *glance.Caller, img *glance.Image, want Creation) error {
	for _, p := range img.Properties {
		if !e.Protect.CanCreate(who, p.Name) {
			return reserved(p.Name)
		}
	}
	if err := e.Limits.Tags(len(img.Tags)); err != nil {
		return err
	}
	if want.ReadOnly != "" {
		return glance.Errorf(glance.Forbidden, "Attribute '%s' is read-only.", want.ReadOnly)
	}
	if want.HasLocations {
		return reserved("locations")
	}
	if err := checkNegative("min_disk", img.MinDisk); err != nil {
		return err
	}
	if err := checkNegative("min_ram", img.MinRAM); err != nil {
		return err
	}
	if err := e.Limits.Properties(userProperties(img)); err != nil {
		return err
	}
	return checkStorable(img)
}
