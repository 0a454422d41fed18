package policy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"glance/internal/rules"
)

// Mistake is something in a policy file that cannot be meant.
type Mistake struct {
	File string
	Line int
	Rule string // empty when it concerns the file
	Text string
}

// String is file:line: rule: text.
func (m Mistake) String() string {
	if m.Rule == "" {
		return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", m.File, m.Line, m.Rule, m.Text)
}

// Mistakes looks at the files of a configuration, in order, and gives their
// names and what is wrong in them. The error is that of a file that cannot be
// read.
func Mistakes(c Config) (files []string, found []Mistake, err error) {
	list := newFiles(c)
	files, _, err = list.list()
	if err != nil {
		return files, nil, err
	}
	l := linter{where: map[string]place{}}
	for _, file := range files {
		if err := l.read(file); err != nil {
			return files, nil, err
		}
	}
	l.set = l.effective(c)
	l.judge(c)
	slices.SortStableFunc(l.found, func(a, b Mistake) int {
		if n := slices.Index(files, a.File) - slices.Index(files, b.File); n != 0 {
			return n
		}
		return a.Line - b.Line
	})
	return files, l.found, nil
}

type linter struct {
	where map[string]place // the definition that counts
	set   *rules.Set
	found []Mistake
}

// place is where a rule is defined.
type place struct {
	file  string
	entry rules.Entry
}

func (l *linter) add(at place, format string, args ...any) {
	m := Mistake{File: at.file, Line: at.entry.Line, Rule: at.entry.Name, Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(l.found, m) {
		l.found = append(l.found, m)
	}
}

// read notes the rules of one file and what is wrong in each of them alone.
func (l *linter) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	entries, err := rules.ParseFile(file, text)
	var syntax *rules.FileError
	if errors.As(err, &syntax) {
		l.found = append(l.found, Mistake{File: file, Line: syntax.Line, Text: syntax.Msg})
		return nil
	}
	for _, e := range entries {
		at := place{file, e}
		if before, ok := l.where[e.Name]; ok && before.file == file {
			l.add(before, "is defined again in line %d, which counts", e.Line)
		}
		if e.Problem != nil {
			l.add(at, "%v; it denies", e.Problem)
		}
		l.where[e.Name] = at
	}
	return nil
}

// effective is what an Enforcer would make of the files.
func (l *linter) effective(c Config) *rules.Set {
	checks := defaultChecks(c.EnforceNewDefaults)
	for name, at := range l.where {
		checks[name] = at.entry.Check
	}
	return rules.NewSet(checks, cmp.Or(c.DefaultRule, string(Default)), nil)
}

// judge looks for what only shows in all rules together.
func (l *linter) judge(c Config) {
	fallback := cmp.Or(c.DefaultRule, string(Default))
	asked := map[string]bool{fallback: true}
	for _, d := range definitions {
		asked[string(d.Rule)] = true
	}
	for _, name := range l.set.Names() {
		for _, ref := range l.set.Check(name).References() {
			asked[ref] = asked[ref] || ref != name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.where)) {
		at := l.where[name]
		if !asked[name] {
			l.add(at, "nobody asks for this rule")
		}
		if l.set.Reaches(name, name) {
			l.add(at, "refers, maybe through others, to itself; it fails")
		}
		for _, ref := range at.entry.Check.References() {
			if !l.set.Has(ref) {
				l.add(at, "refers to %q, which is not defined; rule %q stands for it", ref, fallback)
			}
		}
		for _, attribute := range at.entry.Check.Credentials() {
			if hint, ok := unknownCredential(attribute); ok {
				l.add(at, "callers have no attribute %q, so this check never holds%s", attribute, hint)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.where)) {
		l.targets(name)
	}
}

// targets looks for attributes that are not there whenever a rule is asked: by
// the service itself, or else through other rules.
func (l *linter) targets(name string) {
	askers := []Rule{Rule(name)}
	if _, _, ok := Rule(name).Attributes(); !ok {
		askers = l.askers(name)
	}
	at := l.where[name]
	for _, attribute := range at.entry.Check.TargetAttributes() {
		there := slices.ContainsFunc(askers, func(r Rule) bool {
			names, any, _ := r.Attributes()
			return slices.Contains(names, attribute) || any && attribute != "locations"
		})
		if !there && len(askers) > 0 {
			l.add(at, "there is no %%(%s)s when this is asked, so a check on it never holds", attribute)
		}
	}
}

// askers are the rules that the service asks about and that reach a rule.
func (l *linter) askers(name string) []Rule {
	var out []Rule
	for _, d := range definitions {
		if _, _, ok := d.Rule.Attributes(); ok && l.set.Reaches(string(d.Rule), name) {
			out = append(out, d.Rule)
		}
	}
	return out
}

// unknownCredential tells attributes that callers do not have, with what may be
// meant.
func unknownCredential(path string) (hint string, unknown bool) {
	switch path {
	case "roles", "service_roles", "is_admin_project", "system":
		return "", false
	case "is_admin":
		return "; administrators are rule:context_is_admin", true
	case "tenant", "tenant_id":
		return "; it is called project_id", true
	case "user":
		return "; it is called user_id", true
	}
	_, known := (&credentials{}).attribute(path)
	return "", !known
}
