package metadefs

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// Namespaces works on namespaces as a whole (spec metadefs-v2 §2).
type Namespaces struct {
	Metadefs metadata.Metadefs
	Policy   *policy.Enforcer
}

// Listing is what a caller asks of a list of namespaces.
type Listing struct {
	Limit         int    // rows at most, 0 or more
	Marker        string // name of the namespace before the page; empty is the beginning
	Sort          string // a column of the table
	Asc           bool
	Visibility    *string  // public or private; nil is both
	ResourceTypes []string // associated with any of them; nil is all namespaces
}

// Page is one page of a list.
type Page struct {
	Namespaces []*glance.MetadefNamespace // with their associations
	Last       string                     // name that is the marker of the next page; empty when this is the last
}

// List gives a page of the namespaces that the caller may see.
func (n *Namespaces) List(ctx context.Context, who *glance.Caller, want Listing) (Page, error) {
	q := metadata.NamespaceQuery{
		Limit: want.Limit, Marker: want.Marker, Sort: want.Sort, Asc: want.Asc, ResourceTypes: want.ResourceTypes,
	}
	if want.Visibility != nil {
		q.Visibility = glance.Visibility(*want.Visibility)
	}
	switch q.Visibility {
	case "", glance.VisibilityPublic, glance.VisibilityPrivate:
	default:
		return Page{}, badVisibility(*want.Visibility)
	}
	for _, rule := range []policy.Rule{policy.GetMetadefNamespaces, policy.ListMetadefResourceTypes} {
		if err := n.Policy.Metadef(ctx, who, rule, nil); err != nil {
			return Page{}, err
		}
	}
	if want.Visibility != nil && q.Visibility == "" {
		return Page{}, nil // Compat: an empty visibility passes for one that no namespace has
	}
	found, err := n.Metadefs.Namespaces(ctx, metadata.ScopeOf(*who), q)
	if err != nil {
		return Page{}, err
	}
	var p Page
	for _, ns := range found {
		if n.Policy.Allowed(ctx, who, policy.GetMetadefNamespace, target(ns)) {
			p.Namespaces = append(p.Namespaces, ns)
		}
	}
	// Compat: a page that policy made shorter is taken for the last one.
	if kept := len(p.Namespaces); kept > 0 && kept == want.Limit {
		p.Last = p.Namespaces[kept-1].Name
	}
	return p, nil
}

func badVisibility(v string) error {
	return glance.Errorf(glance.Invalid, "Invalid visibility value: %s", v)
}

// Shown is a namespace with its parts.
type Shown struct {
	*glance.MetadefNamespace
	// Prefix is what names of properties begin with on resources of the type
	// that was asked for (spec metadefs-v2 §5).
	Prefix string
}

// Show gives a namespace with its parts as resources of a type would take
// them; empty is no type.
func (n *Namespaces) Show(ctx context.Context, who *glance.Caller, name, resourceType string) (Shown, error) {
	ns, err := n.Metadefs.Namespace(ctx, metadata.ScopeOf(*who), name)
	if glance.KindOf(err) == glance.Forbidden {
		return Shown{}, &glance.Error{Kind: glance.NotFound, Cause: err}
	}
	if err != nil {
		return Shown{}, err
	}
	rules := []policy.Rule{
		policy.GetMetadefNamespace, policy.ListMetadefResourceTypes, policy.GetMetadefObjects, policy.GetMetadefProperties,
		policy.GetMetadefTags,
	}
	for _, rule := range rules {
		if err := n.Policy.Metadef(ctx, who, rule, target(ns)); err != nil {
			return Shown{}, err
		}
	}
	if err := n.fill(ctx, ns); err != nil {
		return Shown{}, err
	}
	shown := Shown{MetadefNamespace: ns}
	for _, a := range ns.Associations {
		if a.ResourceType == resourceType {
			shown.Prefix = textOf(a.Prefix)
		}
	}
	return shown, nil
}

