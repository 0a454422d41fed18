package glance

import "slices"

// Caller is who asks: made once per request by the auth socket, read by
// policy and verbs, never changed (spec auth-policy §1).
type Caller struct {
	UserID          string // empty is null, here and below
	UserName        string
	UserDomainID    string
	ProjectID       string // owner of new images
	ProjectName     string
	ProjectDomainID string
	DomainID        string   // set when the token is for a domain
	SystemScope     string   // "all" when the token is for the system
	Roles           []string // lower case
	NotAdminProject bool     // X-Is-Admin-Project said no

	ServiceUserID          string
	ServiceUserDomainID    string
	ServiceProjectID       string
	ServiceProjectDomainID string
	ServiceRoles           []string // case as sent

	Admin     bool   // the rule context_is_admin holds
	ReadOnly  bool   // anonymous
	RequestID string // req-…; empty when the pipeline gives none
	Token     string // secret: never log it
	Catalog   []byte // service catalog as JSON, nil when there is none
}

// HasRole reports whether the caller has the role; role is in lower case.
func (c *Caller) HasRole(role string) bool { return slices.Contains(c.Roles, role) }
