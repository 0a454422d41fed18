package metadatatest

import (
	"context"
	"encoding/json"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// kind makes objects, properties and tags look alike, so that a test of what
// all of them promise is written once.
type kind struct {
	part      metadata.MetadefPart
	add       func(ctx context.Context, ns *glance.MetadefNamespace, name string) error
	get       func(ctx context.Context, ns *glance.MetadefNamespace, name string) (string, error)
	rename    func(ctx context.Context, ns *glance.MetadefNamespace, name, to string, err error) (string, error)
	remove    func(ctx context.Context, ns *glance.MetadefNamespace, name string) error
	removeAll func(ctx context.Context, ns *glance.MetadefNamespace) (int, error)
	list      func(ctx context.Context, ns *glance.MetadefNamespace) ([]string, error) // by name, tags in row order
}

func kinds(s metadata.Store) []kind { return []kind{objectKind(s), propertyKind(s), tagKind(s)} }

func objectKind(s metadata.Store) kind {
	return kind{
		metadata.PartObject,
		func(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
			return s.AddMetadefObject(ctx, ns, &glance.MetadefObject{Name: name, Properties: json.RawMessage(`{}`)})
		},
		func(ctx context.Context, ns *glance.MetadefNamespace, name string) (string, error) {
			o, err := s.MetadefObject(ctx, ns, name)
			return o.Name, err
		},
		func(ctx context.Context, ns *glance.MetadefNamespace, name, to string, stop error) (string, error) {
			o, err := s.UpdateMetadefObject(ctx, ns, name, func(o *glance.MetadefObject) error {
				o.Name = to
				return stop
			})
			return o.Name, err
		},
		s.RemoveMetadefObject, s.RemoveMetadefObjects,
		func(ctx context.Context, ns *glance.MetadefNamespace) (names []string, err error) {
			all, err := s.MetadefObjects(ctx, ns)
			for _, o := range all {
				names = append(names, o.Name)
			}
			return names, err
		},
	}
}

func propertyKind(s metadata.Store) kind {
	return kind{
		metadata.PartProperty,
		func(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
			return s.AddMetadefProperty(ctx, ns, &glance.MetadefProperty{Name: name, Schema: json.RawMessage(`{}`)})
		},
		func(ctx context.Context, ns *glance.MetadefNamespace, name string) (string, error) {
			p, err := s.MetadefProperty(ctx, ns, name)
			return p.Name, err
		},
		func(ctx context.Context, ns *glance.MetadefNamespace, name, to string, stop error) (string, error) {
			p, err := s.UpdateMetadefProperty(ctx, ns, name, func(p *glance.MetadefProperty) error {
				p.Name = to
				return stop
			})
			return p.Name, err
		},
		s.RemoveMetadefProperty, s.RemoveMetadefProperties,
		func(ctx context.Context, ns *glance.MetadefNamespace) (names []string, err error) {
			all, err := s.MetadefProperties(ctx, ns)
			for _, p := range all {
				names = append(names, p.Name)
			}
			return names, err
		},
	}
}

func tagKind(s metadata.Store) kind {
	return kind{
		metadata.PartTag,
		func(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
			return s.AddMetadefTag(ctx, ns, &glance.MetadefTag{Name: name})
		},
		func(ctx context.Context, ns *glance.MetadefNamespace, name string) (string, error) {
			tag, err := s.MetadefTag(ctx, ns, name)
			return tag.Name, err
		},
		func(ctx context.Context, ns *glance.MetadefNamespace, name, to string, stop error) (string, error) {
			tag, err := s.UpdateMetadefTag(ctx, ns, name, func(tag *glance.MetadefTag) error {
				tag.Name = to
				return stop
			})
			return tag.Name, err
		},
		s.RemoveMetadefTag, s.RemoveMetadefTags,
		func(ctx context.Context, ns *glance.MetadefNamespace) ([]string, error) {
			return tagNames(s.MetadefTags(ctx, ns, metadata.TagQuery{Limit: -1, Sort: "id", Asc: true}))
		},
	}
}

func tagNames(tags []glance.MetadefTag, err error) (names []string, _ error) {
	for _, tag := range tags {
		names = append(names, tag.Name)
	}
	return names, err
}

// everyPartCall makes each call that goes through a namespace once and gives
// their errors. What they look for is there in a fullSpace.
func everyPartCall(ctx context.Context, s metadata.Store, ns *glance.MetadefNamespace) map[string]error {
	held := map[metadata.MetadefPart]string{metadata.PartObject: "first", metadata.PartProperty: "zeta", metadata.PartTag: "a"}
	errs := map[string]error{
		"AddMetadefTags":        s.AddMetadefTags(ctx, ns, []glance.MetadefTag{{Name: "n1"}}, true),
		"AddMetadefTags, none":  s.AddMetadefTags(ctx, ns, nil, false),
		"AddAssociation":        s.AddAssociation(ctx, ns, &glance.MetadefAssociation{ResourceType: "new"}),
		"RemoveAssociation":     s.RemoveAssociation(ctx, ns, "OS::Glance::Image"),
		"RemoveAssociation, no": s.RemoveAssociation(ctx, ns, "nothing"),
	}
	_, errs["Associations"] = s.Associations(ctx, ns)
	_, errs["Association"] = s.Association(ctx, ns, "OS::Nova::Server")
	for _, k := range kinds(s) {
		part, name := string(k.part), held[k.part]
		errs["add "+part] = k.add(ctx, ns, "new")
		_, errs["list "+part] = k.list(ctx, ns)
		_, errs["get "+part] = k.get(ctx, ns, name)
		_, errs["get no "+part] = k.get(ctx, ns, "nothing")
		_, errs["rename "+part] = k.rename(ctx, ns, name, "renamed", nil)
		errs["remove "+part] = k.remove(ctx, ns, "renamed")
		_, errs["removeAll "+part] = k.removeAll(ctx, ns)
	}
	errs["DeleteNamespace"] = s.DeleteNamespace(ctx, ns)
	return errs
}
