package metadefs

import (
	"context"
	"strings"

	"glance/internal/glance"
	"glance/internal/policy"
)

// Properties gives all properties of a namespace (spec metadefs-v2 §4).
func (p *Parts) Properties(ctx context.Context, who *glance.Caller, namespace string) ([]glance.MetadefProperty, error) {
	ns, err := p.enter(ctx, who, namespace, policy.GetMetadefProperties)
	if err != nil {
		return nil, err
	}
	return p.Metadefs.MetadefProperties(ctx, ns)
}

// Property gives one property. With a resource type, name is what it is called
// on such resources: with the prefix of the association before it.
func (p *Parts) Property(ctx context.Context, who *glance.Caller, namespace, name, resourceType string) (glance.MetadefProperty, error) {
	ns, err := p.enter(ctx, who, namespace, policy.GetMetadefProperty)
	if err != nil {
		return glance.MetadefProperty{}, err
	}
	if resourceType != "" {
		if err := p.Policy.Metadef(ctx, who, policy.GetMetadefResourceType, target(ns)); err != nil {
			return glance.MetadefProperty{}, err
		}
		a, err := p.Metadefs.Association(ctx, ns, resourceType)
		if err != nil {
			return glance.MetadefProperty{}, err
		}
		if name, err = withoutPrefix(name, a.Prefix); err != nil {
			return glance.MetadefProperty{}, err
		}
	}
	return p.Metadefs.MetadefProperty(ctx, ns, name)
}

func withoutPrefix(name string, prefix *string) (string, error) {
	if prefix != nil && *prefix != "" {
		if rest, ok := strings.CutPrefix(name, *prefix); ok {
			return rest, nil
		}
	}
	shown := "None" // Compat: as Python writes null
	if prefix != nil {
		shown = *prefix
	}
	return "", glance.Errorf(glance.NotFound,
		"Property %s does not start with the expected resource type association prefix of '%s'.", name, shown)
}

// AddProperty stores a property, which stands as stored afterwards.
func (p *Parts) AddProperty(ctx context.Context, who *glance.Caller, namespace string, property *glance.MetadefProperty) error {
	ns, err := p.enter(ctx, who, namespace, policy.AddMetadefProperty)
	if err != nil {
		return err
	}
	if err := storable("create", "property", propertyFields(property)...); err != nil {
		return err
	}
	return p.Metadefs.AddMetadefProperty(ctx, ns, property)
}

// ReplaceProperty gives a property the name and the definition of want.
func (p *Parts) ReplaceProperty(ctx context.Context, who *glance.Caller, namespace, name string, want glance.MetadefProperty) (glance.MetadefProperty, error) {
	ns, err := p.enter(ctx, who, namespace, policy.ModifyMetadefProperty)
	if err != nil {
		return glance.MetadefProperty{}, err
	}
	if _, err := p.Metadefs.MetadefProperty(ctx, ns, name); err != nil {
		return glance.MetadefProperty{}, err
	}
	if err := storable("update", "property", propertyFields(&want)...); err != nil {
		return glance.MetadefProperty{}, err
	}
	return p.Metadefs.UpdateMetadefProperty(ctx, ns, name, func(now *glance.MetadefProperty) error {
		now.Name, now.Schema = want.Name, want.Schema
		return nil
	})
}

// RemoveProperty deletes a property.
func (p *Parts) RemoveProperty(ctx context.Context, who *glance.Caller, namespace, name string) error {
	ns, err := p.enter(ctx, who, namespace, policy.RemoveMetadefProperty)
	if err != nil {
		return err
	}
	if _, err := p.Metadefs.MetadefProperty(ctx, ns, name); err != nil {
		return err
	}
	if err := unprotected(ns, "property", name); err != nil {
		return err
	}
	return p.Metadefs.RemoveMetadefProperty(ctx, ns, name)
}

// RemoveProperties deletes all properties of a namespace.
func (p *Parts) RemoveProperties(ctx context.Context, who *glance.Caller, namespace string) error {
	ns, err := p.clear(ctx, who, namespace)
	if err != nil {
		return err
	}
	_, err = p.Metadefs.RemoveMetadefProperties(ctx, ns)
	return err
}
