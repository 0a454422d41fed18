package images

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// OldListing is a list as API v1 asks for it (spec images-v1 §3).
type OldListing struct {
	Params       map[string]string // of the request; unknown ones are ignored
	LimitDefault int               // limit_param_default
	LimitMax     int               // api_limit_max
}

// ListOld gives a page of a list of API v1.
func (c *Catalog) ListOld(ctx context.Context, who *glance.Caller, want OldListing) ([]*glance.Image, error) {
	if err := c.Policy.Global(ctx, who, policy.GetImages, policy.Project(who.ProjectID)); err != nil {
		return nil, err
	}
	if err := checkOldFilters(want.Params); err != nil {
		return nil, err
	}
	// Compat: the parameter deleted means something to the registry only.
	delete(want.Params, "deleted")
	list := metadata.OldList{LimitDefault: want.LimitDefault, LimitMax: want.LimitMax, Admin: who.Admin}
	q, marker, err := list.Query(want.Params)
	if err != nil {
		return nil, err
	}
	sc := metadata.ScopeOf(*who)
	sc.Deleted = q.Deleted == nil
	if marker != nil {
		if q.After, err = c.Images.Image(ctx, sc, *marker); errors.Is(err, glance.NotFound) {
			return nil, metadata.NoMarker()
		} else if err != nil {
			return nil, err
		}
	}
	found, err := c.Images.Images(ctx, sc, q)
	if err != nil {
		return nil, err
	}
	return c.page(ctx, who, found, false).Images, nil
}

// checkOldFilters is what API v1 looks at before anything else.
func checkOldFilters(params map[string]string) error {
	for _, name := range []string{"size_min", "size_max", "min_ram"} {
		value, given := params[name]
		if n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); given && (err != nil || n < 0) {
			return badOldFilter(name, value)
		}
	}
	for _, name := range []string{"protected", "is_public"} {
		value, given := params[name]
		if given && !slices.Contains([]string{"none", "true", "false", "1", "0"}, strings.ToLower(value)) {
			return badOldFilter(name, value)
		}
	}
	return nil
}

func badOldFilter(name, value string) error {
	return glance.Errorf(glance.Invalid, "Bad value passed to filter %s got %s", name, value)
}

// Find gives one image as API v1 shows it: administrators see deleted ones
// too. The error of one that the caller does not see is NotFound.
func (c *Catalog) Find(ctx context.Context, who *glance.Caller, id string) (*glance.Image, error) {
	img, err := findOld(ctx, c.Images, who, id)
	if err != nil {
		return nil, err
	}
	if err := c.Policy.Image(ctx, who, policy.GetImage, img); err != nil {
		return nil, retell(err, glance.NotFound, "Image with identifier %s not found", id)
	}
	return present(who, img, c.Protect, c.Stores), nil
}

// FindActive is Find for whoever wants the data (spec images-v1 §4).
func (c *Catalog) FindActive(ctx context.Context, who *glance.Caller, id string) (*glance.Image, error) {
	img, err := c.Find(ctx, who, id)
	switch {
	case err != nil:
		return nil, err
	case img.Status == glance.StatusDeactivated:
		return nil, glance.Errorf(glance.Forbidden, "Image %s is deactivated", id)
	case img.Status != glance.StatusActive:
		return nil, glance.Errorf(glance.NotFound, "Image %s is not active", id)
	}
	return img, nil
}

func findOld(ctx context.Context, images metadata.Images, who *glance.Caller, id string) (*glance.Image, error) {
	sc := metadata.ScopeOf(*who)
	sc.Deleted = who.Admin
	img, err := images.Image(ctx, sc, id)
	return img, retell(err, glance.NotFound, "Image with identifier %s not found", id)
}
