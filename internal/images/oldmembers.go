package images

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// Grant is a membership as API v1 asks for it.
type Grant = metadata.Grant

// ListOld gives the members of an image whatever its visibility is; who does
// not own it sees only himself (spec images-v1 §8).
func (s *Sharer) ListOld(ctx context.Context, who *glance.Caller, id string) ([]glance.Member, error) {
	img, err := s.old(ctx, who, id)
	if err == nil {
		err = s.allowed(ctx, who, policy.GetMembers, img)
	}
	if err != nil {
		return nil, err
	}
	members, err := s.Members.Members(ctx, id)
	if err != nil {
		return nil, err
	}
	visible := members[:0]
	for _, m := range members {
		if seesMember(who, img, m.Member) {
			visible = append(visible, m)
		}
	}
	return visible, nil
}

// old finds an image for a call of API v1 about its members.
func (s *Sharer) old(ctx context.Context, who *glance.Caller, id string) (*glance.Image, error) {
	img, err := findOld(ctx, s.Images, who, id)
	if err != nil {
		return nil, err
	}
	if img.Deleted {
		return nil, glance.Errorf(glance.NotFound, "Image with identifier %s has been deleted.", id)
	}
	if !s.Policy.ImageAllowed(ctx, who, policy.GetImage, img) {
		return nil, glance.Errorf(glance.NotFound, "Image with identifier %s not found", id)
	}
	return img, nil
}

// shareable checks whether the caller may share an image: owners are asked
// rule, and members who may share what they need to answer an offer. Compat:
// API v1 asks modify_member of both, whose default of today no owner passes.
func (s *Sharer) shareable(ctx context.Context, who *glance.Caller, id string, rule policy.Rule) error {
	switch {
	case who.ProjectID == "" && !who.Admin:
		return glance.Errorf(glance.Unauthenticated, "No authenticated user")
	case who.ReadOnly:
		return glance.Detailf(glance.Forbidden, "Read-only access")
	}
	img, err := s.old(ctx, who, id)
	if err != nil {
		return err
	}
	may, err := metadata.MayShare(ctx, s.Members, metadata.ScopeOf(*who), img)
	if err != nil {
		return err
	}
	if !may {
		return glance.Errorf(glance.NotFound, "No permission to share that image")
	}
	if !who.Admin && img.Owner != who.ProjectID {
		rule = policy.ModifyMember
	}
	return s.allowed(ctx, who, rule, img)
}

func (s *Sharer) allowed(ctx context.Context, who *glance.Caller, rule policy.Rule, img *glance.Image) error {
	if !s.Policy.ImageAllowed(ctx, who, rule, img) {
		return glance.Errorf(glance.Forbidden, "You are not authorized to complete %s action.", rule)
	}
	return nil
}

// Grant shares an image with a project, or changes whether that may share it.
func (s *Sharer) Grant(ctx context.Context, who *glance.Caller, id string, g Grant) error {
	if err := s.shareable(ctx, who, id, policy.AddMember); err != nil {
		return err
	}
	if glance.BeyondBMP(g.Member) {
		return glance.Errorf(glance.Invalid, "Member can't contain 4 byte unicode characters.")
	}
	return metadata.SetMember(ctx, s.Members, id, g, func(present int) error { return s.Limits.Members(present + 1) })
}

// ReplaceMembers shares an image with exactly these projects.
func (s *Sharer) ReplaceMembers(ctx context.Context, who *glance.Caller, id string, grants []Grant) error {
	if err := s.shareable(ctx, who, id, policy.AddMember); err != nil {
		return err
	}
	if err := s.Limits.Members(len(grants)); err != nil {
		return err
	}
	for _, g := range grants {
		if glance.BeyondBMP(g.Member) {
			return glance.Errorf(glance.Invalid, "Member can't contain 4 byte unicode characters.")
		}
	}
	return metadata.ReplaceMembers(ctx, s.Members, id, grants)
}

// Revoke ends a membership.
func (s *Sharer) Revoke(ctx context.Context, who *glance.Caller, id, project string) error {
	if err := s.shareable(ctx, who, id, policy.DeleteMember); err != nil {
		return err
	}
	err := s.Members.RemoveMember(ctx, id, project)
	return retell(err, glance.NotFound, "Membership could not be found.")
}

// SharedWith gives the memberships of a project in the images of others.
func (s *Sharer) SharedWith(ctx context.Context, who *glance.Caller, project string) ([]glance.Member, error) {
	return metadata.SharedWith(ctx, s.Images, s.Members, metadata.ScopeOf(*who), project)
}
