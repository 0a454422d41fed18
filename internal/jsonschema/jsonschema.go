package jsonschema

import (
	"errors"
	"fmt"
	"strings"

	engine "github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is a compiled schema; it may be used by many goroutines at once.
type Schema struct{ compiled *engine.Schema }

// Compile compiles a schema that was decoded from JSON: maps, slices, strings,
// float64 or json.Number, bool, nil.
func Compile(doc any) (*Schema, error) {
	const name = "glance:schema"
	c := engine.NewCompiler()
	c.UseLoader(refuse{})
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	compiled, err := c.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("compile schema: %w", err)
	}
	return &Schema{compiled}, nil
}

// refuse keeps a schema from loading files or fetching URLs.
type refuse struct{}

func (refuse) Load(url string) (any, error) {
	return nil, fmt.Errorf("reference to %s: only references inside the schema are followed", url)
}

// Validate checks a value that was decoded from JSON. The error names the
// place and says what is wrong there, in one line.
func (s *Schema) Validate(v any) error {
	err := s.compiled.Validate(v)
	var invalid *engine.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	text := invalid.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	if len(invalid.InstanceLocation) == 0 {
		return errors.New(text)
	}
	return fmt.Errorf("%s: %s", strings.Join(invalid.InstanceLocation, "/"), text)
}
