package images

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/quota"
)

// Sharer shares images with other projects (spec images-v2 §15).
type Sharer struct {
	Images  metadata.Images
	Members metadata.Members
	Policy  *policy.Enforcer
	Limits  quota.Limits
}

// List gives the members of an image; who is not its owner sees only himself.
func (s *Sharer) List(ctx context.Context, who *glance.Caller, id string) ([]glance.Member, error) {
	img, err := s.image(ctx, who, id)
	if err != nil {
		return nil, err
	}
	if img.Visibility != glance.VisibilityShared {
		return nil, glance.Errorf(glance.Forbidden,
			"Not allowed to list members for image %s: Only shared images have members.", id)
	}
	if err := s.Policy.Member(ctx, who, policy.GetMembers, img); err != nil {
		return nil, err
	}
	members, err := s.Members.Members(ctx, id)
	if err != nil {
		return nil, err
	}
	visible := members[:0]
	for _, m := range members {
		if seesMember(who, img, m.Member) && s.Policy.Member(ctx, who, policy.GetMember, img) == nil {
			visible = append(visible, m)
		}
	}
	return visible, nil
}

// Add makes project a member with status pending.
func (s *Sharer) Add(ctx context.Context, who *glance.Caller, id, project string) (glance.Member, error) {
	img, err := s.shared(ctx, who, id, "create")
	if err != nil {
		return glance.Member{}, err
	}
	if err := s.Policy.Member(ctx, who, policy.AddMember, img); err != nil {
		return glance.Member{}, err
	}
	if glance.BeyondBMP(project) {
		return glance.Member{}, glance.Errorf(glance.Invalid, "Member can't contain 4 byte unicode characters.")
	}
	m := glance.Member{ImageID: id, Member: project, Status: glance.MemberPending}
	added, err := s.Members.AddMember(ctx, m, func(present int) error { return s.Limits.Members(present + 1) })
	return added, retell(err, glance.TooLarge, "Image member limit exceeded for image %s: %s:", id, err)
}

// Show gives one membership.
func (s *Sharer) Show(ctx context.Context, who *glance.Caller, id, project string) (glance.Member, error) {
	img, err := s.image(ctx, who, id)
	if err != nil {
		return glance.Member{}, err
	}
	if img.Visibility != glance.VisibilityShared {
		return glance.Member{}, glance.Errorf(glance.NotFound, "Only shared images have members.")
	}
	// What the caller may not see is not there.
	if err := s.Policy.Member(ctx, who, policy.GetMember, img); err != nil {
		return glance.Member{}, hide(err)
	}
	return s.member(ctx, who, img, project)
}

// SetStatus says what the member thinks of the image.
func (s *Sharer) SetStatus(ctx context.Context, who *glance.Caller, id, project string, to glance.MemberStatus) (glance.Member, error) {
	img, err := s.shared(ctx, who, id, "update")
	if err != nil {
		return glance.Member{}, err
	}
	if err := s.Policy.Member(ctx, who, policy.GetMember, img); err != nil {
		return glance.Member{}, err
	}
	if _, err := s.member(ctx, who, img, project); err != nil {
		return glance.Member{}, err
	}
	if err := s.Policy.Member(ctx, who, policy.ModifyMember, img); err != nil {
		return glance.Member{}, err
	}
	if !to.Known() {
		return glance.Member{}, glance.Errorf(glance.Invalid,
			`Incorrect request: Status must be "pending", "accepted" or "rejected".`)
	}
	return s.Members.UpdateMember(ctx, id, project, func(m *glance.Member) error {
		m.Status = to
		return nil
	})
}

// Remove ends a membership.
func (s *Sharer) Remove(ctx context.Context, who *glance.Caller, id, project string) error {
	img, err := s.shared(ctx, who, id, "delete")
	if err != nil {
		return err
	}
	if err := s.Policy.Member(ctx, who, policy.GetMember, img); err != nil {
		return err
	}
	if _, err := s.member(ctx, who, img, project); err != nil {
		return err
	}
	if err := s.Policy.Member(ctx, who, policy.DeleteMember, img); err != nil {
		return err
	}
	return s.Members.RemoveMember(ctx, id, project)
}

func (s *Sharer) image(ctx context.Context, who *glance.Caller, id string) (*glance.Image, error) {
	img, err := s.Images.Image(ctx, metadata.ScopeOf(*who), id)
	return img, retell(err, glance.NotFound, "Image %s not found.", id)
}

func (s *Sharer) shared(ctx context.Context, who *glance.Caller, id, deed string) (*glance.Image, error) {
	img, err := s.image(ctx, who, id)
	if err == nil && img.Visibility != glance.VisibilityShared {
		err = glance.Errorf(glance.Forbidden, "Not allowed to %s members for image %s.", deed, id)
	}
	return img, err
}

// member finds a membership that the caller may see.
func (s *Sharer) member(ctx context.Context, who *glance.Caller, img *glance.Image, project string) (glance.Member, error) {
	if !seesMember(who, img, project) {
		return glance.Member{}, metadata.NoMember(img.ID, project)
	}
	return s.Members.Member(ctx, img.ID, project)
}

func seesMember(who *glance.Caller, img *glance.Image, project string) bool {
	return who.Admin || who.ProjectID != "" && (who.ProjectID == img.Owner || who.ProjectID == project)
}

// hide turns a denial into what a caller hears who may not even know.
func hide(err error) error {
	if glance.KindOf(err) == glance.Forbidden {
		return &glance.Error{Kind: glance.NotFound, Cause: err}
	}
	return err
}
