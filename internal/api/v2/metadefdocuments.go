package v2

import "strings"

// The documents of /v2/schemas/metadefs, in the original's words (spec
// metadefs-v2 §7).
const (
	definitionTypes = `"type": {"type": "string", "enum": ["array", "boolean", "integer", "number", "object", "string", null]}`

	definitionProperties = `{"name": {"type": "string", "maxLength": 80}, ` +
		`"title": {"type": "string"}, ` +
		`"description": {"type": "string"}, ` +
		`"operators": {"type": "array", "items": {"type": "string"}}, ` +
		definitionTypes + `, ` +
		`"required": {"$ref": "#/definitions/stringArray"}, ` +
		`"minimum": {"type": "number"}, ` +
		`"maximum": {"type": "number"}, ` +
		`"maxLength": {"$ref": "#/definitions/positiveInteger"}, ` +
		`"minLength": {"$ref": "#/definitions/positiveIntegerDefault0"}, ` +
		`"pattern": {"type": "string", "format": "regex"}, ` +
		`"enum": {"type": "array"}, ` +
		`"readonly": {"type": "boolean"}, ` +
		`"default": {}, ` +
		`"items": {"type": "object", "properties": {` + definitionTypes + `, "enum": {"type": "array"}}}, ` +
		`"maxItems": {"$ref": "#/definitions/positiveInteger"}, ` +
		`"minItems": {"$ref": "#/definitions/positiveIntegerDefault0"}, ` +
		`"uniqueItems": {"type": "boolean", "default": false}, ` +
		`"additionalItems": {"type": "boolean"}}`

	integerDefinitions = `"positiveInteger": {"type": "integer", "minimum": 0}, ` +
		`"positiveIntegerDefault0": {"allOf": [{"$ref": "#/definitions/positiveInteger"}, {"default": 0}]}, `

	propertyDefinitions = `{` + integerDefinitions +
		`"stringArray": {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": true}}`

	namespaceDefinitions = `{` + integerDefinitions +
		`"stringArray": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}, ` +
		`"property": {"type": "object", "additionalProperties": {"type": "object", "required": ["title", "type"], ` +
		`"properties": ` + definitionProperties + `}}}`

	linkProperties = `"schema": {"readOnly": true, "type": "string"}, "self": {"readOnly": true, "type": "string"}`

	namespaceProperties = `{"namespace": {"type": "string", "description": "The unique namespace text.", "maxLength": 80}, ` +
		`"display_name": {"type": "string", "description": "The user friendly name for the namespace. Used by UI if available.", "maxLength": 80}, ` +
		`"description": {"type": "string", "description": "Provides a user friendly description of the namespace.", "maxLength": 500}, ` +
		`"visibility": {"type": "string", "description": "Scope of namespace accessibility.", "enum": ["public", "private"]}, ` +
		`"protected": {"type": "boolean", "description": "If true, namespace will not be deletable."}, ` +
		`"owner": {"type": "string", "description": "Owner of the namespace.", "maxLength": 255}, ` +
		`"created_at": {"type": "string", "readOnly": true, "description": "Date and time of namespace creation", "format": "date-time"}, ` +
		`"updated_at": {"type": "string", "readOnly": true, "description": "Date and time of the last namespace modification", "format": "date-time"}, ` +
		linkProperties + `, ` +
		`"resource_type_associations": {"type": "array", "items": {"type": "object", "properties": ` +
		`{"name": {"type": "string"}, "prefix": {"type": "string"}, "properties_target": {"type": "string"}}}}, ` +
		`"properties": {"$ref": "#/definitions/property"}, ` +
		`"objects": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "description": {"type": "string"}, ` +
		`"required": {"$ref": "#/definitions/stringArray"}, "properties": {"$ref": "#/definitions/property"}}}}, ` +
		`"tags": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}}`

	objectProperties = `{"name": {"type": "string", "maxLength": 80}, ` +
		`"description": {"type": "string"}, ` +
		`"required": {"$ref": "#/definitions/stringArray"}, ` +
		`"properties": {"$ref": "#/definitions/property"}, ` +
		linkProperties + `, ` +
		`"created_at": {"type": "string", "readOnly": true, "description": "Date and time of object creation", "format": "date-time"}, ` +
		`"updated_at": {"type": "string", "readOnly": true, "description": "Date and time of the last object modification", "format": "date-time"}}`

	associationProperties = `{"name": {"type": "string", "description": "Resource type names should be aligned with Heat resource types ` +
		`whenever possible: https://docs.openstack.org/heat/latest/template_guide/openstack.html", "maxLength": 80}, ` +
		`"prefix": {"type": "string", "description": "Specifies the prefix to use for the given resource type. Any properties in the namespace ` +
		`should be prefixed with this prefix when being applied to the specified resource type. Must include prefix separator ` +
		`(e.g. a colon :).", "maxLength": 80}, ` +
		`"properties_target": {"type": "string", "description": "Some resource types allow more than one key / value pair per instance.  ` +
		`For example, Cinder allows user and image metadata on volumes. Only the image properties metadata is evaluated by Nova ` +
		`(scheduling or drivers). This property allows a namespace target to remove the ambiguity.", "maxLength": 80}, ` +
		`"created_at": {"type": "string", "readOnly": true, "description": "Date and time of resource type association", "format": "date-time"}, ` +
		`"updated_at": {"type": "string", "readOnly": true, "description": "Date and time of the last resource type association modification", ` +
		`"format": "date-time"}}`

	tagProperties = `{"name": {"type": "string", "maxLength": 80}, ` +
		`"created_at": {"type": "string", "readOnly": true, "description": "Date and time of tag creation", "format": "date-time"}, ` +
		`"updated_at": {"type": "string", "readOnly": true, "description": "Date and time of the last tag modification", "format": "date-time"}}`
)

