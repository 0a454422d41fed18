package policy

import (
	"context"
	"slices"

	"glance/internal/glance"
	"glance/internal/rules"
)

// Rules are those in force now, files over defaults.
func (e *Enforcer) Rules() *rules.Set { return e.set() }

// Explanation says why a caller passes a rule or not.
type Explanation struct {
	Allowed    bool
	WrongScope bool // refused whatever the rule says: the token is for a system or a domain
	OwnersOnly bool // while the old defaults hold, the caller must also own the image or be an administrator
	Rule       rules.Explanation
}

// Explain answers as Allowed does, and says why.
func (e *Enforcer) Explain(ctx context.Context, who *glance.Caller, rule Rule, t Target) Explanation {
	why := e.set().Explain(ctx, string(rule), t, (*credentials)(who))
	out := Explanation{Rule: why, OwnersOnly: !e.newDefaults && rule.wantsOwner()}
	out.WrongScope = e.scope && rule.scoped() && (who.SystemScope != "" || who.DomainID != "")
	out.Allowed = why.Held && !out.WrongScope
	return out
}

// Attributes are those that the target of a rule has when the service asks. With
// any they are those of an image, whose properties may have any name. ok is
// false for rules that only other rules ask about (spec auth-policy §2).
func (r Rule) Attributes() (names []string, any, ok bool) {
	switch r {
	case Default, ServiceAPI, MetadefDefault, MetadefAdmin:
		return nil, false, false
	case ContextIsAdmin:
		return []string{
			"user_id", "user", "user_name", "project_id", "tenant", "project_name", "domain_id", "domain", "user_domain_id", "user_domain",
			"project_domain_id", "project_domain", "system_scope", "is_admin_project", "read_only", "request_id", "roles",
		}, false, true
	case AddImage:
		return []string{"project_id", "owner", "visibility"}, false, true
	case GetImages:
		return []string{"project_id"}, false, true
	case ManageImageCache, ListCachedNodes, CacheList, CacheClean, CachePrune, StoresInfoDetail,
		TasksAPIAccess, GetTask, GetTasks, AddTask, ModifyTask:
		return nil, false, true
	}
	if slices.Contains(metadefRules(), r) {
		return []string{"project_id", "visibility"}, false, true
	}
	return nil, true, slices.ContainsFunc(definitions, func(d Definition) bool { return d.Rule == r })
}

// metadefRules are the rules about metadata definitions.
func metadefRules() []Rule {
	var out []Rule
	first := slices.IndexFunc(definitions, func(d Definition) bool { return d.Rule == GetMetadefNamespace })
	for _, d := range definitions[first:] {
		out = append(out, d.Rule)
	}
	return out
}
