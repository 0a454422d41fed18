package ini

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// DefaultSection is the section of options without a group.
const DefaultSection = "DEFAULT"

// Name is an option: its section and its key.
type Name struct{ Section, Key string }

func (n Name) String() string {
	if n.Section == DefaultSection {
		return n.Key
	}
	return n.Section + "." + n.Key
}

// Deprecation is the use of an old name in a file.
type Deprecation struct {
	Old, New Name
	Pos      Pos
}

// Stray is an option in a file that nobody knows.
type Stray struct {
	Name Name
	Pos  Pos
}

// Source is everything that may set an option, merged on lookup.
type Source struct {
	files   []*File
	dirs    []string
	search  []string
	args    map[Name][]Value
	environ map[string]string
	paths   map[string][]string

	declared     map[Name]Option
	known        map[Name]bool
	deprecations []Deprecation
}

// NewSource starts a source with the environment's OS_<GROUP>__<OPTION>
// variables; environ is in the form of os.Environ and may be nil.
func NewSource(environ []string) *Source {
	s := &Source{
		args:     map[Name][]Value{},
		environ:  map[string]string{},
		paths:    map[string][]string{},
		declared: map[Name]Option{},
		known:    map[Name]bool{},
	}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if ok && strings.HasPrefix(name, "OS_") && strings.Contains(name, "__") {
			s.environ[name] = value
		}
	}
	return s
}

// AddFile adds a file that beats all added before it.
func (s *Source) AddFile(f *File) { s.files = append(s.files, f) }

// ReadFile reads and adds one file. The error is that of os.ReadFile or a
// *ParseError.
func (s *Source) ReadFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := Parse(path, text)
	if err != nil {
		return err
	}
	s.AddFile(f)
	return nil
}

// ReadDir adds every *.conf of a directory in the order of their names, hidden
// ones left out.
func (s *Source) ReadDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	s.dirs = append(s.dirs, dir)
	for _, e := range entries {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".conf") {
			continue
		}
		if err := s.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// SetArg adds a value from the command line. The last one counts, or all for
// a MultiStr.
func (s *Source) SetArg(section, key, value string) {
	name := Name{section, key}
	s.args[name] = append(s.args[name], Value{Text: value, Pos: Pos{File: "the command line"}})
}

// SetPath makes lookups in section go through the sections of path instead, the
// first that has the option wins. It is how [app:glance-api] of a paste file
// comes before [DEFAULT].
func (s *Source) SetPath(section string, path ...string) { s.paths[section] = path }

// Overlay returns a source like s in which f beats all other files: a section
// of a paste file beats the configuration file's section of the same meaning.
// s stays as it is.
func (s *Source) Overlay(f *File) *Source {
	over := *s
	over.files = append(slices.Clone(s.files), f)
	over.deprecations = slices.Clone(s.deprecations)
	return &over
}

// SetSearchDirs names the directories where FindFile looks last.
func (s *Source) SetSearchDirs(dirs ...string) { s.search = dirs }

