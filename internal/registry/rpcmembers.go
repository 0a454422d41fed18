package registry

import (
	"context"
	"strings"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// sharing finds the image of a call that changes who it is shared with.
func (c *call) sharing(ctx context.Context, id string) error {
	if err := c.writes(); err != nil {
		return err
	}
	sc := metadata.ScopeOf(c.caller)
	img, err := c.DB.Image(ctx, sc, id)
	if err != nil {
		return as(err, glance.NotFound, wire.ClassImageNotFound)
	}
	may, err := metadata.MayShare(ctx, c.DB, sc, img)
	if err == nil && !may {
		err = glance.Errorf(glance.Forbidden, "No permission to share that image")
	}
	return err
}

func memberCreate(ctx context.Context, c *call) (any, error) {
	values, err := c.values("values")
	if err != nil {
		return nil, err
	}
	m := glance.Member{}
	m.ImageID, _ = values["image_id"].(string)
	m.Member, _ = values["member"].(string)
	if err := c.sharing(ctx, m.ImageID); err != nil {
		return nil, err
	}
	if err := setMember(&m, values); err != nil {
		return nil, err
	}
	m, err = c.DB.AddMember(ctx, m, func(present int) error {
		if want := c.exact.Present; want != nil && *want != present {
			return &classed{glance.Errorf(glance.Conflict, "image %s has %d members", m.ImageID, present), wire.ClassConflict}
		}
		return nil
	})
	if err != nil {
		err = as(err, glance.NotFound, wire.ClassImageNotFound)
		return nil, as(err, glance.Conflict, wire.ClassDuplicate)
	}
	return wire.MemberRow(m), nil
}

// setMember reads what may be said of a membership.
func setMember(m *glance.Member, values wire.Values) error {
	if _, given := values["can_share"]; given {
		share, err := values.Flag("can_share")
		if err != nil {
			return err
		}
		m.CanShare = share
	}
	if status, given := values["status"].(string); given {
		if m.Status = glance.MemberStatus(status); !m.Status.Known() {
			return bad("Invalid status: %s", status)
		}
	}
	return nil
}

// member takes apart the id of a membership; see wire.MemberRow.
func (c *call) member() (image, member string, err error) {
	id, _ := c.args["memb_id"].(string)
	image, member, ok := strings.Cut(id, ":")
	if !ok {
		return "", "", glance.Errorf(glance.NotFound, "No member found with ID %s", id)
	}
	return image, member, nil
}

// memberUpdate: a member may answer for itself, who may share do the rest.
func memberUpdate(ctx context.Context, c *call) (any, error) {
	image, member, err := c.member()
	if err != nil {
		return nil, err
	}
	values, err := c.values("values")
	if err == nil {
		err = c.writes()
	}
	if err != nil {
		return nil, err
	}
	_, shares := values["can_share"]
	if shares || member != c.caller.ProjectID || c.caller.ProjectID == "" {
		if err := c.sharing(ctx, image); err != nil {
			return nil, err
		}
	}
	m, err := c.DB.UpdateMember(ctx, image, member, func(m *glance.Member) error {
		if v := c.exact.Version; v != "" && v != wire.MemberRow(*m).Version {
			return glance.Errorf(glance.Conflict, "member %s of image %s has changed", member, image)
		}
		return setMember(m, values)
	})
	if err != nil {
		return nil, err
	}
	return wire.MemberRow(m), nil
}

func memberDelete(ctx context.Context, c *call) (any, error) {
	image, member, err := c.member()
	if err != nil {
		return nil, err
	}
	if err := c.sharing(ctx, image); err != nil {
		return nil, err
	}
	return nil, c.DB.RemoveMember(ctx, image, member)
}

// memberFind looks by image, by member, or both. Who is neither an
// administrator nor the owner of the image sees only himself.
func memberFind(ctx context.Context, c *call) (any, error) {
	image, byImage := c.args["image_id"].(string)
	member, byMember := c.args["member"].(string)
	status, _ := c.args["status"].(string)
	var found []glance.Member
	var err error
	switch {
	case byImage:
		found, err = c.membersOf(ctx, image)
	case byMember:
		found, err = metadata.SharedWith(ctx, c.DB, c.DB, metadata.ScopeOf(c.caller), member)
	default:
		err = bad("image_id or member is missing.")
	}
	if err != nil {
		return nil, err
	}
	out := []wire.Member2{}
	for _, m := range found {
		if (!byMember || m.Member == member) && (status == "" || status == "all" || string(m.Status) == status) {
			out = append(out, wire.MemberRow(m))
		}
	}
	return out, nil
}

func (c *call) membersOf(ctx context.Context, image string) ([]glance.Member, error) {
	all, err := c.DB.Members(ctx, image)
	if err != nil || c.caller.Admin || len(all) == 0 {
		return all, err
	}
	img, err := c.DB.Image(ctx, metadata.Everything(), image)
	if err != nil {
		return nil, as(err, glance.NotFound, wire.ClassImageNotFound)
	}
	var mine []glance.Member
	for _, m := range all {
		if seesMember(metadata.ScopeOf(c.caller), img, m) {
			mine = append(mine, m)
		}
	}
	return mine, nil
}

func memberCount(ctx context.Context, c *call) (any, error) {
	id, err := c.text("image_id")
	if err != nil {
		return nil, err
	}
	members, err := c.DB.Members(ctx, id)
	return len(members), err
}
