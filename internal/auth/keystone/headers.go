package keystone

import (
	"net/http"
	"strings"
)

// Names in the form that http.Header has them.
const (
	headerStatus        = "X-Identity-Status"
	headerServiceStatus = "X-Service-Identity-Status"
	confirmed           = "Confirmed"
	invalid             = "Invalid"
)

// identityHeaders say who somebody is, and only the filter may say so. Clients'
// are removed: those that the filter sets, and older names that are believed
// behind it (spec auth-policy §1.1).
var identityHeaders = map[string]bool{
	headerStatus: true, headerServiceStatus: true,
	"X-Service-Catalog": true, "X-Is-Admin-Project": true, "Openstack-System-Scope": true,
	"X-Role": true, "X-User": true, "X-Tenant": true, "X-Tenant-Id": true, "X-Tenant-Name": true,

	"X-Roles": true, "X-Domain-Id": true, "X-Domain-Name": true, "X-Project-Id": true, "X-Project-Name": true,
	"X-Project-Domain-Id": true, "X-Project-Domain-Name": true, "X-User-Id": true, "X-User-Name": true,
	"X-User-Domain-Id": true, "X-User-Domain-Name": true,

	"X-Service-Roles": true, "X-Service-Domain-Id": true, "X-Service-Domain-Name": true, "X-Service-Project-Id": true,
	"X-Service-Project-Name": true, "X-Service-Project-Domain-Id": true, "X-Service-Project-Domain-Name": true,
	"X-Service-User-Id": true, "X-Service-User-Name": true, "X-Service-User-Domain-Id": true, "X-Service-User-Domain-Name": true,
}

// withoutIdentity copies headers, with room for an identity.
func withoutIdentity(h http.Header) http.Header {
	out := make(http.Header, len(h)+20)
	for name, values := range h {
		if !identityHeaders[name] {
			out[name] = values
		}
	}
	return out
}

// field is a header. The values are shared by many requests.
type field struct {
	name   string
	values []string
}

func set(h http.Header, fields []field) {
	for _, f := range fields {
		h[f.name] = f.values
	}
}

func userFields(doc *document) []field {
	t := &doc.Token
	fields := personFields(doc, "X-")
	admin := "True"
	if t.IsAdminProject != nil && !*t.IsAdminProject {
		admin = "False"
	}
	fields = append(fields, field{headerStatus, []string{confirmed}}, field{"X-Is-Admin-Project", []string{admin}})
	if t.System.All {
		fields = append(fields, field{"Openstack-System-Scope", []string{"all"}})
	}
	if t.Catalog != nil {
		fields = append(fields, field{"X-Service-Catalog", []string{t.Catalog.header()}})
	}
	return fields
}

func serviceFields(doc *document) []field { return personFields(doc, "X-Service-") }

// personFields leaves out what the token does not say.
func personFields(doc *document, prefix string) []field {
	t := &doc.Token
	roles := make([]string, len(t.Roles))
	for i, r := range t.Roles {
		roles[i] = r.Name
	}
	fields := []field{{prefix + "Roles", []string{strings.Join(roles, ",")}}}
	for _, f := range [...]struct{ name, value string }{
		{"Domain-Id", t.Domain.ID},
		{"Domain-Name", t.Domain.Name},
		{"Project-Id", t.Project.ID},
		{"Project-Name", t.Project.Name},
		{"Project-Domain-Id", t.Project.Domain.ID},
		{"Project-Domain-Name", t.Project.Domain.Name},
		{"User-Id", t.User.ID},
		{"User-Name", t.User.Name},
		{"User-Domain-Id", t.User.Domain.ID},
		{"User-Domain-Name", t.User.Domain.Name},
	} {
		if f.value != "" {
			fields = append(fields, field{prefix + f.name, []string{f.value}})
		}
	}
	return fields
}