// FindFile resolves a relative file name as oslo.config's find_file does: in
// the configuration directories, beside the configuration files (latest
// first), in the search directories. An absolute name is only checked.
func (s *Source) FindFile(name string) (string, bool) {
	if filepath.IsAbs(name) {
		return name, exists(name)
	}
	dirs := slices.Clone(s.dirs)
	slices.Reverse(dirs)
	for _, f := range slices.Backward(s.files) {
		dirs = append(dirs, filepath.Dir(f.Name))
	}
	for _, dir := range append(dirs, s.search...) {
		if path := filepath.Join(dir, name); exists(path) {
			return path, true
		}
	}
	return "", false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Files are the files in the order they were added.
func (s *Source) Files() []*File { return slices.Clone(s.files) }

// HasSection tells whether any file has the section.
func (s *Source) HasSection(name string) bool {
	return slices.ContainsFunc(s.files, func(f *File) bool { return len(f.matching(name, false))+len(f.matching(name, true)) > 0 })
}

// matching are the sections of that name: the one spelled exactly so, or all
// that differ from it in case only.
func (f *File) matching(name string, fold bool) []*Section {
	if fold {
		// Compat: DEFAULT is the one name that only matches exactly.
		if name == DefaultSection {
			return nil
		}
		return f.byLower[strings.ToLower(name)]
	}
	if s := f.Section(name); s != nil {
		return []*Section{s}
	}
	return nil
}

// IsSet tells whether an option has any value but its default.
func (s *Source) IsSet(section, key string) bool {
	_, ok := s.Value(section, key)
	return ok
}

// Value returns what sets an option, substitution done. Options that a Fill
// has seen are found under their deprecated names too.
func (s *Source) Value(section, key string) (Value, bool) {
	values := s.find(s.option(section, key), s.path(section), false)
	if len(values) == 0 {
		return Value{}, false
	}
	v := values[len(values)-1]
	v.Text = s.expand(v.Text, section)
	return v, true
}

// Unknown lists the keys of all files that no Fill has asked for; sections of
// paste files are left out.
func (s *Source) Unknown() []Stray {
	var list []Stray
	for _, f := range s.files {
		for _, sec := range f.Sections {
			if strings.Contains(sec.Name, ":") {
				continue
			}
			for _, key := range sec.Keys {
				name := Name{sec.Name, key.Name}
				if !s.known[name] && !s.known[Name{strings.ToLower(sec.Name), key.Name}] {
					list = append(list, Stray{name, key.Values[0].Pos})
				}
			}
		}
	}
	return list
}

// Deprecations lists the deprecated names in use by the options filled so far.
func (s *Source) Deprecations() []Deprecation { return slices.Clone(s.deprecations) }

func (s *Source) path(section string) []string {
	if path, ok := s.paths[section]; ok {
		return path
	}
	return []string{section}
}

// option is the declared option of that name, or one known by name only.
func (s *Source) option(section, key string) Option {
	if o, ok := s.declared[Name{section, key}]; ok {
		return o
	}
	return Option{Name: key}
}

// find returns the values of an option from the strongest place that has any:
// the one that counts, or all in order if the option is multi-valued.
func (s *Source) find(o Option, path []string, multi bool) []Value {
	for _, section := range path {
		if values := s.args[Name{section, o.Name}]; len(values) > 0 {
			return last(values, multi)
		}
	}
	for _, section := range path {
		variable := "OS_" + strings.ToUpper(section) + "__" + strings.ToUpper(o.Name)
		if text, ok := s.environ[variable]; ok {
			return []Value{{Text: text, Pos: Pos{File: "environment variable " + variable}}}
		}
	}
	for _, section := range path {
		names := s.names(o, section)
		for _, fold := range []bool{false, true} {
			if values := s.findInFiles(names, fold, multi); len(values) > 0 {
				return values
			}
		}
	}
	return nil
}

// names are all spellings of an option in one section, the current one first.
func (s *Source) names(o Option, section string) []Name {
	names := []Name{{section, o.Name}}
	for _, old := range o.Deprecated {
		if old.Section == "" {
			names = append(names, Name{section, old.Key})
			continue
		}
		for _, in := range s.path(old.Section) {
			names = append(names, Name{in, old.Key})
		}
	}
	return names
}

func (s *Source) findInFiles(names []Name, fold, multi bool) []Value {
	var all []Value
	for _, f := range slices.Backward(s.files) {
		for i, name := range names {
			for _, sec := range f.matching(name.Section, fold) {
				key := sec.Key(name.Key)
				if key == nil {
					continue
				}
				if i > 0 {
					s.noteDeprecated(name, names[0], key.Values[len(key.Values)-1].Pos)
				}
				if !multi {
					return last(key.Values, false)
				}
				all = append(slices.Clone(key.Values), all...)
			}
		}
	}
	return all
}

func last(values []Value, multi bool) []Value {
	if multi {
		return values
	}
	return values[len(values)-1:]
}

func (s *Source) noteDeprecated(old, now Name, pos Pos) {
	d := Deprecation{Old: old, New: now, Pos: pos}
	if !slices.Contains(s.deprecations, d) {
		s.deprecations = append(s.deprecations, d)
	}
}
