package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Entry is one rule of a file.
type Entry struct {
	Name    string
	Check   *Check
	Line    int   // of the name, from 1
	Problem error // what of the rule denies because it makes no sense; nil when all is well
}

// FileError is a file that is no mapping of rule names to rules.
type FileError struct {
	File string
	Line int // from 1
	Msg  string
}

func (e *FileError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// ParseFile reads a policy file, YAML or JSON: a mapping of names to rules in
// the forms of ParseValue. An empty file has no rules; of rules with one name
// the last one counts. The error is a *FileError. Source: spec auth-policy §3.1.
func ParseFile(name string, text []byte) ([]Entry, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, yamlError(name, err)
	}
	if err := decoder.Decode(&more); err == nil {
		return nil, &FileError{name, more.Line, "a second document"}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlError(name, err)
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, &FileError{name, root.Line, "not a mapping of rule names to rules"}
	}
	lines := bytes.Split(text, []byte("\n"))
	var out []Entry
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return nil, &FileError{name, key.Line, "a rule name is a text"}
		}
		entry := Entry{Name: key.Value, Line: key.Line}
		entry.Check, entry.Problem = parseNode(value, lines)
		out = append(out, entry)
	}
	return out, nil
}

func parseNode(n *yaml.Node, lines [][]byte) (*Check, error) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return Deny(), fmt.Errorf("the tag %s means nothing here", n.Tag)
	}
	// A bare ! is the beginning of a tag to YAML, and what follows is null. The
	// original allows such a rule; whoever wrote it meant the contrary.
	if n.Tag == "!!null" && n.Value == "" && n.Line <= len(lines) &&
		bytes.HasSuffix(bytes.TrimSpace(lines[n.Line-1]), []byte("!")) {
		return Deny(), errors.New(`never is written "!", in quotes`)
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return Deny(), err
	}
	return ParseValue(value)
}

var lineOf = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func yamlError(file string, err error) *FileError {
	msg := err.Error()
	line := 1 // the reader leaves the first line out
	if m := lineOf.FindStringSubmatch(msg); m != nil {
		msg = msg[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	return &FileError{file, line, msg}
}