// fill reads the parts of a namespace.
func (n *Namespaces) fill(ctx context.Context, ns *glance.MetadefNamespace) (err error) {
	if ns.Objects, err = n.Metadefs.MetadefObjects(ctx, ns); err != nil {
		return err
	}
	for i := range ns.Objects {
		present(&ns.Objects[i])
	}
	if ns.Associations, err = n.Metadefs.Associations(ctx, ns); err != nil {
		return err
	}
	if ns.Properties, err = n.Metadefs.MetadefProperties(ctx, ns); err != nil {
		return err
	}
	ns.Tags, err = n.Metadefs.MetadefTags(ctx, ns, metadata.TagQuery{Limit: -1, Sort: "created_at"})
	return err
}

// Create makes a namespace with the parts that are in ns, which stands as
// stored afterwards. Without an owner it is the caller's.
func (n *Namespaces) Create(ctx context.Context, who *glance.Caller, ns *glance.MetadefNamespace) error {
	rules := []policy.Rule{policy.AddMetadefNamespace}
	for _, part := range []struct {
		given bool
		rule  policy.Rule
	}{
		{len(ns.Associations) > 0, policy.AddMetadefResourceTypeAssociation},
		{len(ns.Objects) > 0, policy.AddMetadefObject},
		{len(ns.Properties) > 0, policy.AddMetadefProperty},
		{len(ns.Tags) > 0, policy.AddMetadefTag},
	} {
		if part.given {
			rules = append(rules, part.rule)
		}
	}
	for _, rule := range rules {
		if err := n.Policy.Metadef(ctx, who, rule, nil); err != nil {
			return err
		}
	}
	complete(who, ns)
	if err := storable("create", "namespace", namespaceFields(ns)...); err != nil {
		return err
	}
	return n.Metadefs.CreateNamespace(ctx, ns)
}

// complete sets what a request may leave out.
func complete(who *glance.Caller, ns *glance.MetadefNamespace) {
	ns.Visibility = visibility(ns.Visibility)
	if ns.Protected == nil {
		ns.Protected = new(bool)
	}
	if ns.Owner == "" {
		ns.Owner = who.ProjectID
	}
}

// Replace gives a namespace everything that want says, and the defaults where
// it says nothing. Parts of want are ignored.
func (n *Namespaces) Replace(ctx context.Context, who *glance.Caller, name string, want glance.MetadefNamespace) (*glance.MetadefNamespace, error) {
	ns, err := findQuietly(ctx, n.Metadefs, who, name)
	if err != nil {
		return nil, err
	}
	if err := n.Policy.Metadef(ctx, who, policy.ModifyMetadefNamespace, target(ns)); err != nil {
		return nil, err
	}
	want.Associations, want.Properties, want.Objects, want.Tags = nil, nil, nil, nil
	complete(who, &want)
	if err := storable("update", "namespace", namespaceFields(&want)...); err != nil {
		return nil, err
	}
	return n.Metadefs.UpdateNamespace(ctx, metadata.ScopeOf(*who), name, func(ns *glance.MetadefNamespace) error {
		ns.Name, ns.DisplayName, ns.Description = want.Name, want.DisplayName, want.Description
		ns.Visibility, ns.Protected, ns.Owner = want.Visibility, want.Protected, want.Owner
		return nil
	})
}

// Delete deletes a namespace with its parts.
func (n *Namespaces) Delete(ctx context.Context, who *glance.Caller, name string) error {
	ns, err := deletable(ctx, n.Metadefs, n.Policy, who, name, policy.DeleteMetadefNamespace)
	if err != nil {
		return err
	}
	return n.Metadefs.DeleteNamespace(ctx, ns)
}

// deletable finds a namespace from which the caller may delete as much as the
// rules say, and which is not protected.
func deletable(ctx context.Context, db metadata.Metadefs, e *policy.Enforcer, who *glance.Caller, name string, rules ...policy.Rule) (*glance.MetadefNamespace, error) {
	ns, err := findQuietly(ctx, db, who, name)
	if err != nil {
		return nil, err
	}
	for _, rule := range rules {
		if err := e.Metadef(ctx, who, rule, target(ns)); err != nil {
			return nil, err
		}
	}
	return ns, unprotected(ns, "namespace", ns.Name)
}
