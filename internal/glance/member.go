package glance

import "time"

// Member is a project that a shared image is shared with.
type Member struct {
	ImageID   string
	Member    string // a project id, any text of 1 to 255 characters
	Status    MemberStatus
	CanShare  bool // a right of API v1; v2 never sets it
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MemberStatus says what a member thinks of the offer.
type MemberStatus string

// The statuses of a member.
const (
	MemberPending  MemberStatus = "pending"
	MemberAccepted MemberStatus = "accepted"
	MemberRejected MemberStatus = "rejected"
)

// Known reports whether s is a member status at all.
func (s MemberStatus) Known() bool {
	return s == MemberPending || s == MemberAccepted || s == MemberRejected
}
