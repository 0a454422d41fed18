package metadata

import (
	"context"
	"strings"

	"glance/internal/glance"
)

// Metadefs keeps metadata definitions (spec metadefs-v2, database §2 and §4).
// Rows are deleted for good. What happens to a namespace and its parts in one
// call happens as a whole or not at all.
//
// Parts are reached through their namespace, as Namespace gave it: a driver
// goes by its ID and Name, or by its Name where it knows no rows. When it is
// gone or renamed by then, the error is NotFound, as Namespace would say. Names are unique as the
// engine compares them: MySQL takes no notice of case and of blanks at the end.
// CreatedAt and UpdatedAt of what is added are set to now and stand in the
// argument afterwards; an update sets UpdatedAt. Change functions are as those
// of UpdateImage. A new name that is taken is a Conflict; the texts of all errors
// are in errorsmetadefs.go.
type Metadefs interface {
	// CreateNamespace stores a namespace with all its parts. Resource types
	// that are new are made, not protected. Conflict for the namespace, or for
	// the first part that is there twice.
	CreateNamespace(ctx context.Context, ns *glance.MetadefNamespace) error
	// Namespaces gives a page of the namespaces that are visible in sc, with
	// their associations and no other parts.
	Namespaces(ctx context.Context, sc Scope, q NamespaceQuery) ([]*glance.MetadefNamespace, error)
	// Namespace gives one namespace without parts: NotFound when there is
	// none, Forbidden when it is not visible in sc.
	Namespace(ctx context.Context, sc Scope, name string) (*glance.MetadefNamespace, error)
	// UpdateNamespace changes the row, not the parts. Errors as Namespace.
	UpdateNamespace(ctx context.Context, sc Scope, name string, change func(*glance.MetadefNamespace) error) (*glance.MetadefNamespace, error)
	// DeleteNamespace deletes a namespace with its parts; resource types stay.
	DeleteNamespace(ctx context.Context, ns *glance.MetadefNamespace) error

	// MetadefObjects gives all objects of a namespace by name, as the index of
	// the original's table does.
	MetadefObjects(ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefObject, error)
	MetadefObject(ctx context.Context, ns *glance.MetadefNamespace, name string) (glance.MetadefObject, error)
	AddMetadefObject(ctx context.Context, ns *glance.MetadefNamespace, o *glance.MetadefObject) error
	UpdateMetadefObject(ctx context.Context, ns *glance.MetadefNamespace, name string, change func(*glance.MetadefObject) error) (glance.MetadefObject, error)
	RemoveMetadefObject(ctx context.Context, ns *glance.MetadefNamespace, name string) error
	// RemoveMetadefObjects deletes all objects and gives their number.
	RemoveMetadefObjects(ctx context.Context, ns *glance.MetadefNamespace) (int, error)

	// MetadefProperties gives all properties of a namespace by name.
	MetadefProperties(ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefProperty, error)
	MetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, name string) (glance.MetadefProperty, error)
	AddMetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, p *glance.MetadefProperty) error
	UpdateMetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, name string, change func(*glance.MetadefProperty) error) (glance.MetadefProperty, error)
	RemoveMetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, name string) error
	RemoveMetadefProperties(ctx context.Context, ns *glance.MetadefNamespace) (int, error)

	// MetadefTags gives a page of the tags of a namespace.
	MetadefTags(ctx context.Context, ns *glance.MetadefNamespace, q TagQuery) ([]glance.MetadefTag, error)
	MetadefTag(ctx context.Context, ns *glance.MetadefNamespace, name string) (glance.MetadefTag, error)
	AddMetadefTag(ctx context.Context, ns *glance.MetadefNamespace, t *glance.MetadefTag) error
	// AddMetadefTags adds tags, in place of all others unless keep. One that is
	// there twice, or with keep already, is a Conflict. No tags change nothing.
	AddMetadefTags(ctx context.Context, ns *glance.MetadefNamespace, tags []glance.MetadefTag, keep bool) error
	UpdateMetadefTag(ctx context.Context, ns *glance.MetadefNamespace, name string, change func(*glance.MetadefTag) error) (glance.MetadefTag, error)
	RemoveMetadefTag(ctx context.Context, ns *glance.MetadefNamespace, name string) error
	RemoveMetadefTags(ctx context.Context, ns *glance.MetadefNamespace) (int, error)

	// ResourceTypes gives all resource types in row order.
	ResourceTypes(ctx context.Context) ([]glance.MetadefResourceType, error)
	// AddResourceType stores a resource type that no namespace has asked for
	// yet; Conflict when there is one of the name.
	AddResourceType(ctx context.Context, rt *glance.MetadefResourceType) error
	// RemoveResourceType deletes a resource type; Conflict while a namespace is
	// associated with it.
	RemoveResourceType(ctx context.Context, name string) error
	// Associations gives the associations of a namespace, the oldest resource
	// type first.
	Associations(ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefAssociation, error)
	// Association gives one; NotFound differs for a resource type that is not
	// known at all.
	Association(ctx context.Context, ns *glance.MetadefNamespace, resourceType string) (glance.MetadefAssociation, error)
	// AddAssociation stores one, and the resource type when it is new.
	AddAssociation(ctx context.Context, ns *glance.MetadefNamespace, a *glance.MetadefAssociation) error
	// RemoveAssociation deletes one; the resource type stays.
	RemoveAssociation(ctx context.Context, ns *glance.MetadefNamespace, resourceType string) error
}

