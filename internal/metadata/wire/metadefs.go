package wire

import (
	"encoding/json"
	"strings"

	"glance/internal/glance"
)

// Stated is a row that changes are made of: Version tells its states apart. It
// is not part of the original's.
type Stated struct {
	Version string `json:"_version,omitempty"`
}

// State gives the version.
func (s Stated) State() string { return s.Version }

// MetadefNamespace is the row of a namespace. Its associations are not part of
// the original's.
type MetadefNamespace struct {
	ID           int64                `json:"id"`
	Name         string               `json:"namespace"`
	DisplayName  *string              `json:"display_name"`
	Description  *string              `json:"description"`
	Visibility   string               `json:"visibility"`
	Protected    *bool                `json:"protected"`
	Owner        *string              `json:"owner"`
	CreatedAt    Timestamp            `json:"created_at"`
	UpdatedAt    Timestamp            `json:"updated_at"`
	Associations []MetadefAssociation `json:"_associations,omitempty"`
	Stated
}

// NamespaceRow gives the shape of a namespace, with the associations that come
// with it.
func NamespaceRow(ns *glance.MetadefNamespace) MetadefNamespace {
	w := MetadefNamespace{
		ID: ns.ID, Name: ns.Name, DisplayName: ns.DisplayName, Description: ns.Description, Visibility: string(ns.Visibility),
		Protected: ns.Protected, Owner: filled(ns.Owner), CreatedAt: Timestamp{ns.CreatedAt}, UpdatedAt: Timestamp{ns.UpdatedAt},
	}
	w.Version = versionOf(w)
	for i := range ns.Associations {
		w.Associations = append(w.Associations, AssociationRow(&ns.Associations[i]))
	}
	return w
}

