package v2

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"glance/internal/glance"
	"glance/internal/jsonschema"
)

//go:embed schemas/image-properties.json
var imageProperties string

//go:embed schemas/schema-image.json
var shippedCustom []byte

// ShippedCustomProperties is the schema-image.json that comes with the
// original; it stands in where an installation has none.
func ShippedCustomProperties() []byte { return slices.Clone(shippedCustom) }

// Schema is the image schema: as a document for clients, and compiled to check
// requests (spec schemas-v2).
type Schema struct {
	documents map[string][]byte // by the name in the path
	custom    map[string]bool   // properties of schema-image.json
	whole     *jsonschema.Schema
	partial   *jsonschema.Schema // without required: for one attribute at a time
	tag       *jsonschema.Schema
	location  *jsonschema.Schema // of POST locations
	task      *jsonschema.Schema // of POST tasks
	metadefs  metadefSchemas
}

// NewSchema builds the image schema from the formats the operator allows and
// from the text of schema-image.json, flat or extended. It fails when that text
// is no such file, or conflicts with the base properties.
func NewSchema(containerFormats, diskFormats []string, customText []byte) (*Schema, error) {
	custom, err := readCustom(customText)
	if err != nil {
		return nil, err
	}
	properties := strings.NewReplacer(
		`"CONTAINER_FORMATS"`, enumOf(containerFormats), `"DISK_FORMATS"`, enumOf(diskFormats),
	).Replace(imageProperties)
	if custom.properties, err = custom.besides(properties); err != nil {
		return nil, err
	}
	s := &Schema{custom: make(map[string]bool)}
	for _, p := range custom.properties {
		s.custom[p.name] = true
	}
	properties = custom.appendTo(properties)
	head := `{"name": "image", "properties": ` + properties + `, "additionalProperties": {"type": "string"}`
	return s, s.build(head, custom.required)
}

func (s *Schema) build(head string, required []string) error {
	tail := ""
	if len(required) > 0 {
		tail = `, "required": ` + string(appendAny(nil, required))
	}
	image := head + `, "links": [{"rel": "self", "href": "{self}"}, {"rel": "enclosure", "href": "{file}"}, ` +
		`{"rel": "describedby", "href": "{schema}"}]` + tail + `}`
	s.documents = documents(image)
	var err error
	for _, c := range []struct {
		to   **jsonschema.Schema
		text string
	}{
		{&s.whole, head + tail + `}`},
		{&s.partial, head + `}`},
		{&s.location, locationSchema},
		{&s.task, strings.TrimSuffix(taskSchema, "}") + `, "additionalProperties": false}`},
		{&s.tag, `{"type": "string", "maxLength": 255}`},
	} {
		if *c.to, err = compile(c.text); err != nil {
			return fmt.Errorf("unable to load schema: %w", err)
		}
	}
	s.metadefs, err = newMetadefSchemas()
	return err
}

func compile(text string) (*jsonschema.Schema, error) {
	var doc any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	return jsonschema.Compile(doc)
}

// enumOf spells a list of formats with null before it, without the brackets.
func enumOf(formats []string) string {
	b := []byte("null")
	for _, f := range formats {
		b = appendString(append(b, ", "...), f)
	}
	return string(b)
}

// check refuses a document that does not fit; its text is for the user.
func (s *Schema) check(by *jsonschema.Schema, doc any) error {
	if err := by.Validate(doc); err != nil {
		return glance.Errorf(glance.Invalid, "Provided object does not match schema 'image': %s", err)
	}
	return nil
}

// customProperties is what schema-image.json says.
type customProperties struct {
	properties []member // in order of the file
	required   []string
}

// member is a member of a JSON object.
type member struct {
	name string
	text json.RawMessage
}

func readCustom(text []byte) (customProperties, error) {
	if len(text) == 0 {
		return customProperties{}, nil
	}
	members, err := orderedObject(text)
	if err != nil {
		return customProperties{}, fmt.Errorf("unable to load schema: schema-image.json: %w", err)
	}
	c := customProperties{properties: members}
	for _, m := range members {
		if m.name == "properties" {
			return readExtended(members)
		}
	}
	return c, nil
}

func readExtended(members []member) (c customProperties, err error) {
	for _, m := range members {
		switch m.name {
		case "properties":
			c.properties, err = orderedObject(m.text)
		case "required":
			err = json.Unmarshal(m.text, &c.required)
		}
		if err != nil {
			return c, fmt.Errorf("unable to load schema: schema-image.json: %s: %w", m.name, err)
		}
	}
	return c, nil
}

// orderedObject reads an object and keeps the order of its members.
func orderedObject(text []byte) ([]member, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(errors.New("not a JSON object"), err)
	}
	var members []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: fmt.Sprint(name)}
		if err := d.Decode(&m.text); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return members, nil
}

// besides gives the properties that base does not have. It fails when one of
// base is redefined.
func (c customProperties) besides(base string) ([]member, error) {
	var known map[string]json.RawMessage
	if err := json.Unmarshal([]byte(base), &known); err != nil {
		return nil, err
	}
	var own []member
	for _, p := range c.properties {
		b, ok := known[p.name]
		if ok && !sameJSON(b, p.text) {
			return nil, fmt.Errorf("unable to load schema: custom properties (%s) conflict with base properties", p.name)
		}
		if !ok {
			own = append(own, p)
		}
	}
	return own, nil
}

func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	return string(appendAny(nil, x)) == string(appendAny(nil, y))
}

// appendTo appends the custom properties to the text of an object.
func (c customProperties) appendTo(base string) string {
	b := []byte(strings.TrimSuffix(strings.TrimSpace(base), "}"))
	for _, p := range c.properties {
		b = append(appendString(append(b, ", "...), p.name), ": "...)
		text := strings.TrimSuffix(strings.TrimSpace(string(p.text)), "}")
		b = append(b, text...)
		if !strings.HasSuffix(strings.TrimSpace(text), "{") {
			b = append(b, ", "...)
		}
		b = append(b, `"is_base": false}`...)
	}
	return string(append(b, '}'))
}

// showSchema is GET /v2/schemas/{name}.
func (d *Door) showSchema(w http.ResponseWriter, r *http.Request) error {
	text, ok := d.Schema.documents[r.PathValue("name")]
	if !ok {
		return &glance.Error{Kind: glance.NotFound}
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return append(b, text...) })
}