// metadefDocument is a document about one thing, and what that about many is
// made of.
type metadefDocument struct {
	name, plural            string // as the documents call it
	path, pluralPath        string // below /v2/schemas/metadefs/
	properties, definitions string
	required                []string
	keyed                   bool // many are an object by name, in which the name need not be repeated
}

func metadefDocumentList() []metadefDocument {
	return []metadefDocument{
		{
			name: "namespace", plural: "namespaces", path: "namespace", pluralPath: "namespaces",
			properties: namespaceProperties, definitions: namespaceDefinitions, required: []string{"namespace"},
		},
		{
			name: "object", plural: "objects", path: "object", pluralPath: "objects",
			properties: objectProperties, definitions: namespaceDefinitions, required: []string{"name"},
		},
		{
			name: "property", plural: "properties", path: "property", pluralPath: "properties",
			properties: definitionProperties, definitions: propertyDefinitions, required: []string{"type", "title", "name"}, keyed: true,
		},
		{
			name: "tag", plural: "tags", path: "tag", pluralPath: "tags",
			properties: tagProperties, required: []string{"name"},
		},
		{
			name: "resource_type_association", plural: "resource_type_associations", path: "resource_type", pluralPath: "resource_types",
			properties: associationProperties, required: []string{"name"},
		},
	}
}

// one is the document about one thing.
func (m *metadefDocument) one() string { return m.spell(m.definitions, m.required) }

func (m *metadefDocument) spell(definitions string, required []string) string {
	text := `{"name": "` + m.name + `", "properties": ` + m.properties + `, "additionalProperties": false`
	if definitions != "" {
		text += `, "definitions": ` + definitions
	}
	return text + `, "required": ["` + strings.Join(required, `", "`) + `"]}`
}

// unnamed are the required keys but the last one, which is the name.
func (m *metadefDocument) unnamed() []string { return m.required[:len(m.required)-1] }

// many is the document about a list or an object of them.
func (m *metadefDocument) many() string {
	items := `{"type": "array", "items": ` + m.spell("", m.required) + `}`
	if m.keyed {
		items = `{"type": "object", "additionalProperties": ` + m.spell("", m.unnamed()) + `}`
	}
	text := `{"name": "` + m.plural + `", "properties": {"` + m.plural + `": ` + items + `, ` +
		`"first": {"type": "string"}, "next": {"type": "string"}, "schema": {"type": "string"}}, ` +
		`"links": [{"rel": "first", "href": "{first}"}, {"rel": "next", "href": "{next}"}, ` + describedBy + `]`
	if m.definitions != "" {
		text += `, "definitions": ` + m.definitions
	}
	return text + `}`
}
