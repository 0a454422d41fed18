package metadefs

import (
	"context"
	"errors"

	"glance/internal/glance"
	"glance/internal/policy"
)

// ResourceTypes gives all resource types of all namespaces (spec metadefs-v2
// §5).
func (p *Parts) ResourceTypes(ctx context.Context, who *glance.Caller) ([]glance.MetadefResourceType, error) {
	if err := p.Policy.Metadef(ctx, who, policy.ListMetadefResourceTypes, nil); err != nil {
		return nil, err
	}
	return p.Metadefs.ResourceTypes(ctx)
}

// Associations gives the associations of a namespace.
func (p *Parts) Associations(ctx context.Context, who *glance.Caller, namespace string) ([]glance.MetadefAssociation, error) {
	ns, err := p.enter(ctx, who, namespace, policy.ListMetadefResourceTypes)
	if err != nil || !p.Policy.Allowed(ctx, who, policy.GetMetadefResourceType, target(ns)) {
		return nil, err
	}
	return p.Metadefs.Associations(ctx, ns)
}

// AddAssociation stores an association, which stands as stored afterwards.
func (p *Parts) AddAssociation(ctx context.Context, who *glance.Caller, namespace string, a *glance.MetadefAssociation) error {
	ns, err := p.enter(ctx, who, namespace, policy.AddMetadefResourceTypeAssociation)
	if err != nil {
		return err
	}
	if err := storable("create", "resource type association", associationFields(a)...); err != nil {
		return err
	}
	return p.Metadefs.AddAssociation(ctx, ns, a)
}

// RemoveAssociation deletes an association; the resource type stays.
func (p *Parts) RemoveAssociation(ctx context.Context, who *glance.Caller, namespace, resourceType string) error {
	ns, err := p.enter(ctx, who, namespace, policy.RemoveMetadefResourceTypeAssociation)
	if err != nil {
		return err
	}
	if _, err = p.Metadefs.Association(ctx, ns, resourceType); err == nil {
		if err := unprotected(ns, "resource-type-association", resourceType); err != nil {
			return err
		}
		err = p.Metadefs.RemoveAssociation(ctx, ns, resourceType)
	}
	if errors.Is(err, glance.NotFound) {
		return glance.Because(glance.NotFound, err, "Failed to find resource type "+resourceType+" to delete")
	}
	return err
}
