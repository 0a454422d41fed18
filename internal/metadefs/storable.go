package metadefs

import (
	"encoding/json"
	"maps"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// field is a value that is stored, under its key.
type field struct{ key, value string }

// storable refuses what the tables of older installations cannot hold (spec
// metadefs-v2 §1). deed is create or update, kind the noun of the error.
func storable(deed, kind string, fields ...field) error {
	for _, f := range fields {
		if glance.BeyondBMP(f.value) {
			return glance.Errorf(glance.Invalid, "Couldn't %s metadata %s: %s", deed, kind, glance.BeyondBMPText(f.key))
		}
	}
	return nil
}

func namespaceFields(ns *glance.MetadefNamespace) []field {
	fields := []field{
		{"namespace", ns.Name}, {"display_name", textOf(ns.DisplayName)}, {"description", textOf(ns.Description)}, {"owner", ns.Owner},
	}
	for i := range ns.Associations {
		fields = append(fields, associationFields(&ns.Associations[i])...)
	}
	for i := range ns.Objects {
		fields = append(fields, objectFields(&ns.Objects[i])...)
	}
	for _, t := range ns.Tags {
		fields = append(fields, field{"name", t.Name})
	}
	for i := range ns.Properties {
		fields = append(fields, propertyFields(&ns.Properties[i])...)
	}
	return fields
}

func objectFields(o *glance.MetadefObject) []field {
	fields := []field{{"name", o.Name}, {"description", textOf(o.Description)}, {"required", metadata.JoinRequired(o.Required)}}
	return appendFields(fields, o.Properties)
}

func propertyFields(p *glance.MetadefProperty) []field {
	return appendFields([]field{{"name", p.Name}}, p.Schema)
}

func associationFields(a *glance.MetadefAssociation) []field {
	return []field{{"name", a.ResourceType}, {"prefix", textOf(a.Prefix)}, {"properties_target", textOf(a.PropertiesTarget)}}
}

// appendFields appends the texts in a JSON object and in those below it.
// Compat: lists are not looked into; they are stored with escapes.
func appendFields(fields []field, object json.RawMessage) []field {
	var members map[string]any
	if len(object) == 0 || json.Unmarshal(object, &members) != nil {
		return fields
	}
	return walk(fields, members)
}

func walk(fields []field, members map[string]any) []field {
	for _, key := range slices.Sorted(maps.Keys(members)) {
		switch v := members[key].(type) {
		case string:
			fields = append(fields, field{key, v})
		case map[string]any:
			fields = walk(fields, v)
		}
	}
	return fields
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
