package metadefs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Export writes each namespace with its parts into a file of the directory at
// path, named after its display name (spec tools §2.3). Owners and required
// names are left out. A namespace that cannot be read or written is logged;
// the error is of the list alone.
func (l *Loader) Export(ctx context.Context, path string) error {
	all, err := l.Database.Namespaces(ctx, metadata.Everything(), metadata.NamespaceQuery{Limit: -1, Sort: "id", Asc: true})
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, ns := range all {
		file := filepath.Join(path, fileName(ns, taken))
		if err := l.export(ctx, ns, file); err != nil {
			l.Log.ErrorContext(ctx, "Namespace "+ns.Name+" cannot be saved", "error", err)
			continue
		}
		l.Log.InfoContext(ctx, "Namespace "+ns.Name+" saved in "+file)
	}
	return nil
}

// fileName gives a name that no other namespace has: of the letters and digits
// of the display name, or of both names.
func fileName(ns *glance.MetadefNamespace, taken map[string]bool) string {
	alone := func(text string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsNumber(r) {
				return r
			}
			return -1
		}, text)
	}
	name := alone(textOf(ns.DisplayName))
	if name == "" || taken[strings.ToLower(name)] {
		name += alone(ns.Name)
	}
	if name == "" || taken[strings.ToLower(name)] {
		name += fmt.Sprint("-", ns.ID)
	}
	taken[strings.ToLower(name)] = true // some file systems do not tell case apart
	return name + ".json"
}

func (l *Loader) export(ctx context.Context, ns *glance.MetadefNamespace, file string) (err error) {
	if err := l.fill(ctx, ns); err != nil {
		return err
	}
	text, err := formatNamespace(ns)
	if err != nil {
		return err
	}
	if isFile(file) {
		l.Log.InfoContext(ctx, "Overwriting: "+file)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(text)
	return err
}

// fill reads the parts of a namespace that came with its associations.
func (l *Loader) fill(ctx context.Context, ns *glance.MetadefNamespace) (err error) {
	if ns.Objects, err = l.Database.MetadefObjects(ctx, ns); err != nil {
		return err
	}
	if ns.Properties, err = l.Database.MetadefProperties(ctx, ns); err != nil {
		return err
	}
	ns.Tags, err = l.Database.MetadefTags(ctx, ns, metadata.TagQuery{Limit: -1, Sort: "id", Asc: true})
	return err
}

// formatNamespace gives the text that ParseNamespace reads.
func formatNamespace(ns *glance.MetadefNamespace) ([]byte, error) {
	type association struct {
		Name             string  `json:"name"`
		Prefix           *string `json:"prefix"`
		PropertiesTarget *string `json:"properties_target"`
	}
	type object struct {
		Name        string          `json:"name"`
		Description *string         `json:"description"`
		Properties  json.RawMessage `json:"properties"`
	}
	type tag struct {
		Name string `json:"name"`
	}
	f := struct {
		Namespace    string          `json:"namespace"`
		DisplayName  *string         `json:"display_name"`
		Description  *string         `json:"description"`
		Visibility   *string         `json:"visibility"`
		Protected    *bool           `json:"protected"`
		Associations []association   `json:"resource_type_associations"`
		Properties   json.RawMessage `json:"properties"`
		Objects      []object        `json:"objects"`
		Tags         []tag           `json:"tags"`
	}{
		Namespace: ns.Name, DisplayName: ns.DisplayName, Description: ns.Description, Protected: ns.Protected,
		Associations: []association{}, Objects: []object{}, Tags: []tag{},
	}
	if v := string(ns.Visibility); v != "" {
		f.Visibility = &v
	}
	for _, a := range ns.Associations {
		f.Associations = append(f.Associations, association{a.ResourceType, a.Prefix, a.PropertiesTarget})
	}
	for _, o := range ns.Objects {
		f.Objects = append(f.Objects, object{o.Name, o.Description, o.Properties})
	}
	for _, t := range ns.Tags {
		f.Tags = append(f.Tags, tag{t.Name})
	}
	var err error
	if f.Properties, err = formatProperties(ns.Properties); err != nil {
		return nil, err
	}
	return indented(f)
}

// formatProperties gives an object of schemas in the order of the list.
func formatProperties(list []glance.MetadefProperty) (json.RawMessage, error) {
	b := []byte{'{'}
	for i, p := range list {
		name, err := json.Marshal(p.Name)
		if err != nil {
			return nil, err
		}
		if !json.Valid(p.Schema) {
			return nil, fmt.Errorf("the schema of property %q is no JSON", p.Name)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, name...), ':'), p.Schema...)
	}
	return append(b, '}'), nil
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	err := e.Encode(v)
	return b.Bytes(), err
}
