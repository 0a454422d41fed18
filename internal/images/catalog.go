package images

import (
	"context"
	"log/slog"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/store"
)

// Catalog reads images: show, list, the tasks of an image.
type Catalog struct {
	Images  metadata.Images
	Tasks   metadata.Tasks
	Policy  *policy.Enforcer
	Protect *policy.Protection // nil protects nothing
	Stores  *store.Set
	Log     *slog.Logger
}

// Show gives one image as the caller may see it (spec images-v2 §7).
func (c *Catalog) Show(ctx context.Context, who *glance.Caller, id string) (*glance.Image, error) {
	img, err := c.Images.Image(ctx, metadata.ScopeOf(*who), id)
	if err != nil {
		return nil, err
	}
	if err := c.Policy.Image(ctx, who, policy.GetImage, img); err != nil {
		return nil, err
	}
	return present(who, c.repaired(ctx, who, img), c.Protect, c.Stores), nil
}

// present takes from img what the caller may not see and brings the locations
// into the order of the stores' weights (spec images-v2 §5). It changes img.
func present(who *glance.Caller, img *glance.Image, protect *policy.Protection, stores *store.Set) *glance.Image {
	if img.Status == glance.StatusDeactivated && !who.Admin {
		img.Locations = nil
	}
	repair(img, stores)
	img.Locations = stores.Order(staying(img.Locations))
	kept := img.Properties[:0]
	for _, p := range img.Properties {
		if !hiddenProperty(p.Name) && protect.CanRead(who, p.Name) {
			kept = append(kept, p)
		}
	}
	img.Properties = kept
	return img
}

// hiddenProperty reports whether the property is the service's own and never
// shown.
func hiddenProperty(name string) bool {
	switch name {
	case glance.StageHostProperty, glance.HashHostProperty, glance.AttemptProperty:
		return true
	}
	return false
}

// retell gives err another text for the user when it is of kind k.
func retell(err error, k glance.Kind, format string, args ...any) error {
	if err == nil || glance.KindOf(err) != k {
		return err
	}
	told := glance.Errorf(k, format, args...)
	told.Cause = err
	return told
}

// MaySeeStores fails with Forbidden when the caller may not see how the stores
// are configured.
func (c *Catalog) MaySeeStores(ctx context.Context, who *glance.Caller) error {
	return c.Policy.Global(ctx, who, policy.StoresInfoDetail, policy.Nothing{})
}
