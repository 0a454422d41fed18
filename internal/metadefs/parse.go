package metadefs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"glance/internal/glance"
)

// ParseNamespace reads a namespace with its parts from the text of a file, as
// export writes them and the original ships them (spec metadefs-v2 §9). An
// owner that is missing is admin. Schemas are kept as they are; nobody
// validates them. Names and texts must be strings.
func ParseNamespace(text []byte) (*glance.MetadefNamespace, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the text is not UTF-8")
	}
	var f members
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errors.New("there is no object")
	}
	ns := &glance.MetadefNamespace{Owner: "admin"}
	var visibility, owner *string
	var properties json.RawMessage
	var associations, objects, tags []members
	err := cmp.Or(
		f.name("namespace", &ns.Name), f.get("display_name", &ns.DisplayName, "a string"), f.get("description", &ns.Description, "a string"),
		f.get("visibility", &visibility, "a string"), f.get("protected", &ns.Protected, "true or false"), f.get("owner", &owner, "a string"),
		f.get("resource_type_associations", &associations, "a list of objects"), f.get("properties", &properties, "an object"),
		f.get("objects", &objects, "a list of objects"), f.get("tags", &tags, "a list of objects"))
	if err != nil {
		return nil, err
	}
	if visibility != nil {
		ns.Visibility = glance.Visibility(*visibility)
	}
	if owner != nil {
		ns.Owner = *owner
	}
	return ns, cmp.Or(parseAssociations(ns, associations), parseProperties(ns, properties), parseObjects(ns, objects), parseTags(ns, tags))
}

// members are those of a JSON object. Unlike fields of structs their names
// differ in case.
type members map[string]json.RawMessage

// get reads a member; one that is missing or null leaves what is there.
func (m members) get(key string, into any, what string) error {
	raw, ok := m[key]
	if ok && json.Unmarshal(raw, into) != nil {
		return fmt.Errorf("%s is not %s", key, what)
	}
	return nil
}

// name reads a text that must be there.
func (m members) name(key string, into *string) error {
	var text *string
	if err := m.get(key, &text, "a string"); err != nil {
		return err
	}
	if text == nil {
		return fmt.Errorf("there is no %s", key)
	}
	*into = *text
	return nil
}

func parseAssociations(ns *glance.MetadefNamespace, list []members) error {
	for i, m := range list {
		var a glance.MetadefAssociation
		err := cmp.Or(m.name("name", &a.ResourceType), m.get("prefix", &a.Prefix, "a string"), m.get("properties_target", &a.PropertiesTarget, "a string"))
		if err != nil {
			return fmt.Errorf("resource type %d: %w", i+1, err)
		}
		ns.Associations = append(ns.Associations, a)
	}
	return nil
}

func parseObjects(ns *glance.MetadefNamespace, list []members) error {
	for i, m := range list {
		o := glance.MetadefObject{Properties: json.RawMessage("null")}
		err := cmp.Or(m.name("name", &o.Name), m.get("description", &o.Description, "a string"))
		if err != nil {
			return fmt.Errorf("object %d: %w", i+1, err)
		}
		if raw, ok := m["properties"]; ok {
			o.Properties = raw
		}
		ns.Objects = append(ns.Objects, o)
	}
	return nil
}

func parseTags(ns *glance.MetadefNamespace, list []members) error {
	for i, m := range list {
		var t glance.MetadefTag
		if err := m.name("name", &t.Name); err != nil {
			return fmt.Errorf("tag %d: %w", i+1, err)
		}
		ns.Tags = append(ns.Tags, t)
	}
	return nil
}

// parseProperties reads an object of schemas in the order of the text, which
// is that of the rows.
func parseProperties(ns *glance.MetadefNamespace, raw json.RawMessage) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	start, err := d.Token()
	switch {
	case errors.Is(err, io.EOF) || err == nil && start == nil:
		return nil
	case err != nil || start != json.Delim('{'):
		return errors.New("properties is not an object")
	}
	at := map[string]int{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var p glance.MetadefProperty
		p.Name, _ = name.(string) // a key is nothing else
		if err := d.Decode(&p.Schema); err != nil {
			return err
		}
		if i, again := at[p.Name]; again {
			ns.Properties[i] = p
			continue
		}
		at[p.Name] = len(ns.Properties)
		ns.Properties = append(ns.Properties, p)
	}
	return nil
}
