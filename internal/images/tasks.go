package images

import (
	"context"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// TasksOf gives the tasks of an image that have not expired. Who may not see
// the image hears nothing more than that (spec images-v2 §7).
func (c *Catalog) TasksOf(ctx context.Context, who *glance.Caller, id string) ([]*glance.Task, error) {
	sc := metadata.ScopeOf(*who)
	img, err := c.Images.Image(ctx, sc, id)
	if err == nil {
		err = c.Policy.Image(ctx, who, policy.GetImage, img)
	}
	if k := glance.KindOf(err); err != nil && (k == glance.NotFound || k == glance.Forbidden) {
		return nil, &glance.Error{Kind: glance.NotFound, Cause: err}
	}
	if err != nil {
		return nil, err
	}
	return c.Tasks.TasksOf(ctx, sc, id, time.Now())
}