// NamespaceQuery says which namespaces a page holds. The zero query gives none,
// since its Limit is 0.
type NamespaceQuery struct {
	Limit  int    // at most so many; negative is no limit
	Marker string // the page begins strictly after this name; empty is the beginning. NotFound and Forbidden as Namespace
	Sort   string // a column of the table, see NamespaceColumn; CreatedAt and ID follow in the same direction
	Asc    bool

	Visibility    glance.Visibility // empty is every one
	ResourceTypes []string          // associated with any of them; empty is all namespaces
}

// NamespaceColumn reports whether namespaces can be sorted by a column.
func NamespaceColumn(name string) bool {
	switch name {
	case "id", "namespace", "display_name", "description", "visibility", "protected", "owner", "created_at", "updated_at":
		return true
	}
	return false
}

// mostResourceTypes bounds what the filter of a query names.
const mostResourceTypes = 500

// Check finds what no database is asked for; the error is Invalid. Drivers
// call it, so that no name from outside gets into the text of a statement.
func (q *NamespaceQuery) Check() error {
	if !NamespaceColumn(q.Sort) {
		return glance.Errorf(glance.Invalid, "There is no column %q to sort by.", q.Sort)
	}
	if len(q.ResourceTypes) > mostResourceTypes {
		return glance.Errorf(glance.Invalid, "At most %d resource types can be combined.", mostResourceTypes)
	}
	return nil
}

// TagQuery says which tags a page holds, as NamespaceQuery does.
type TagQuery struct {
	Limit  int
	Marker string // the name of a tag; NotFound as MetadefTag
	Sort   string // see TagColumn
	Asc    bool
}

// Check is as that of NamespaceQuery.
func (q *TagQuery) Check() error {
	if !TagColumn(q.Sort) {
		return glance.Errorf(glance.Invalid, "There is no column %q to sort by.", q.Sort)
	}
	return nil
}

// TagColumn reports whether tags can be sorted by a column.
func TagColumn(name string) bool {
	switch name {
	case "id", "namespace_id", "name", "created_at", "updated_at":
		return true
	}
	return false
}

// JoinRequired gives the text that drivers keep for MetadefObject.Required,
// empty for null. What has a comma comes back in parts.
//
// Compat: the original's column is a text with commas.
func JoinRequired(names []string) string { return strings.Join(names, ",") }

// SplitRequired reads what JoinRequired wrote.
func SplitRequired(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
