package metadefs

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// Parts works on what is in a namespace: objects, properties, tags and
// associations, each in a file of its own.
type Parts struct {
	Metadefs metadata.Metadefs
	Policy   *policy.Enforcer
}

// enter finds a namespace in which the caller passes a rule.
func (p *Parts) enter(ctx context.Context, who *glance.Caller, namespace string, rule policy.Rule) (*glance.MetadefNamespace, error) {
	ns, err := findQuietly(ctx, p.Metadefs, who, namespace)
	if err != nil {
		return nil, err
	}
	return ns, p.Policy.Metadef(ctx, who, rule, target(ns))
}

// clear finds a namespace from which the caller may delete all parts of a
// kind. Compat: that wants the right to delete the namespace.
func (p *Parts) clear(ctx context.Context, who *glance.Caller, namespace string, more ...policy.Rule) (*glance.MetadefNamespace, error) {
	rules := append([]policy.Rule{policy.DeleteMetadefNamespace}, more...)
	return deletable(ctx, p.Metadefs, p.Policy, who, namespace, rules...)
}
