package registryrpc

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// noMetadefs answers for metadata definitions, which no command says yet. Each
// call is Unsupported.
type noMetadefs struct{}

func unsupported() error {
	return glance.Errorf(glance.Unsupported, "Metadata definitions are not available through a registry.")
}

type (
	space    = glance.MetadefNamespace
	object   = glance.MetadefObject
	property = glance.MetadefProperty
	tag      = glance.MetadefTag
	assoc    = glance.MetadefAssociation
)

func (noMetadefs) CreateNamespace(context.Context, *space) error { return unsupported() }

func (noMetadefs) Namespaces(context.Context, metadata.Scope, metadata.NamespaceQuery) ([]*space, error) {
	return nil, unsupported()
}

func (noMetadefs) Namespace(context.Context, metadata.Scope, string) (*space, error) {
	return nil, unsupported()
}

func (noMetadefs) UpdateNamespace(context.Context, metadata.Scope, string, func(*space) error) (*space, error) {
	return nil, unsupported()
}

func (noMetadefs) DeleteNamespace(context.Context, *space) error { return unsupported() }

func (noMetadefs) MetadefObjects(context.Context, *space) ([]object, error) {
	return nil, unsupported()
}

func (noMetadefs) MetadefObject(context.Context, *space, string) (object, error) {
	return object{}, unsupported()
}

func (noMetadefs) AddMetadefObject(context.Context, *space, *object) error { return unsupported() }

func (noMetadefs) UpdateMetadefObject(context.Context, *space, string, func(*object) error) (object, error) {
	return object{}, unsupported()
}

func (noMetadefs) RemoveMetadefObject(context.Context, *space, string) error { return unsupported() }

func (noMetadefs) RemoveMetadefObjects(context.Context, *space) (int, error) { return 0, unsupported() }

func (noMetadefs) MetadefProperties(context.Context, *space) ([]property, error) {
	return nil, unsupported()
}

func (noMetadefs) MetadefProperty(context.Context, *space, string) (property, error) {
	return property{}, unsupported()
}

func (noMetadefs) AddMetadefProperty(context.Context, *space, *property) error { return unsupported() }

func (noMetadefs) UpdateMetadefProperty(context.Context, *space, string, func(*property) error) (property, error) {
	return property{}, unsupported()
}

func (noMetadefs) RemoveMetadefProperty(context.Context, *space, string) error { return unsupported() }

func (noMetadefs) RemoveMetadefProperties(context.Context, *space) (int, error) {
	return 0, unsupported()
}

func (noMetadefs) MetadefTags(context.Context, *space, metadata.TagQuery) ([]tag, error) {
	return nil, unsupported()
}

func (noMetadefs) MetadefTag(context.Context, *space, string) (tag, error) {
	return tag{}, unsupported()
}

func (noMetadefs) AddMetadefTag(context.Context, *space, *tag) error { return unsupported() }

func (noMetadefs) AddMetadefTags(context.Context, *space, []tag, bool) error { return unsupported() }

func (noMetadefs) UpdateMetadefTag(context.Context, *space, string, func(*tag) error) (tag, error) {
	return tag{}, unsupported()
}

func (noMetadefs) RemoveMetadefTag(context.Context, *space, string) error { return unsupported() }

func (noMetadefs) RemoveMetadefTags(context.Context, *space) (int, error) { return 0, unsupported() }

func (noMetadefs) ResourceTypes(context.Context) ([]glance.MetadefResourceType, error) {
	return nil, unsupported()
}

func (noMetadefs) Associations(context.Context, *space) ([]assoc, error) { return nil, unsupported() }

func (noMetadefs) Association(context.Context, *space, string) (assoc, error) {
	return assoc{}, unsupported()
}

func (noMetadefs) AddAssociation(context.Context, *space, *assoc) error { return unsupported() }

func (noMetadefs) RemoveAssociation(context.Context, *space, string) error { return unsupported() }
