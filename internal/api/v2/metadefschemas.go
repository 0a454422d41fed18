package v2

import (
	"fmt"
	"net/http"

	"glance/internal/glance"
	"glance/internal/jsonschema"
)

// metadefSchemas is what /v2/schemas/metadefs serves, and what the bodies of
// requests are checked with (spec metadefs-v2 §1 to §7).
type metadefSchemas struct {
	documents map[string][]byte // by what follows /v2/schemas/metadefs/

	namespace, object, property, tag, tags, association metadefCheck

	// unnamed is a property of an object that is about to be created.
	unnamed metadefCheck
}

// metadefCheck checks a body.
type metadefCheck struct {
	name   string // of the schema, in errors
	served *jsonschema.Schema
	model  *jsonschema.Schema
}

func (c *metadefCheck) check(doc any) error {
	for _, s := range []*jsonschema.Schema{c.served, c.model} {
		if err := s.Validate(doc); err != nil {
			return glance.Errorf(glance.Invalid, "Provided object does not match schema '%s': %s", c.name, err)
		}
	}
	return nil
}

// What the models of the original, and the tables, take of what its schemas let
// pass. The original fails with 500 on everything else.
const (
	shortModel   = `{"maxLength": 80}`
	integerModel = `{"type": "integer", "minimum": -1e20, "maximum": 1e20}`
	timesModel   = `"created_at": {"type": "string"}, "updated_at": {"type": "string"}`

	definitionModel = `{"additionalProperties": false, "properties": {"name": {}, "type": {}, "title": {}, "description": {}, ` +
		`"operators": {}, "default": {}, "readonly": {}, "minimum": ` + integerModel + `, "maximum": ` + integerModel + `, ` +
		`"enum": {}, "pattern": {}, "minLength": ` + integerModel + `, "maxLength": ` + integerModel + `, ` +
		`"confidential": {"type": "boolean"}, "items": {"additionalProperties": false, "properties": {"type": {}, "enum": {}}, ` +
		`"required": ["type"]}, "uniqueItems": {}, "minItems": ` + integerModel + `, "maxItems": ` + integerModel + `, ` +
		`"additionalItems": {}}}`

	objectModel = `{"additionalProperties": false, "required": ["name"], "properties": {"name": ` + shortModel + `, ` +
		`"required": {}, "description": {}, "properties": {"additionalProperties": ` + definitionModel + `}, ` +
		timesModel + `, "self": {"type": "string"}, "schema": {"type": "string"}}}`

	tagModel = `{"additionalProperties": false, "required": ["name"], "properties": {"name": ` + shortModel + `, ` + timesModel + `}}`

	associationModel = `{"additionalProperties": false, "required": ["name"], "properties": {"name": ` + shortModel + `, ` +
		`"prefix": ` + shortModel + `, "properties_target": ` + shortModel + `, ` + timesModel + `}}`

	namespaceModel = `{"properties": {"resource_type_associations": {"items": ` + associationModel + `}, ` +
		`"properties": {"propertyNames": ` + shortModel + `, "additionalProperties": ` + definitionModel + `}, ` +
		`"objects": {"items": ` + objectModel + `}, "tags": {"items": ` + tagModel + `}}}`

	// tagsRequest is the schema of a list of tags to make. It is not served.
	tagsRequest = `{"properties": {"tags": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}, ` +
		`"required": ["name"], "additionalProperties": false}}}, "additionalProperties": false}`
	tagsModel = `{"required": ["tags"], "properties": {"tags": {"items": ` + tagModel + `}}}`
)

func newMetadefSchemas() (metadefSchemas, error) {
	s := metadefSchemas{documents: make(map[string][]byte)}
	served := make(map[string]string)
	unnamed := ""
	for _, m := range metadefDocumentList() {
		served[m.name] = m.one()
		s.documents[m.path], s.documents[m.pluralPath] = []byte(m.one()), []byte(m.many())
		if m.keyed {
			unnamed = m.spell(m.definitions, m.unnamed())
		}
	}
	for _, c := range []struct {
		to                  *metadefCheck
		name, served, model string
	}{
		{&s.namespace, "namespace", served["namespace"], namespaceModel},
		{&s.object, "object", served["object"], objectModel},
		{&s.property, "property", served["property"], definitionModel},
		{&s.unnamed, "property", unnamed, definitionModel},
		{&s.tag, "tag", served["tag"], tagModel},
		{&s.tags, "tags", tagsRequest, tagsModel},
		{&s.association, "resource_type_association", served["resource_type_association"], associationModel},
	} {
		var err error
		c.to.name = c.name
		if c.to.served, err = compile(c.served); err != nil {
			return s, fmt.Errorf("unable to load schema %s: %w", c.name, err)
		}
		if c.to.model, err = compile(c.model); err != nil {
			return s, fmt.Errorf("unable to load schema %s: %w", c.name, err)
		}
	}
	return s, nil
}

// showMetadefSchema is GET /v2/schemas/metadefs/NAME.
func (d *Door) showMetadefSchema(name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, _ *http.Request) error {
		return writeJSON(w, http.StatusOK, func(b []byte) []byte { return append(b, d.Schema.metadefs.documents[name]...) })
	}
}

// refuseReadOnly refuses a body with one of these keys.
func refuseReadOnly(doc map[string]any, keys ...string) error {
	for _, key := range keys {
		if _, given := doc[key]; given {
			return errReadOnly(key)
		}
	}
	return nil
}
