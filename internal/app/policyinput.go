package app

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"glance/internal/glance"
	"glance/internal/policy"
)

// caller is a caller as a file describes it, flat or as a token.
type caller struct {
	UserID                 string   `yaml:"user_id"`
	UserDomainID           string   `yaml:"user_domain_id"`
	ProjectID              string   `yaml:"project_id"`
	ProjectDomainID        string   `yaml:"project_domain_id"`
	DomainID               string   `yaml:"domain_id"`
	SystemScope            string   `yaml:"system_scope"`
	Roles                  []string `yaml:"roles"`
	IsAdminProject         *bool    `yaml:"is_admin_project"`
	ServiceUserID          string   `yaml:"service_user_id"`
	ServiceUserDomainID    string   `yaml:"service_user_domain_id"`
	ServiceProjectID       string   `yaml:"service_project_id"`
	ServiceProjectDomainID string   `yaml:"service_project_domain_id"`
	ServiceRoles           []string `yaml:"service_roles"`
}

// described is the part of Keystone's description of a token that rules see.
type described struct {
	Token *struct {
		User    inDomain `yaml:"user"`
		Project inDomain `yaml:"project"`
		Domain  inDomain `yaml:"domain"`
		System  struct {
			All bool `yaml:"all"`
		} `yaml:"system"`
		Roles []struct {
			Name string `yaml:"name"`
		} `yaml:"roles"`
		IsAdminProject *bool `yaml:"is_admin_project"`
	} `yaml:"token"`
}

type inDomain struct {
	ID     string `yaml:"id"`
	Domain struct {
		ID string `yaml:"id"`
	} `yaml:"domain"`
}

func readCaller(file string) (*glance.Caller, error) {
	text, err := os.ReadFile(file) //nolint:gosec // whoever calls us named it
	if err != nil {
		return nil, err
	}
	var d described
	if yaml.Unmarshal(text, &d) == nil && d.Token != nil {
		return d.caller(), nil
	}
	var c caller
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		return nil, fmt.Errorf("%s describes no caller: %w", file, err)
	}
	return &glance.Caller{
		UserID: c.UserID, UserDomainID: c.UserDomainID, ProjectID: c.ProjectID, ProjectDomainID: c.ProjectDomainID,
		DomainID: c.DomainID, SystemScope: c.SystemScope, Roles: lower(c.Roles),
		NotAdminProject: c.IsAdminProject != nil && !*c.IsAdminProject,
		ServiceUserID:   c.ServiceUserID, ServiceUserDomainID: c.ServiceUserDomainID, ServiceProjectID: c.ServiceProjectID,
		ServiceProjectDomainID: c.ServiceProjectDomainID, ServiceRoles: c.ServiceRoles,
	}, nil
}

func (d *described) caller() *glance.Caller {
	t := d.Token
	c := &glance.Caller{
		UserID: t.User.ID, UserDomainID: t.User.Domain.ID, ProjectID: t.Project.ID, ProjectDomainID: t.Project.Domain.ID,
		DomainID: t.Domain.ID, NotAdminProject: t.IsAdminProject != nil && !*t.IsAdminProject,
	}
	if t.System.All {
		c.SystemScope = "all"
	}
	for _, r := range t.Roles {
		c.Roles = append(c.Roles, strings.ToLower(r.Name))
	}
	return c
}

func lower(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, strings.ToLower(s))
	}
	return out
}

// attributes are a target in texts as rules compare them.
type attributes map[string]string

// Text gives an attribute.
func (a attributes) Text(name string) (string, bool) {
	text, ok := a[name]
	return text, ok
}

func (a attributes) String() string {
	if len(a) == 0 {
		return "nothing"
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		pairs = append(pairs, name+"="+a[name])
	}
	return strings.Join(pairs, " ")
}

// readTarget is what the service would ask a rule about: the attributes of the
// file, or of a private thing of the caller, as far as the rule's targets have
// them.
func readTarget(file string, who *glance.Caller, rule policy.Rule) (attributes, error) {
	given := map[string]any{}
	if file != "" {
		text, err := os.ReadFile(file) //nolint:gosec // whoever calls us named it
		if err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(text, &given); err != nil {
			return nil, fmt.Errorf("%s describes no target: %w", file, err)
		}
	}
	all := attributes{"visibility": string(glance.VisibilityPrivate), "owner": cmp.Or(who.ProjectID, pythonText(nil))}
	for name, value := range given {
		all[name] = pythonText(value)
	}
	if owner, ok := given["project_id"]; ok && given["owner"] == nil {
		all["owner"] = pythonText(owner)
	}
	all["project_id"], all["member_id"] = all["owner"], pythonText(nil)
	if all["visibility"] == string(glance.VisibilityShared) && all["owner"] != who.ProjectID && who.ProjectID != "" {
		all["member_id"] = who.ProjectID
	}
	all["member"] = all["member_id"]
	if id, ok := all["id"]; ok {
		all["image_id"] = id
	}
	if rule == policy.ContextIsAdmin { // the caller is the target
		all = attributes{}
		for name, value := range map[string]string{
			"user_id": who.UserID, "project_id": who.ProjectID, "domain_id": who.DomainID, "system_scope": who.SystemScope,
			"user_domain_id": who.UserDomainID, "project_domain_id": who.ProjectDomainID,
		} {
			all[name] = cmp.Or(value, pythonText(nil))
		}
	}
	names, any, asked := rule.Attributes()
	maps.DeleteFunc(all, func(name, _ string) bool {
		return asked && !any && !slices.Contains(names, name)
	})
	return all, nil
}

// pythonText is the text of a value as the original makes it.
func pythonText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	default:
		return fmt.Sprint(v)
	}
}
