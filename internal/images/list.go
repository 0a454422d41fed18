package images

import (
	"context"
	"errors"
	"strings"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// Listing is what a caller asks of a list (spec images-v2 §8.2). Filters are
// the texts of the request; their rules are the same for every door.
type Listing struct {
	Limit         int    // rows at most, 0 or more
	Marker        string // id of the image before the page
	FromStart     bool   // no marker was given
	Visibility    string // "all" or a visibility
	HasVisibility bool
	MemberStatus  *string // "all" or a member status; nil is accepted
	Hidden        *string // true or false in any case; nil is false
	Protected     *string // true or false
	Tags          []string
	Filters       []Filter
	SortKeys      []string // empty is created_at
	SortDirs      []string // none, one for all, or one each
}

// Filter is one condition of a list as the request has it; metadata.Query's
// AddFilter says what it means.
type Filter struct{ Name, Value string }

// Page is one page of a list.
type Page struct {
	Images []*glance.Image
	Last   string // id of the marker of the next page; empty when this is the last
}

// List gives a page of the images the caller may see.
func (c *Catalog) List(ctx context.Context, who *glance.Caller, want Listing) (Page, error) {
	q, err := want.query()
	if err != nil {
		return Page{}, err
	}
	if err := c.Policy.Global(ctx, who, policy.GetImages, policy.Project(who.ProjectID)); err != nil {
		return Page{}, err
	}
	if !want.FromStart {
		if q.After, err = c.marker(ctx, who, want.Marker); err != nil {
			return Page{}, err
		}
	}
	found, err := c.Images.Images(ctx, metadata.ScopeOf(*who), q)
	if err != nil {
		return Page{}, err
	}
	full := len(found) == want.Limit
	return c.page(ctx, who, found, full), nil
}

// page keeps the images that policy lets the caller see. There is a next page
// when the database filled this one and something of it is left.
func (c *Catalog) page(ctx context.Context, who *glance.Caller, found []*glance.Image, full bool) Page {
	var p Page
	for _, img := range found {
		if c.Policy.ImageAllowed(ctx, who, policy.GetImage, img) {
			p.Images = append(p.Images, present(who, img, c.Protect, c.Stores))
		}
	}
	if full && len(p.Images) > 0 {
		p.Last = p.Images[len(p.Images)-1].ID
	}
	return p
}

func (c *Catalog) marker(ctx context.Context, who *glance.Caller, id string) (*glance.Image, error) {
	sc := metadata.ScopeOf(*who)
	sc.Deleted = who.Admin
	img, err := c.Images.Image(ctx, sc, id)
	if !errors.Is(err, glance.NotFound) {
		return img, err
	}
	if _, err := c.Images.Image(ctx, metadata.Everything(), id); err == nil {
		return nil, glance.Errorf(glance.Forbidden, "Forbidding request, image %s not visible", id)
	}
	return nil, glance.Errorf(glance.Invalid, "No image found with ID %s", id)
}

func (l *Listing) query() (metadata.Query, error) {
	q := metadata.Query{Limit: l.Limit, Tags: l.Tags, Deleted: new(bool)}
	checks := []func(*metadata.Query) error{l.readVisibility, l.readMemberStatus, l.readFlags, l.readSort, l.readFilters}
	for _, check := range checks {
		if err := check(&q); err != nil {
			return metadata.Query{}, err
		}
	}
	return q, nil
}

func (l *Listing) readVisibility(q *metadata.Query) error {
	switch v := glance.Visibility(l.Visibility); {
	case !l.HasVisibility:
	case l.Visibility == "":
		// Compat: an empty visibility passes for one that no image has.
		q.Where = append(q.Where, metadata.Nothing())
	case l.Visibility == "all":
		q.AllVisibilities = true
	case v.Known():
		q.Visibility = v
	default:
		return glance.Errorf(glance.Invalid, "Invalid visibility value: %s", l.Visibility)
	}
	return nil
}

func (l *Listing) readMemberStatus(q *metadata.Query) error {
	if l.MemberStatus == nil {
		return nil
	}
	switch s := glance.MemberStatus(*l.MemberStatus); {
	case s == "all":
		q.AnyMemberStatus = true
	case s.Known():
		q.MemberStatus = s
	default:
		return glance.Errorf(glance.Invalid, "Invalid status: %s", s)
	}
	return nil
}

func (l *Listing) readFlags(q *metadata.Query) error {
	hidden := false
	if l.Hidden != nil {
		var ok bool
		if hidden, ok = parseFlag(strings.ToLower(*l.Hidden)); !ok {
			return glance.Errorf(glance.Invalid,
				"Invalid value '%s' for 'os_hidden' filter. Valid values are 'true' or 'false'.", *l.Hidden)
		}
	}
	q.Where = append(q.Where, metadata.Condition{Column: metadata.ColumnHidden, Bool: hidden})
	if l.Protected == nil {
		return nil
	}
	protected, ok := parseFlag(*l.Protected)
	if !ok {
		return glance.Errorf(glance.Invalid,
			"Invalid value '%s' for 'protected' filter. Valid values are 'true' or 'false'.", *l.Protected)
	}
	q.Where = append(q.Where, metadata.Condition{Column: metadata.ColumnProtected, Bool: protected})
	return nil
}

func (l *Listing) readFilters(q *metadata.Query) error {
	for _, f := range l.Filters {
		if err := q.AddFilter(f.Name, f.Value); err != nil {
			return err
		}
	}
	return nil
}

func parseFlag(s string) (value, ok bool) {
	return s == "true", s == "true" || s == "false"
}
