package policy

import (
	"maps"
	"strings"

	"glance/internal/rules"
)

// rawSection is a section as it is written.
type rawSection struct {
	name   string
	line   int
	values map[string]rawValue // keys in lower case
}

type rawValue struct {
	text string
	line int
}

// sectionReader reads the syntax of Python's configparser: = or : between key
// and value, comments on lines of their own, values that go on in lines indented
// deeper, [DEFAULT] for what sections leave out, nothing twice. Substitution in
// values is not done; roles and rules have no use for it.
type sectionReader struct {
	file     string
	sections []*rawSection
	defaults *rawSection
	current  *rawSection
	key      string // whose value may go on
	indent   int    // of that key
}

func parseSections(file, text string) ([]*rawSection, error) {
	r := sectionReader{file: file, defaults: &rawSection{name: "DEFAULT", values: map[string]rawValue{}}}
	number := 0
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), "\n") {
		number++
		if msg := r.take(strings.TrimRight(line, " \t\r\f\v"), number); msg != "" {
			return nil, &rules.FileError{File: file, Line: number, Msg: msg}
		}
	}
	for _, s := range r.sections {
		values := maps.Clone(r.defaults.values)
		maps.Copy(values, s.values)
		s.values = values
	}
	return r.sections, nil
}

// take reads a line and gives what is wrong with it.
func (r *sectionReader) take(line string, number int) string {
	content := strings.TrimLeft(line, " \t\f\v")
	if content == "" || content[0] == '#' || content[0] == ';' {
		return ""
	}
	indent := len(line) - len(content)
	if r.key != "" && indent > r.indent {
		v := r.current.values[r.key]
		v.text = strings.TrimSpace(v.text + "\n" + content)
		r.current.values[r.key] = v
		return ""
	}
	if end := strings.LastIndexByte(content, ']'); content[0] == '[' && end > 1 {
		return r.header(content[1:end], number)
	}
	return r.assignment(content, indent, number)
}

func (r *sectionReader) header(name string, number int) string {
	r.key = ""
	if name == r.defaults.name {
		r.current = r.defaults
		return ""
	}
	for _, s := range r.sections {
		if s.name == name {
			return "section [" + name + "] appears twice"
		}
	}
	r.current = &rawSection{name: name, line: number, values: map[string]rawValue{}}
	r.sections = append(r.sections, r.current)
	return ""
}

func (r *sectionReader) assignment(content string, indent, number int) string {
	at := strings.IndexAny(content, "=:")
	if at < 0 {
		return "neither a section nor key = value"
	}
	key := strings.ToLower(strings.TrimSpace(content[:at]))
	switch {
	case r.current == nil:
		return "a value outside any section"
	case key == "":
		return "a value without a key"
	}
	if _, ok := r.current.values[key]; ok {
		return key + " appears twice in [" + r.current.name + "]"
	}
	r.current.values[key] = rawValue{strings.TrimSpace(content[at+1:]), number}
	r.key, r.indent = key, indent
	return ""
}
