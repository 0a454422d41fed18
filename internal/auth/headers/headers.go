package headers

import (
	"context"
	"net/http"
	"strings"

	"glance/internal/auth"
	"glance/internal/glance"
)

// Authenticator reads who asks from headers.
type Authenticator struct {
	// AllowAnonymous lets requests without a confirmed identity in as nobody,
	// who may only read. Otherwise they are Unauthenticated.
	AllowAnonymous bool
	// IsAdmin is the rule context_is_admin. It is asked once per request about
	// a caller that is complete but for Admin; nil is never.
	IsAdmin func(glance.Caller) bool

	catalogs catalogs
}

var _ auth.Authenticator = (*Authenticator)(nil)

// Authenticate makes a Caller of the headers. Of headers with older names the
// first one that is there counts, even when it is empty.
func (a *Authenticator) Authenticate(_ context.Context, h http.Header) (glance.Caller, error) {
	// Compat: any other spelling of the word is no confirmation (recording errors-rendering-401).
	if h.Get("X-Identity-Status") != "Confirmed" {
		if a.AllowAnonymous {
			return glance.Caller{ReadOnly: true}, nil
		}
		return glance.Caller{}, &glance.Error{Kind: glance.Unauthenticated}
	}
	c := glance.Caller{
		UserID:          first(h, "X-User-Id", "X-User"),
		UserName:        first(h, "X-User-Name"),
		UserDomainID:    first(h, "X-User-Domain-Id"),
		ProjectID:       first(h, "X-Project-Id", "X-Tenant-Id", "X-Tenant"),
		ProjectName:     first(h, "X-Project-Name", "X-Tenant-Name"),
		ProjectDomainID: first(h, "X-Project-Domain-Id"),
		DomainID:        first(h, "X-Domain-Id"),
		SystemScope:     first(h, "Openstack-System-Scope"),
		Roles:           list(strings.ToLower(first(h, "X-Roles", "X-Role"))),
		NotAdminProject: len(h["X-Is-Admin-Project"]) > 0 && !strings.EqualFold(first(h, "X-Is-Admin-Project"), "true"),

		ServiceUserID:          first(h, "X-Service-User-Id"),
		ServiceUserDomainID:    first(h, "X-Service-User-Domain-Id"),
		ServiceProjectID:       first(h, "X-Service-Project-Id"),
		ServiceProjectDomainID: first(h, "X-Service-Project-Domain-Id"),
		ServiceRoles:           list(first(h, "X-Service-Roles")),

		Token: first(h, "X-Auth-Token", "X-Storage-Token"),
	}
	if catalog := h["X-Service-Catalog"]; len(catalog) > 0 {
		var err error
		if c.Catalog, err = a.catalogs.check(catalog[0]); err != nil {
			return glance.Caller{}, err
		}
	}
	c.Admin = a.IsAdmin != nil && a.IsAdmin(c)
	return c, nil
}

// first is the value of the first header that is there.
func first(h http.Header, names ...string) string {
	for _, name := range names {
		if values := h[name]; len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// list splits at commas. Items are trimmed and never empty.
func list(s string) []string {
	var out []string
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}
