package metadefs

import (
	"context"
	"encoding/json"

	"glance/internal/glance"
	"glance/internal/policy"
)

// Objects gives all objects of a namespace (spec metadefs-v2 §3).
func (p *Parts) Objects(ctx context.Context, who *glance.Caller, namespace string) ([]glance.MetadefObject, error) {
	ns, err := p.enterObjects(ctx, who, namespace, policy.GetMetadefObjects)
	if err != nil || !p.Policy.Allowed(ctx, who, policy.GetMetadefObject, target(ns)) {
		return nil, err
	}
	objects, err := p.Metadefs.MetadefObjects(ctx, ns)
	for i := range objects {
		present(&objects[i])
	}
	return objects, err
}

// present fills in what a stored object shows where it has nothing.
func present(o *glance.MetadefObject) {
	if o.Required == nil {
		o.Required = []string{}
	}
	if o.Properties == nil {
		o.Properties = json.RawMessage("{}")
	}
}

// enterObjects is enter with the texts of objects.
func (p *Parts) enterObjects(ctx context.Context, who *glance.Caller, namespace string, rule policy.Rule) (*glance.MetadefNamespace, error) {
	ns, err := find(ctx, p.Metadefs, who, namespace)
	if err != nil {
		return nil, err
	}
	return ns, p.Policy.Metadef(ctx, who, rule, target(ns))
}

// Object gives one object.
func (p *Parts) Object(ctx context.Context, who *glance.Caller, namespace, name string) (glance.MetadefObject, error) {
	ns, err := p.enterObjects(ctx, who, namespace, policy.GetMetadefObject)
	if err != nil {
		return glance.MetadefObject{}, err
	}
	o, err := p.Metadefs.MetadefObject(ctx, ns, name)
	present(&o)
	return o, err
}

// AddObject stores an object, which stands as stored afterwards.
func (p *Parts) AddObject(ctx context.Context, who *glance.Caller, namespace string, o *glance.MetadefObject) error {
	ns, err := p.enterObjects(ctx, who, namespace, policy.AddMetadefObject)
	if err != nil {
		return err
	}
	if err := storable("create", "object", objectFields(o)...); err != nil {
		return err
	}
	return p.Metadefs.AddMetadefObject(ctx, ns, o)
}

// ReplaceObject gives an object the name and the contents of want, which has
// its times afterwards.
func (p *Parts) ReplaceObject(ctx context.Context, who *glance.Caller, namespace, name string, want *glance.MetadefObject) error {
	ns, err := p.enterObjects(ctx, who, namespace, policy.ModifyMetadefObject)
	if err != nil {
		return err
	}
	if _, err := p.Metadefs.MetadefObject(ctx, ns, name); err != nil {
		return err
	}
	if err := storable("update", "object", objectFields(want)...); err != nil {
		return err
	}
	now, err := p.Metadefs.UpdateMetadefObject(ctx, ns, name, func(o *glance.MetadefObject) error {
		o.Name, o.Description, o.Required, o.Properties = want.Name, want.Description, want.Required, want.Properties
		return nil
	})
	want.CreatedAt, want.UpdatedAt = now.CreatedAt, now.UpdatedAt
	return err
}

// RemoveObject deletes an object.
func (p *Parts) RemoveObject(ctx context.Context, who *glance.Caller, namespace, name string) error {
	ns, err := p.enterObjects(ctx, who, namespace, policy.DeleteMetadefObject)
	if err != nil {
		return err
	}
	if _, err := p.Metadefs.MetadefObject(ctx, ns, name); err != nil {
		return err
	}
	if err := unprotected(ns, "object", name); err != nil {
		return err
	}
	return p.Metadefs.RemoveMetadefObject(ctx, ns, name)
}

// RemoveObjects deletes all objects of a namespace.
func (p *Parts) RemoveObjects(ctx context.Context, who *glance.Caller, namespace string) error {
	ns, err := p.clear(ctx, who, namespace)
	if err != nil {
		return err
	}
	_, err = p.Metadefs.RemoveMetadefObjects(ctx, ns)
	return err
}
