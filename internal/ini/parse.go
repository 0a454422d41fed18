package ini

import (
	"strings"
	"unicode"
)

// Value is the text of one assignment, quotes removed and continuation lines
// joined by newlines, nothing substituted yet.
type Value struct {
	Text string
	Pos  Pos
}

// Key is one option of a section with all its assignments in order.
type Key struct {
	Name   string
	Values []Value
}

// Section holds the keys of all sections of one name, in order of appearance.
type Section struct {
	Name string
	Line int // of the first header
	Keys []*Key

	byName map[string]*Key
}

// Key returns the key of that name, or nil. In the [app:…] sections of paste
// files a key may be spelled with dashes for underscores.
func (s *Section) Key(name string) *Key { return s.byName[s.canonical(name)] }

func (s *Section) canonical(key string) string {
	if strings.HasPrefix(s.Name, "app:") {
		return strings.ReplaceAll(key, "-", "_")
	}
	return key
}

func (s *Section) add(name string, v Value) {
	key := s.Key(name)
	if key == nil {
		key = &Key{Name: name}
		s.byName[s.canonical(name)] = key
		s.Keys = append(s.Keys, key)
	}
	key.Values = append(key.Values, v)
}

// File is a parsed configuration file.
type File struct {
	Name     string
	Sections []*Section

	byName  map[string]*Section
	byLower map[string][]*Section
}

func newFile(name string) *File {
	return &File{Name: name, byName: map[string]*Section{}, byLower: map[string][]*Section{}}
}

// Section returns the section of exactly that name, or nil.
func (f *File) Section(name string) *Section { return f.byName[name] }

// section makes the section when it is new.
func (f *File) section(name string, line int) *Section {
	s := f.byName[name]
	if s == nil {
		s = &Section{Name: name, Line: line, byName: map[string]*Key{}}
		f.byName[name] = s
		lower := strings.ToLower(name)
		f.byLower[lower] = append(f.byLower[lower], s)
		f.Sections = append(f.Sections, s)
	}
	return s
}

// Parse reads text in oslo.config syntax; name goes into positions and errors.
// The error is a *ParseError. Source: spec config §1.
func Parse(name string, text []byte) (*File, error) {
	p := parser{file: newFile(name)}
	for i, line := range lines(text) {
		p.line = i + 1
		if err := p.take(strings.TrimRightFunc(line, unicode.IsSpace)); err != nil {
			return nil, err
		}
	}
	p.flush()
	return p.file, nil
}

// lines splits at any newline convention and drops a byte order mark.
func lines(text []byte) []string {
	s := strings.TrimPrefix(string(text), "\ufeff")
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n")
}

type parser struct {
	file    *File
	section *Section
	line    int

	// the assignment that continuation lines may still extend
	key   string
	value []string
	start int
}

func (p *parser) take(line string) error {
	if line != "" && (line[0] == ' ' || line[0] == '\t') {
		if p.key == "" {
			return p.fail("Unexpected continuation line", line)
		}
		p.value = append(p.value, strings.TrimLeftFunc(line, unicode.IsSpace))
		return nil
	}
	p.flush()
	switch {
	case line == "", line[0] == '#', line[0] == ';':
		return nil
	case line[0] == '[':
		return p.header(line)
	default:
		return p.assignment(line)
	}
}

func (p *parser) header(line string) error {
	if !strings.HasSuffix(line, "]") {
		return p.fail("Invalid section (must end with ])", line)
	}
	if len(line) <= 2 {
		return p.fail("Empty section name", line)
	}
	p.section = p.file.section(line[1:len(line)-1], p.line)
	return nil
}

func (p *parser) assignment(line string) error {
	at := strings.IndexAny(line, ":=")
	if at < 0 {
		return p.fail("No ':' or '=' found in assignment", line)
	}
	key := strings.TrimSpace(line[:at])
	if key == "" {
		return p.fail("Key cannot be empty", line)
	}
	if p.section == nil {
		return p.fail("Section must be started before assignment", line)
	}
	p.key, p.value, p.start = key, []string{unquote(strings.TrimSpace(line[at+1:]))}, p.line
	return nil
}

// unquote removes one pair of quotes. Compat: a single quote alone counts as
// a pair, and quotes are removed before continuation lines are joined.
func unquote(s string) string {
	if s == "" || (s[0] != '"' && s[0] != '\'') || s[0] != s[len(s)-1] {
		return s
	}
	return s[1:max(1, len(s)-1)]
}

func (p *parser) flush() {
	if p.key == "" {
		return
	}
	p.section.add(p.key, Value{
		Text: strings.Join(p.value, "\n"),
		Pos:  Pos{File: p.file.Name, Line: p.start},
	})
	p.key, p.value = "", nil
}

func (p *parser) fail(msg, line string) error {
	return &ParseError{Pos: Pos{File: p.file.Name, Line: p.line}, Msg: msg, Text: visible(line)}
}
