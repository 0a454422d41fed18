package ini

import (
	"regexp"
	"slices"
	"strings"
)

var reference = regexp.MustCompile(`\$(?:(\$)|([_a-zA-Z][._a-zA-Z0-9]*)|\{([_a-zA-Z][._a-zA-Z0-9]*)\})`)

// expand replaces $name, ${name}, $group.name and ${group.name} in a value of
// the section; $$ and \$ become $, unknown names stay as written.
func (s *Source) expand(text, section string) string {
	return s.expandIn(text, section, nil)
}

// expandIn remembers the options it is inside of, so that options that name
// each other end: the inner reference stays as written.
func (s *Source) expandIn(text, section string, inside []Name) string {
	if !strings.Contains(text, "$") {
		return text
	}
	text = strings.ReplaceAll(text, `\$`, "$$")
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		m := reference.FindStringSubmatch(found)
		if m[1] != "" {
			return "$"
		}
		if value, ok := s.resolve(m[2]+m[3], section, inside); ok {
			return value
		}
		return found
	})
}

func (s *Source) resolve(ref, section string, inside []Name) (string, bool) {
	candidates := []Name{{section, ref}, {DefaultSection, ref}}
	if group, key, ok := strings.Cut(ref, "."); ok {
		candidates = []Name{{group, key}, {DefaultSection, ref}}
	}
	for _, name := range candidates {
		if slices.Contains(inside, name) {
			return "", false
		}
		if text, ok := s.raw(name); ok {
			return s.expandIn(text, name.Section, append(slices.Clone(inside), name)), true
		}
	}
	return "", false
}

// raw is the text of an option before substitution: its value, its default,
// nothing for an option that is known but unset.
func (s *Source) raw(name Name) (string, bool) {
	o, declared := s.declared[name]
	if !declared {
		o = Option{Name: name.Key}
	}
	if values := s.find(o, s.path(name.Section), false); len(values) > 0 {
		return values[0].Text, true
	}
	return o.Default, declared
}
