package images

import (
	"context"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// AddTag gives an image a tag; one that it has already changes nothing (spec
// images-v2 §14).
func (e *Editor) AddTag(ctx context.Context, who *glance.Caller, id, tag string) error {
	return e.changeTags(ctx, who, id, "update", func(img *glance.Image) error {
		if glance.BeyondBMP(tag) {
			return glance.Errorf(glance.Invalid, "Could not update image: Param values can't contain 4 byte unicode.")
		}
		if img.HasTag(tag) {
			return metadata.ErrUnchanged
		}
		img.Tags = append(img.Tags, tag)
		if err := e.Limits.Tags(len(img.Tags)); err != nil {
			return retell(err, glance.TooLarge, "Image tag limit exceeded for image %s: %s:", id, err)
		}
		return nil
	})
}

// RemoveTag takes a tag from an image; NotFound when it has no such tag.
func (e *Editor) RemoveTag(ctx context.Context, who *glance.Caller, id, tag string) error {
	return e.changeTags(ctx, who, id, "delete", func(img *glance.Image) error {
		i := slices.Index(img.Tags, tag)
		if i < 0 {
			return &glance.Error{Kind: glance.NotFound}
		}
		img.Tags = slices.Delete(img.Tags, i, i+1)
		return nil
	})
}

func (e *Editor) changeTags(ctx context.Context, who *glance.Caller, id, deed string, change func(*glance.Image) error) error {
	if _, err := e.Images.Image(ctx, metadata.ScopeOf(*who), id); err != nil {
		return retell(err, glance.NotFound, "Image %s not found.", id)
	}
	_, err := e.update(ctx, who, id, func(e *Editor, img *glance.Image) error {
		text := "Not allowed to " + deed + " tags for image " + id + "."
		if err := e.Policy.OwnImage(ctx, who, policy.ModifyImage, img, text); err != nil {
			return err
		}
		return change(img)
	})
	return err
}
