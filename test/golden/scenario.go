package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Scenario is one recorded conversation; testdata/README.md explains the fields.
type Scenario struct {
	Name   string `json:"name"`
	Config string `json:"config"`
	About  string `json:"about"`
	Steps  []Step `json:"steps"`
}

// Step is a request and the answer that is wanted.
type Step struct {
	Request  Request           `json:"request"`
	Response Response          `json:"response"`
	Until    *Until            `json:"until"`
	Capture  map[string]string `json:"capture"`
	Quirk    string            `json:"quirk"`
}

// Request is sent as it stands. At most one of its bodies is there.
type Request struct {
	Method    string            `json:"method"`
	Path      string            `json:"path"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	BodyText  *string           `json:"body_text"`
	Generator *Generator        `json:"body_generator"`
}

// Response is what was recorded. Without Body, Raw and Binary the answer is empty.
type Response struct {
	Status      int               `json:"status"`
	Headers     map[string]string `json:"headers"`
	Body        json.RawMessage   `json:"body"`
	Raw         *string           `json:"raw"`
	Binary      *Binary           `json:"binary"`
	SchemaError string            `json:"schema_error"` // for people only
}

// Binary stands for image data.
type Binary struct {
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"`
}

// Until repeats a request until the values at these dotted paths are among the accepted ones.
type Until struct {
	Body map[string][]any `json:"body"`
}

// Load reads all scenarios, ordered by name. An unknown field is an error: it would be a check left out.
func Load(fsys fs.FS) ([]*Scenario, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []*Scenario
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		sc := new(Scenario)
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		dec.UseNumber()
		if err := dec.Decode(sc); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if want := strings.TrimSuffix(path.Base(name), ".json"); sc.Name != want {
			return nil, fmt.Errorf("%s: is called %q inside", name, sc.Name)
		}
		all = append(all, sc)
	}
	return all, nil
}
