package glance

import "slices"

// Visibility says who sees an image (spec images-v2 §13).
type Visibility string

// The visibilities.
const (
	VisibilityPublic    Visibility = "public"
	VisibilityPrivate   Visibility = "private"
	VisibilityShared    Visibility = "shared"
	VisibilityCommunity Visibility = "community"
)

// Visibilities lists every visibility there is, in the order of the schema.
func Visibilities() []Visibility {
	return []Visibility{VisibilityCommunity, VisibilityPublic, VisibilityPrivate, VisibilityShared}
}

// Known reports whether v is a visibility at all.
func (v Visibility) Known() bool { return slices.Contains(Visibilities(), v) }

// VisibleTo reports whether a project that is not an administrator's sees img
// by id; isMember says whether the project is a member of it, with any status
// (spec images-v2 §13.1).
func (img *Image) VisibleTo(project string, isMember bool) bool {
	switch {
	case img.Owner == "", img.Visibility == VisibilityPublic, img.Visibility == VisibilityCommunity:
		return true
	case project == "":
		return false
	case img.Owner == project:
		return true
	}
	return img.Visibility == VisibilityShared && isMember
}
