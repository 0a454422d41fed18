package glance

import (
	"encoding/json"
	"time"
)

// MetadefNamespace is a collection of metadata definitions: what properties
// resources of some types may have, and what they mean (spec metadefs-v2 §2).
type MetadefNamespace struct {
	ID          int64 // the row; 0 until stored, and where the driver knows no rows
	Name        string
	DisplayName *string // nil is null, as below
	Description *string
	Visibility  Visibility // public or private
	Protected   *bool      // nil only where a file that was loaded says nothing
	Owner       string     // a project
	CreatedAt   time.Time
	UpdatedAt   time.Time // zero is null: loaded from a file and never changed

	// The parts. Whoever gives a namespace says which of them are filled in.
	Associations []MetadefAssociation
	Properties   []MetadefProperty
	Objects      []MetadefObject
	Tags         []MetadefTag
}

// VisibleTo reports whether a caller sees the namespace.
func (n *MetadefNamespace) VisibleTo(admin bool, project string) bool {
	return admin || n.Owner == "" || n.Visibility == VisibilityPublic || project != "" && n.Owner == project
}

// MetadefObject is a group of properties.
type MetadefObject struct {
	Name        string
	Description *string
	Required    []string        // names of properties; nil is null
	Properties  json.RawMessage // the column json_schema: an object of definitions by name
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// MetadefProperty defines one property.
type MetadefProperty struct {
	Name      string
	Schema    json.RawMessage // the column json_schema: the definition, an object
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MetadefTag is a tag that resources may be given.
type MetadefTag struct {
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MetadefAssociation says that resources of a type take the definitions of a
// namespace.
type MetadefAssociation struct {
	ResourceType     string
	Prefix           *string // what names of properties begin with on such resources
	PropertiesTarget *string // which part of a resource the properties belong to
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// MetadefResourceType is a type of resources. It belongs to no namespace.
type MetadefResourceType struct {
	Name      string
	Protected bool
	CreatedAt time.Time
	UpdatedAt time.Time
}
