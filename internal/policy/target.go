package policy

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"glance/internal/glance"
	"glance/internal/rules"
)

// Target is what a rule is asked about.
type Target = rules.Target

// Nothing is the target without attributes.
type Nothing struct{}

// Text has no attribute.
func (Nothing) Text(string) (string, bool) { return "", false }

// Project is the target that knows a project only, as project_id; empty is null.
type Project string

// Text gives project_id.
func (p Project) Text(name string) (string, bool) { return nullable(string(p)), name == "project_id" }

// Namespace is a namespace of metadata definitions as rules see it.
type Namespace struct {
	Owner      string // a project; empty is null
	Visibility string
}

// Text gives project_id and visibility.
func (n *Namespace) Text(name string) (string, bool) {
	switch name {
	case "project_id":
		return nullable(n.Owner), true
	case "visibility":
		return n.Visibility, true
	}
	return "", false
}

// draft is an image that is about to be created.
type draft struct {
	owner      string // as text
	visibility glance.Visibility
}

func (d *draft) Text(name string) (string, bool) {
	switch name {
	case "project_id", "owner":
		return d.owner, true
	case "visibility":
		return string(d.visibility), true
	}
	return "", false
}

// imageTarget adapts an image without making a map of it (spec auth-policy
// §3.4).
type imageTarget struct {
	img     *glance.Image
	project string // of who asks
}

func (t *imageTarget) Text(name string) (string, bool) {
	switch name {
	case "project_id", "owner":
		return nullable(t.img.Owner), true
	case "visibility":
		return string(t.img.Visibility), true
	case "member_id", "member":
		return nullable(t.member()), true
	case "id", "image_id":
		return t.img.ID, true
	case "status":
		return string(t.img.Status), true
	case "name":
		if t.img.Name == nil {
			return null, true
		}
		return *t.img.Name, true
	case "locations":
		return "", false
	}
	if text, ok := t.data(name); ok {
		return text, true
	}
	p, ok := t.img.Property(name)
	if p.Null {
		return null, ok
	}
	return p.Value, ok
}

// member is the caller's project when the image is shared with others.
func (t *imageTarget) member() string {
	if t.img.Visibility == glance.VisibilityShared && t.img.Owner != t.project {
		return t.project
	}
	return ""
}

// data gives the base attributes that rules seldom look at.
func (t *imageTarget) data(name string) (string, bool) {
	img := t.img
	switch name {
	case "container_format":
		return nullable(img.ContainerFormat), true
	case "disk_format":
		return nullable(img.DiskFormat), true
	case "size":
		return number(img.Size), true
	case "virtual_size":
		return number(img.VirtualSize), true
	case "checksum":
		return nullable(img.Checksum), true
	case "os_hash_algo":
		return nullable(img.HashAlgo), true
	case "os_hash_value":
		return nullable(img.HashValue), true
	case "min_disk":
		return strconv.FormatInt(img.MinDisk, 10), true
	case "min_ram":
		return strconv.FormatInt(img.MinRAM, 10), true
	case "protected":
		return boolean(img.Protected), true
	case "os_hidden":
		return boolean(img.Hidden), true
	case "created_at":
		return timestamp(img.CreatedAt), true
	case "updated_at":
		return timestamp(img.UpdatedAt), true
	case "tags":
		if len(img.Tags) == 0 {
			return "set()", true
		}
		return "{" + join(img.Tags) + "}", true
	case "extra_properties":
		return properties(img.Properties), true
	}
	return "", false
}

// callerTarget is the caller as the target of context_is_admin.
type callerTarget glance.Caller

func (t *callerTarget) Text(name string) (string, bool) {
	switch name {
	case "user_id", "user":
		return nullable(t.UserID), true
	case "user_name":
		return nullable(t.UserName), true
	case "project_id", "tenant":
		return nullable(t.ProjectID), true
	case "project_name":
		return nullable(t.ProjectName), true
	case "domain_id", "domain":
		return nullable(t.DomainID), true
	case "user_domain_id", "user_domain":
		return nullable(t.UserDomainID), true
	case "project_domain_id", "project_domain":
		return nullable(t.ProjectDomainID), true
	case "system_scope":
		return nullable(t.SystemScope), true
	case "is_admin_project":
		return boolean(!t.NotAdminProject), true
	case "read_only":
		return boolean(t.ReadOnly), true
	case "request_id":
		return nullable(t.RequestID), true
	case "roles":
		return "[" + join(t.Roles) + "]", true
	}
	return "", false
}

// credentials are what rules see of a caller (spec auth-policy §3.3). Compat:
// is_admin, tenant and user are not among it, so checks on them never hold.
type credentials glance.Caller

func (c *credentials) HasRole(role string) bool { return hasRole(c.Roles, role) }

func (c *credentials) Is(path, text string) bool {
	switch path {
	case "roles":
		return slices.Contains(c.Roles, text)
	case "service_roles":
		return slices.Contains(c.ServiceRoles, text)
	case "is_admin_project":
		return text == boolean(!c.NotAdminProject)
	case "system":
		return c.SystemScope != "" && c.SystemScope == text
	}
	value, ok := c.attribute(path)
	return ok && nullable(value) == text
}

// attribute gives a credential that is a single text; empty is null.
func (c *credentials) attribute(name string) (string, bool) {
	switch name {
	case "user_id":
		return c.UserID, true
	case "user_domain_id":
		return c.UserDomainID, true
	case "system_scope":
		return c.SystemScope, true
	case "domain_id":
		return c.DomainID, true
	case "project_id":
		return c.ProjectID, true
	case "project_domain_id":
		return c.ProjectDomainID, true
	case "service_user_id":
		return c.ServiceUserID, true
	case "service_user_domain_id":
		return c.ServiceUserDomainID, true
	case "service_project_id":
		return c.ServiceProjectID, true
	case "service_project_domain_id":
		return c.ServiceProjectDomainID, true
	}
	return "", false
}

func hasRole(roles []string, role string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return strings.EqualFold(r, role) })
}

// Texts as Python writes values.

const null = "None"

func nullable(s string) string {
	if s == "" {
		return null
	}
	return s
}

func boolean(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func number(n *int64) string {
	if n == nil {
		return null
	}
	return strconv.FormatInt(*n, 10)
}

func timestamp(t time.Time) string {
	if t.IsZero() {
		return null
	}
	if t.Nanosecond() < int(time.Microsecond) {
		return t.UTC().Format("2006-01-02 15:04:05")
	}
	return t.UTC().Format("2006-01-02 15:04:05.000000")
}

func join(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = quote(item)
	}
	return strings.Join(quoted, ", ")
}

func properties(list []glance.Property) string {
	pairs := make([]string, len(list))
	for i, p := range list {
		value := quote(p.Value)
		if p.Null {
			value = null
		}
		pairs[i] = quote(p.Name) + ": " + value
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

func quote(s string) string {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
