package images

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// Deactivate blocks the data of an active image, Reactivate gives it free
// again (spec images-v2 §16). An image that is so already stays untouched.
func (e *Editor) Deactivate(ctx context.Context, who *glance.Caller, id string) error {
	return e.toggle(ctx, who, id, policy.Deactivate, glance.StatusDeactivated)
}

// Reactivate is the other direction of Deactivate.
func (e *Editor) Reactivate(ctx context.Context, who *glance.Caller, id string) error {
	return e.toggle(ctx, who, id, policy.Reactivate, glance.StatusActive)
}

func (e *Editor) toggle(ctx context.Context, who *glance.Caller, id string, rule policy.Rule, to glance.Status) error {
	_, err := e.update(ctx, who, id, func(e *Editor, img *glance.Image) error {
		if err := e.Policy.Image(ctx, who, rule, img); err != nil {
			return err
		}
		switch img.Status {
		case to:
			return metadata.ErrUnchanged
		case glance.StatusActive, glance.StatusDeactivated:
			return img.Move(to)
		}
		return glance.Errorf(glance.Forbidden, "Not allowed to %s image in status '%s'", rule, img.Status)
	})
	return err
}
