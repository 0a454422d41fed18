package ini

import (
	"strings"
	"unicode"
)

// Paste is a paste.deploy file as plain data.
type Paste struct {
	File     string
	Global   []PasteKey // [DEFAULT], inherited by every section
	Sections []*PasteSection
}

// PasteSection is one [kind:name] section. Kind is empty for a section without
// a colon, which paste does not use but an option file may have.
type PasteSection struct {
	Kind, Name string
	Line       int
	Keys       []PasteKey
}

// PasteKey is one assignment, interpolated, its continuation lines joined by
// newlines.
type PasteKey struct {
	Mode  PasteMode
	Name  string
	Value string
	Line  int
}

// PasteMode tells "name = v", "set name = v" and "get name = v" apart.
type PasteMode string

// The modes of an assignment.
const (
	PasteLocal PasteMode = ""
	PasteSet   PasteMode = "set" // changes the global value for this section
	PasteGet   PasteMode = "get" // takes the global value called v
)

// PasteUse is the value of a "use" key taken apart.
type PasteUse struct {
	Scheme string // egg, call, config, or empty for another section of this file
	Target string
	Name   string // behind #, "main" when there is none
}

// ParseUse takes apart egg:Paste#urlmap, call:module:function,
// config:other.ini#name and othersection.
func ParseUse(value string) PasteUse {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(value), ":")
	if !ok {
		return PasteUse{Target: scheme, Name: "main"}
	}
	use := PasteUse{Scheme: scheme, Target: rest, Name: "main"}
	if target, name, ok := strings.Cut(rest, "#"); ok && scheme != "call" {
		use.Target, use.Name = target, name
	}
	return use
}

// Section returns the section of that kind and name, or nil.
func (p *Paste) Section(kind, name string) *PasteSection {
	for _, s := range p.Sections {
		if s.Kind == kind && s.Name == name {
			return s
		}
	}
	return nil
}

// Get returns the value a section gives to a key, without the global ones.
func (s *PasteSection) Get(name string) (PasteKey, bool) { return getKey(s.Keys, name) }

// Default returns the value that [DEFAULT] gives to a key.
func (p *Paste) Default(name string) (PasteKey, bool) { return getKey(p.Global, name) }

func getKey(keys []PasteKey, name string) (PasteKey, bool) {
	for _, k := range keys {
		if k.Name == name && k.Mode == PasteLocal {
			return k, true
		}
	}
	return PasteKey{}, false
}

// Options makes the section's own keys a file with one section of that name,
// for Source.Overlay. Keys of paste itself are left out.
func (p *Paste) Options(s *PasteSection, section string) *File {
	f := newFile(p.File)
	for _, key := range s.Keys {
		if key.Mode == PasteLocal && key.Name != "use" && !strings.HasPrefix(key.Name, "paste.") {
			f.section(section, s.Line).add(key.Name, Value{Text: key.Value, Pos: Pos{File: p.File, Line: key.Line}})
		}
	}
	return f
}

// ParsePaste reads a paste.deploy file. file is its path: %(here)s is its
// directory, %(__file__)s itself. Repeated sections and keys are merged, the
// last one wins. The error is a *ParseError. Source: spec servers §3.
func ParsePaste(file string, text []byte) (*Paste, error) {
	p := pasteParser{paste: &Paste{File: file}}
	for i, line := range lines(text) {
		p.line = i + 1
		if err := p.take(strings.TrimRightFunc(line, unicode.IsSpace)); err != nil {
			return nil, err
		}
	}
	if err := p.paste.interpolate(); err != nil {
		return nil, err
	}
	return p.paste, nil
}

type pasteParser struct {
	paste  *Paste
	keys   *[]PasteKey // of the section being read
	open   *PasteKey   // extended by lines indented deeper
	indent int
	line   int
}

func (p *pasteParser) take(line string) error {
	body := strings.TrimLeftFunc(line, unicode.IsSpace)
	if body == "" || body[0] == '#' || body[0] == ';' {
		return nil
	}
	indent := len(line) - len(body)
	body = withoutComment(body)
	if p.open != nil && indent > p.indent {
		p.open.Value += "\n" + body
		return nil
	}
	p.open = nil
	if body[0] == '[' {
		return p.header(body)
	}
	return p.assignment(body, indent)
}

// withoutComment cuts a comment behind a value: two blanks and # or ;.
// Compat: the osprofiler lines of releases 2014.2 to 11.0 have such comments.
func withoutComment(body string) string {
	for _, mark := range []string{"  #", "  ;", "\t#", "\t;"} {
		if at := strings.Index(body, mark); at >= 0 {
			body = strings.TrimRightFunc(body[:at], unicode.IsSpace)
		}
	}
	return body
}

func (p *pasteParser) header(body string) error {
	end := strings.IndexByte(body, ']')
	if end < 0 {
		return p.fail("Invalid section (must end with ])", body)
	}
	if end == 1 {
		return p.fail("Empty section name", body)
	}
	full := body[1:end]
	if full == DefaultSection {
		p.keys = &p.paste.Global
		return nil
	}
	kind, name, ok := strings.Cut(full, ":")
	if !ok {
		kind, name = "", full
	}
	kind, name = strings.TrimSpace(kind), strings.TrimSpace(name)
	s := p.paste.Section(kind, name)
	if s == nil {
		s = &PasteSection{Kind: kind, Name: name, Line: p.line}
		p.paste.Sections = append(p.paste.Sections, s)
	}
	p.keys = &s.Keys
	return nil
}

func (p *pasteParser) assignment(body string, indent int) error {
	at := strings.IndexAny(body, ":=")
	if at < 0 {
		return p.fail("No ':' or '=' found in assignment", body)
	}
	key := PasteKey{
		Name:  strings.TrimSpace(body[:at]),
		Value: strings.TrimSpace(body[at+1:]),
		Line:  p.line,
	}
	if key.Name == "" {
		return p.fail("Key cannot be empty", body)
	}
	if p.keys == nil {
		return p.fail("Section must be started before assignment", body)
	}
	for _, mode := range []PasteMode{PasteSet, PasteGet} {
		if rest, ok := strings.CutPrefix(key.Name, string(mode)+" "); ok {
			key.Mode, key.Name = mode, strings.TrimSpace(rest)
		}
	}
	p.open, p.indent = put(p.keys, key), indent
	return nil
}

// put replaces the key of the same name or appends it.
func put(keys *[]PasteKey, key PasteKey) *PasteKey {
	for i, k := range *keys {
		if k.Name == key.Name && k.Mode == key.Mode {
			(*keys)[i] = key
			return &(*keys)[i]
		}
	}
	*keys = append(*keys, key)
	return &(*keys)[len(*keys)-1]
}

func (p *pasteParser) fail(msg, line string) error {
	return &ParseError{Pos: Pos{File: p.paste.File, Line: p.line}, Msg: msg, Text: visible(line)}
}