// Namespace gives the namespace of a row, which may be changed without the row.
func (w *MetadefNamespace) Namespace() *glance.MetadefNamespace {
	ns := &glance.MetadefNamespace{
		ID: w.ID, Name: w.Name, DisplayName: copied(w.DisplayName), Description: copied(w.Description),
		Visibility: glance.Visibility(w.Visibility), Protected: copied(w.Protected), Owner: text(w.Owner), CreatedAt: w.CreatedAt.Time, UpdatedAt: w.UpdatedAt.Time,
	}
	for i := range w.Associations {
		ns.Associations = append(ns.Associations, w.Associations[i].Association())
	}
	return ns
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

// MetadefParts are the parts of a namespace that is made with them.
type MetadefParts struct {
	Associations []MetadefAssociation `json:"associations,omitempty"`
	Objects      []MetadefObject      `json:"objects,omitempty"`
	Properties   []MetadefProperty    `json:"properties,omitempty"`
	Tags         []MetadefTag         `json:"tags,omitempty"`
}

// PartsOf gives the parts of a namespace.
func PartsOf(ns *glance.MetadefNamespace) *MetadefParts {
	return &MetadefParts{
		rowsOf(ns.Associations, AssociationRow), rowsOf(ns.Objects, ObjectRow), rowsOf(ns.Properties, PropertyRow), rowsOf(ns.Tags, TagRow),
	}
}

// FillIn gives a namespace the parts.
func (p *MetadefParts) FillIn(ns *glance.MetadefNamespace) {
	ns.Associations = rowsOf(p.Associations, (*MetadefAssociation).Association)
	ns.Objects = rowsOf(p.Objects, (*MetadefObject).Object)
	ns.Properties = rowsOf(p.Properties, (*MetadefProperty).Property)
	ns.Tags = rowsOf(p.Tags, (*MetadefTag).Tag)
}

func rowsOf[F, T any](from []F, row func(*F) T) (list []T) {
	for i := range from {
		list = append(list, row(&from[i]))
	}
	return list
}

// partID is the id of a part. Compat: it is a number in the original, and no
// caller but hands it back.
func partID(name string) json.RawMessage {
	id, err := json.Marshal(name)
	if err != nil {
		return nil // cannot be: it is a text
	}
	return id
}

// MetadefObject is the row of an object.
type MetadefObject struct {
	ID          json.RawMessage `json:"id,omitempty"`
	Name        string          `json:"name"`
	Description *string         `json:"description"`
	Required    *string         `json:"required"` // names with commas
	Schema      json.RawMessage `json:"json_schema"`
	CreatedAt   Timestamp       `json:"created_at"`
	UpdatedAt   Timestamp       `json:"updated_at"`
	Stated
}

// ObjectRow gives the shape of an object.
func ObjectRow(o *glance.MetadefObject) MetadefObject {
	w := MetadefObject{
		ID: partID(o.Name), Name: o.Name, Description: o.Description, Required: filled(strings.Join(o.Required, ",")), Schema: o.Properties,
		CreatedAt: Timestamp{o.CreatedAt}, UpdatedAt: Timestamp{o.UpdatedAt},
	}
	w.Version = versionOf(w)
	return w
}

// Object gives the object of a row.
func (w *MetadefObject) Object() glance.MetadefObject {
	o := glance.MetadefObject{
		Name: w.Name, Description: copied(w.Description), Properties: w.Schema, CreatedAt: w.CreatedAt.Time, UpdatedAt: w.UpdatedAt.Time,
	}
	if w.Required != nil && *w.Required != "" {
		o.Required = strings.Split(*w.Required, ",")
	}
	return o
}

// MetadefProperty is the row of a property.
type MetadefProperty struct {
	ID        json.RawMessage `json:"id,omitempty"`
	Name      string          `json:"name"`
	Schema    json.RawMessage `json:"json_schema"`
	CreatedAt Timestamp       `json:"created_at"`
	UpdatedAt Timestamp       `json:"updated_at"`
	Stated
}

// PropertyRow gives the shape of a property.
func PropertyRow(p *glance.MetadefProperty) MetadefProperty {
	w := MetadefProperty{
		ID: partID(p.Name), Name: p.Name, Schema: p.Schema, CreatedAt: Timestamp{p.CreatedAt}, UpdatedAt: Timestamp{p.UpdatedAt},
	}
	w.Version = versionOf(w)
	return w
}

// Property gives the property of a row.
func (w *MetadefProperty) Property() glance.MetadefProperty {
	return glance.MetadefProperty{Name: w.Name, Schema: w.Schema, CreatedAt: w.CreatedAt.Time, UpdatedAt: w.UpdatedAt.Time}
}

// MetadefTag is the row of a tag.
type MetadefTag struct {
	ID        json.RawMessage `json:"id,omitempty"`
	Name      string          `json:"name"`
	CreatedAt Timestamp       `json:"created_at"`
	UpdatedAt Timestamp       `json:"updated_at"`
	Stated
}

// TagRow gives the shape of a tag.
func TagRow(t *glance.MetadefTag) MetadefTag {
	w := MetadefTag{ID: partID(t.Name), Name: t.Name, CreatedAt: Timestamp{t.CreatedAt}, UpdatedAt: Timestamp{t.UpdatedAt}}
	w.Version = versionOf(w)
	return w
}

// Tag gives the tag of a row.
func (w *MetadefTag) Tag() glance.MetadefTag {
	return glance.MetadefTag{Name: w.Name, CreatedAt: w.CreatedAt.Time, UpdatedAt: w.UpdatedAt.Time}
}

// MetadefAssociation is an association with the name of its resource type.
type MetadefAssociation struct {
	Name             string    `json:"name"`
	Prefix           *string   `json:"prefix"`
	PropertiesTarget *string   `json:"properties_target"`
	CreatedAt        Timestamp `json:"created_at"`
	UpdatedAt        Timestamp `json:"updated_at"`
}

// AssociationRow gives the shape of an association.
func AssociationRow(a *glance.MetadefAssociation) MetadefAssociation {
	return MetadefAssociation{
		Name: a.ResourceType, Prefix: a.Prefix, PropertiesTarget: a.PropertiesTarget,
		CreatedAt: Timestamp{a.CreatedAt}, UpdatedAt: Timestamp{a.UpdatedAt},
	}
}

// Association gives the association of a row.
func (w *MetadefAssociation) Association() glance.MetadefAssociation {
	return glance.MetadefAssociation{
		ResourceType: w.Name, Prefix: w.Prefix, PropertiesTarget: w.PropertiesTarget,
		CreatedAt: w.CreatedAt.Time, UpdatedAt: w.UpdatedAt.Time,
	}
}

// MetadefResourceType is the row of a resource type.
type MetadefResourceType struct {
	Name      string    `json:"name"`
	Protected bool      `json:"protected"`
	CreatedAt Timestamp `json:"created_at"`
	UpdatedAt Timestamp `json:"updated_at"`
}

// ResourceTypeRow gives the shape of a resource type.
func ResourceTypeRow(t *glance.MetadefResourceType) MetadefResourceType {
	return MetadefResourceType{Name: t.Name, Protected: t.Protected, CreatedAt: Timestamp{t.CreatedAt}, UpdatedAt: Timestamp{t.UpdatedAt}}
}

// ResourceType gives the resource type of a row.
func (w *MetadefResourceType) ResourceType() glance.MetadefResourceType {
	return glance.MetadefResourceType{Name: w.Name, Protected: w.Protected, CreatedAt: w.CreatedAt.Time, UpdatedAt: w.UpdatedAt.Time}
}

// The nouns in the exceptions of metadata definitions.
const (
	NounNamespace    = "Namespace"
	NounObject       = "Object"
	NounProperty     = "Property"
	NounTag          = "Tag"
	NounResourceType = "ResourceType"
	NounAssociation  = "ResourceTypeAssociation"
)

// ClassMetadefMissing is the exception of a definition that is not there.
func ClassMetadefMissing(noun string) string { return ExceptionModule + ".Metadef" + noun + "NotFound" }

// ClassMetadefExists is the exception of a name that is taken.
func ClassMetadefExists(noun string) string { return ExceptionModule + ".MetadefDuplicate" + noun }

// ClassMetadefUsed is the exception of what others still refer to.
const ClassMetadefUsed = ExceptionModule + ".MetadefIntegrityError"

// metadefKind says what an exception of metadata definitions means.
func metadefKind(class string) glance.Kind {
	name, ours := strings.CutPrefix(class, ExceptionModule+".Metadef")
	switch {
	case !ours:
		return glance.Internal
	case name == "Forbidden":
		return glance.Forbidden
	case strings.HasSuffix(name, "NotFound"):
		return glance.NotFound
	case strings.HasPrefix(name, "Duplicate"), class == ClassMetadefUsed:
		return glance.Conflict
	}
	return glance.Internal
}
