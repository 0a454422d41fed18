package v2

import (
	"cmp"
	"time"

	"glance/internal/glance"
	"glance/internal/metadefs"
)

// appendNamespace appends a namespace in the original's order of keys (spec
// metadefs-v2 §1). Parts of which there are none are left out; those of a
// namespace that was just made are shown as they were sent.
func appendNamespace(b []byte, s metadefs.Shown, made bool) []byte {
	ns := s.MetadefNamespace
	b = appendText(append(b, '{'), "namespace", ns.Name)
	b = appendOptional(b, "display_name", ns.DisplayName)
	b = appendOptional(b, "description", ns.Description)
	b = appendText(b, "visibility", cmp.Or(string(ns.Visibility), "private"))
	b = appendFlag(b, "protected", ns.Protected != nil && *ns.Protected)
	if ns.Owner != "" {
		b = appendText(b, "owner", ns.Owner)
	}
	b = appendTimes(b, ns.CreatedAt, ns.UpdatedAt)
	b = appendParts(b, s, made)
	b = appendMetadefLink(b, ns.Name, "", "")
	return append(appendText(b, "schema", "/v2/schemas/metadefs/namespace"), '}')
}

func appendParts(b []byte, s metadefs.Shown, made bool) []byte {
	ns := s.MetadefNamespace
	shows := func(n int, sent bool) bool { return n > 0 || made && sent }
	if shows(len(ns.Associations), ns.Associations != nil) {
		b = appendList(b, "resource_type_associations", ns.Associations, func(b []byte, a *glance.MetadefAssociation) []byte {
			return appendAssociation(b, a, made)
		})
	}
	if shows(len(ns.Properties), ns.Properties != nil) {
		b = appendProperties(b, ns.Properties, s.Prefix)
	}
	if shows(len(ns.Objects), ns.Objects != nil) {
		b = appendList(b, "objects", ns.Objects, func(b []byte, o *glance.MetadefObject) []byte {
			return appendObject(b, o, ns.Name, s.Prefix, made)
		})
	}
	if shows(len(ns.Tags), ns.Tags != nil) {
		b = appendTagNames(b, ns.Tags)
	}
	return b
}

// appendList appends a list under a key.
func appendList[T any](b []byte, key string, list []T, one func([]byte, *T) []byte) []byte {
	b = append(appendKey(b, key), '[')
	for i := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = one(b, &list[i])
	}
	return append(b, ']')
}

func appendTagNames(b []byte, tags []glance.MetadefTag) []byte {
	return appendList(b, "tags", tags, func(b []byte, t *glance.MetadefTag) []byte {
		return append(appendText(append(b, '{'), "name", t.Name), '}')
	})
}

// appendProperties appends definitions under the key properties, as they are
// stored: some with a name in them (spec metadefs-v2 §4).
func appendProperties(b []byte, list []glance.MetadefProperty, prefix string) []byte {
	b = append(appendKey(b, "properties"), '{')
	for _, p := range list {
		b = appendStoredDefinition(appendKey(b, prefix+p.Name), p.Schema, "")
	}
	return append(b, '}')
}

// appendObject appends an object; bare leaves out its times and links.
func appendObject(b []byte, o *glance.MetadefObject, namespace, prefix string, bare bool) []byte {
	b = appendText(append(b, '{'), "name", o.Name)
	if o.Required != nil {
		names := make([]string, len(o.Required))
		for i, name := range o.Required {
			names[i] = prefix + name
		}
		b = appendTexts(b, "required", names)
	}
	b = appendOptional(b, "description", o.Description)
	if o.Properties != nil {
		b = appendStoredDefinitions(appendKey(b, "properties"), o.Properties, prefix)
	}
	if !bare {
		b = appendTimes(b, o.CreatedAt, o.UpdatedAt)
		b = appendMetadefLink(b, namespace, "/objects/", o.Name)
		b = appendText(b, "schema", "/v2/schemas/metadefs/object")
	}
	return append(b, '}')
}

// appendAssociation appends an association; bare leaves out its times.
func appendAssociation(b []byte, a *glance.MetadefAssociation, bare bool) []byte {
	b = appendText(append(b, '{'), "name", a.ResourceType)
	b = appendOptional(b, "prefix", a.Prefix)
	b = appendOptional(b, "properties_target", a.PropertiesTarget)
	if !bare {
		b = appendTimes(b, a.CreatedAt, a.UpdatedAt)
	}
	return append(b, '}')
}

// appendNamed appends what has a name and times: tags and resource types.
func appendNamed(b []byte, name string, created, updated time.Time) []byte {
	return append(appendTimes(appendText(append(b, '{'), "name", name), created, updated), '}')
}

// appendMetadefLink appends the path of a namespace, or of a part of it.
// Compat: names stand in it as they are, without escapes for URLs.
func appendMetadefLink(b []byte, namespace, below, name string) []byte {
	return appendText(b, "self", "/v2/metadefs/namespaces/"+namespace+below+name)
}

// appendOptional appends a text unless it is null.
func appendOptional(b []byte, key string, value *string) []byte {
	if value == nil {
		return b
	}
	return appendText(b, key, *value)
}

// appendTimes appends the times that there are.
func appendTimes(b []byte, created, updated time.Time) []byte {
	if !created.IsZero() {
		b = appendTime(b, "created_at", created)
	}
	if !updated.IsZero() {
		b = appendTime(b, "updated_at", updated)
	}
	return b
}
