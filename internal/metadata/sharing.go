package metadata

import (
	"context"
	"errors"
	"slices"

	"glance/internal/glance"
)

// Grant is a membership as API v1 and the registry ask for it.
type Grant struct {
	Member   string
	CanShare *bool // nil leaves it as it is, false for a new member
}

// MayShare reports whether a caller may change who an image is shared with, by
// the rules of API v1: administrators, owners, and members who may share.
func MayShare(ctx context.Context, db Members, sc Scope, img *glance.Image) (bool, error) {
	switch {
	case sc.Admin:
		return true, nil
	case sc.Project == "":
		return false, nil
	case sc.Project == img.Owner:
		return true, nil
	}
	m, err := db.Member(ctx, img.ID, sc.Project)
	if errors.Is(err, glance.NotFound) {
		return false, nil
	}
	return m.CanShare, err
}

// SetMember makes or changes a membership. admit is asked for new ones only;
// see AddMember. A membership that another caller makes meanwhile is changed.
func SetMember(ctx context.Context, db Members, imageID string, g Grant, admit func(present int) error) error {
	_, err := db.UpdateMember(ctx, imageID, g.Member, func(m *glance.Member) error {
		if g.CanShare == nil || *g.CanShare == m.CanShare {
			return ErrUnchanged
		}
		m.CanShare = *g.CanShare
		return nil
	})
	if !errors.Is(err, glance.NotFound) {
		return err
	}
	m := glance.Member{ImageID: imageID, Member: g.Member, CanShare: g.CanShare != nil && *g.CanShare}
	if _, err = db.AddMember(ctx, m, admit); errors.Is(err, glance.Conflict) {
		return nil
	}
	return err
}

// ReplaceMembers shares an image with exactly these. It is no single step:
// when it fails, some are changed.
func ReplaceMembers(ctx context.Context, db Members, imageID string, grants []Grant) error {
	present, err := db.Members(ctx, imageID)
	if err != nil {
		return err
	}
	for _, m := range present {
		if slices.ContainsFunc(grants, func(g Grant) bool { return g.Member == m.Member }) {
			continue
		}
		if err := db.RemoveMember(ctx, imageID, m.Member); err != nil && !errors.Is(err, glance.NotFound) {
			return err
		}
	}
	for _, g := range grants {
		if err := SetMember(ctx, db, imageID, g, func(int) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// SharedWith gives the memberships of a project in the images of others. Who
// is neither that project nor an administrator learns of his own images only.
func SharedWith(ctx context.Context, images Images, members Members, sc Scope, project string) ([]glance.Member, error) {
	if project == "" || !sc.Admin && sc.Project == "" {
		return nil, nil
	}
	q := Query{
		Limit: -1, Visibility: glance.VisibilityShared, AnyMemberStatus: true, Deleted: new(false),
		Sort: []SortKey{{Column: ColumnCreatedAt}, {Column: ColumnID}},
	}
	if !sc.Admin && sc.Project != project {
		q.Where = []Condition{{Column: ColumnOwner, Texts: []string{sc.Project}}}
	}
	// Seen with the project's eyes these are the shared images it owns and those it is a member of.
	found, err := images.Images(ctx, Scope{Project: project}, q)
	if err != nil {
		return nil, err
	}
	var list []glance.Member
	for _, img := range found {
		if img.Owner == project {
			continue
		}
		m, err := members.Member(ctx, img.ID, project)
		if errors.Is(err, glance.NotFound) {
			continue // removed since
		}
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}
