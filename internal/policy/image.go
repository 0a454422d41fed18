package policy

import (
	"context"

	"glance/internal/glance"
)

// ImageAllowed reports whether the caller passes a rule about an image, as for
// the rows of a list. It does not ask who owns it.
func (e *Enforcer) ImageAllowed(ctx context.Context, who *glance.Caller, rule Rule, img *glance.Image) bool {
	t, _ := e.images.Get().(*imageTarget)
	t.img, t.project = img, who.ProjectID
	held := e.Allowed(ctx, who, rule, t)
	t.img = nil
	e.images.Put(t)
	return held
}

// Image checks a rule about an image that exists. It fails with NotFound when
// the caller may not even get the image, and with Forbidden otherwise (spec
// auth-policy §2). Without the new defaults it also wants an owner or an
// administrator where the image would change.
func (e *Enforcer) Image(ctx context.Context, who *glance.Caller, rule Rule, img *glance.Image) error {
	text := "You do not own this image"
	if rule == UploadImage {
		text = "Not allowed to upload image data for image " + img.ID
	}
	return e.OwnImage(ctx, who, rule, img, text)
}

// OwnImage is Image with another text for those who lack nothing but ownership.
func (e *Enforcer) OwnImage(ctx context.Context, who *glance.Caller, rule Rule, img *glance.Image, text string) error {
	if !e.ImageAllowed(ctx, who, rule, img) {
		if rule == GetImage || !e.ImageAllowed(ctx, who, GetImage, img) {
			return hidden()
		}
		return refused(rule)
	}
	if !e.newDefaults && rule.wantsOwner() && !owns(who, img) {
		return glance.Errorf(glance.Forbidden, "%s", text)
	}
	return nil
}

// wantsOwner lists what only owners and administrators may do to an image
// while the old defaults hold, which let everybody pass.
func (r Rule) wantsOwner() bool {
	switch r {
	case ModifyImage, DeleteImage, UploadImage, Deactivate, Reactivate, SetImageLocation, DeleteImageLocation:
		return true
	}
	return false
}

func owns(who *glance.Caller, img *glance.Image) bool {
	return who.Admin || img.Owner != "" && img.Owner == who.ProjectID
}

// Create checks whether the caller may make an image for owner (nil is null)
// with that visibility (empty is not requested). It fails with Forbidden.
func (e *Enforcer) Create(ctx context.Context, who *glance.Caller, owner *string, visibility glance.Visibility) error {
	target := &draft{owner: null, visibility: visibility}
	if owner != nil {
		target.owner = *owner
	}
	if visibility == "" {
		target.visibility = glance.VisibilityPrivate
	}
	foreign := target.owner != nullable(who.ProjectID)
	if !e.Allowed(ctx, who, AddImage, target) {
		if foreign {
			return glance.Detailf(glance.Forbidden, "You are not permitted to create images owned by '%s'", target.owner)
		}
		return refused(AddImage)
	}
	if rule, ok := visibilityRule(visibility); ok && !e.Allowed(ctx, who, rule, target) {
		return refused(rule)
	}
	if !e.newDefaults && foreign && !who.Admin {
		return glance.Errorf(glance.Forbidden, "You are not permitted to create images owned by '%s'.", target.owner)
	}
	return nil
}

// Visibility checks whether the caller may give an image, as it is now, that
// visibility. It fails with Forbidden, never with NotFound.
func (e *Enforcer) Visibility(ctx context.Context, who *glance.Caller, img *glance.Image, want glance.Visibility) error {
	if rule, ok := visibilityRule(want); ok && !e.ImageAllowed(ctx, who, rule, img) {
		return refused(rule)
	}
	return nil
}

func visibilityRule(v glance.Visibility) (Rule, bool) {
	switch v {
	case glance.VisibilityPublic:
		return PublicizeImage, true
	case glance.VisibilityCommunity:
		return CommunitizeImage, true
	}
	return "", false
}

// Member checks a rule about the members of an image. It fails with NotFound
// when the caller may not get the image, and with Forbidden otherwise.
func (e *Enforcer) Member(ctx context.Context, who *glance.Caller, rule Rule, img *glance.Image) error {
	if !e.ImageAllowed(ctx, who, GetImage, img) {
		return hidden()
	}
	if !e.ImageAllowed(ctx, who, rule, img) {
		return refused(rule)
	}
	if e.newDefaults || who.Admin {
		return nil
	}
	// The old defaults let everybody pass; members answer an offer, owners make it.
	switch mine := owns(who, img); {
	case rule == AddMember && !mine:
		return glance.Errorf(glance.Forbidden, "Not allowed to create members for image %s.", img.ID)
	case rule == DeleteMember && !mine:
		return glance.Errorf(glance.Forbidden, "Not allowed to delete members for image %s.", img.ID)
	case rule == ModifyMember && mine:
		return glance.Errorf(glance.Forbidden, "Not allowed to update members for image %s.", img.ID)
	}
	return nil
}

// Cache checks a rule about the cache; img is nil when no image is meant. It
// fails with Forbidden.
func (e *Enforcer) Cache(ctx context.Context, who *glance.Caller, rule Rule, img *glance.Image) error {
	if img == nil {
		return e.Global(ctx, who, rule, Nothing{})
	}
	if !e.ImageAllowed(ctx, who, rule, img) {
		return refused(rule)
	}
	return nil
}

// Global checks a rule about no image in particular. It fails with Forbidden.
func (e *Enforcer) Global(ctx context.Context, who *glance.Caller, rule Rule, t Target) error {
	if !e.Allowed(ctx, who, rule, t) {
		return refused(rule)
	}
	return nil
}

// Metadef checks a rule about a namespace of metadata definitions; nil stands
// for none yet, with the caller's project. It fails with NotFound when the
// caller may not get the namespace, and with Forbidden otherwise.
func (e *Enforcer) Metadef(ctx context.Context, who *glance.Caller, rule Rule, ns *Namespace) error {
	var t Target = Project(who.ProjectID)
	if ns != nil {
		t = ns
	}
	if e.Allowed(ctx, who, rule, t) {
		return nil
	}
	if rule == GetMetadefNamespace || !e.Allowed(ctx, who, GetMetadefNamespace, t) {
		return hidden()
	}
	return refused(rule)
}

func refused(rule Rule) error {
	return glance.Errorf(glance.Forbidden, "You are not authorized to complete %s action.", rule)
}

// hidden has no text, so that the answer is that of a thing that is not there.
func hidden() error { return &glance.Error{Kind: glance.NotFound} }
