package metadata

import "glance/internal/glance"

// Errors of metadata definitions (spec metadefs-v2 §1 to §6). Each kind of part
// has its own words.

// NoNamespace is the error of a missing namespace.
func NoNamespace(name string) error {
	return glance.Errorf(glance.NotFound, "Metadata definition namespace=%s was not found.", name)
}

// HiddenNamespace is the error of a namespace that the scope does not see.
func HiddenNamespace(name string) error {
	return glance.Errorf(glance.Forbidden, "Forbidding request, metadata definition namespace=%s is not visible.", name)
}

// NamespaceExists is the error of a namespace that is there already.
func NamespaceExists(name string) error {
	return glance.Errorf(glance.Conflict, "The metadata definition namespace=%s already exists.", name)
}

// NamespaceRenamed is the error of a new name that another namespace has.
func NamespaceRenamed(name string) error {
	return glance.Errorf(glance.Conflict, "Invalid update. It would result in a duplicate metadata definition namespace "+
		"with the same name of %s", name)
}

// NoMetadefPart is the error of a missing object, property or tag.
func NoMetadefPart(part MetadefPart, name string) error {
	switch part {
	case PartProperty:
		return glance.Errorf(glance.NotFound, "Could not find property %s", name)
	case PartTag:
		return glance.Errorf(glance.NotFound, "Could not find metadata tag %s", name)
	}
	return glance.Errorf(glance.NotFound, "Could not find metadata object %s", name)
}

// MetadefPartExists is the error of an object, property or tag whose name is
// taken.
func MetadefPartExists(part MetadefPart, name, namespace string) error {
	if part == PartTag {
		return glance.Errorf(glance.Conflict, "A metadata tag with name=%s already exists in namespace=%s. "+
			"(Please note that metadata tag names are case insensitive).", name, namespace)
	}
	return glance.Errorf(glance.Conflict, "A metadata definition %s with name=%s already exists in namespace=%s.", part, name, namespace)
}

// MetadefPartRenamed is the error of a new name that another object, property
// or tag has. Compat: that of a tag is as if it were added (golden
// metadefs-tags-basic).
func MetadefPartRenamed(part MetadefPart, name, namespace string) error {
	if part == PartTag {
		return MetadefPartExists(part, name, namespace)
	}
	return glance.Errorf(glance.Conflict, "Invalid update. It would result in a duplicate metadata definition %s "+
		"with the same name=%s in namespace=%s.", part, name, namespace)
}

// MetadefPart is a kind of part of a namespace, in the words of the errors.
type MetadefPart string

// The kinds of parts whose errors are alike.
const (
	PartObject   MetadefPart = "object"
	PartProperty MetadefPart = "property"
	PartTag      MetadefPart = "tag"
)

// NoResourceType is the error of a resource type that nobody ever used.
func NoResourceType(name string) error {
	return glance.Errorf(glance.NotFound, "The metadata definition resource-type with name=%s, was not found.", name)
}

// ResourceTypeExists is the error of a resource type that is there already.
func ResourceTypeExists(name string) error {
	return glance.Errorf(glance.Conflict, "The metadata definition resource-type with name=%s already exists.", name)
}

// ResourceTypeUsed is the error of a resource type that namespaces are
// associated with.
func ResourceTypeUsed(name string) error {
	return glance.Errorf(glance.Conflict, "The metadata definition resource-type with name=%s not deleted. Other records still refer to it.", name)
}

// NoAssociation is the error of a missing association.
func NoAssociation(resourceType, namespace string) error {
	return glance.Errorf(glance.NotFound, "The metadata definition resource-type association of resource-type=%s "+
		"to namespace=%s, was not found.", resourceType, namespace)
}

// AssociationExists is the error of an association that is there already.
func AssociationExists(resourceType, namespace string) error {
	return glance.Errorf(glance.Conflict, "The metadata definition resource-type association of resource-type=%s "+
		"to namespace=%s already exists.", resourceType, namespace)
}
