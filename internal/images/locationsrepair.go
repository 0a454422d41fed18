package images

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/store"
)

// repair makes the locations of img name their stores: rows from before there
// were several do not (spec images-v2 §5). It reports whether any did not. An
// image whose locations do costs no more than looking them up.
func repair(img *glance.Image, stores *store.Set) bool {
	changed := false
	for i, loc := range img.Locations {
		fixed, ok := stores.Repair(loc)
		if ok {
			img.Locations[i], changed = fixed, true
		}
	}
	return changed
}

// repaired gives img with repaired locations, and saves them when the caller
// may change the image. That this fails does not concern who only looks.
//
// Lists repair what they show and save nothing, unlike the original: reading a
// page must not become as many writes, and must not move updated_at under a
// client that pages by it.
func (c *Catalog) repaired(ctx context.Context, who *glance.Caller, img *glance.Image) *glance.Image {
	if !repair(img, c.Stores) || c.Policy.Image(ctx, who, policy.ModifyImage, img) != nil {
		return img
	}
	saved, err := c.Images.UpdateImage(ctx, metadata.ScopeOf(*who), img.ID, func(img *glance.Image) error {
		if !repair(img, c.Stores) {
			return metadata.ErrUnchanged
		}
		return nil
	})
	if err != nil {
		c.Log.WarnContext(ctx, "the stores of locations were not noted", "image_id", img.ID, "error", err)
		return img
	}
	return saved
}
