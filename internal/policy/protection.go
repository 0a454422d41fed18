package policy

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"glance/internal/glance"
	"glance/internal/rules"
)

// Protection decides who may create, read, update and delete which additional
// properties of images (spec auth-policy §5). A nil *Protection allows
// everything. It is safe for many goroutines.
type Protection struct {
	*sections
	enforcer *Enforcer
}

// With gives the same protection by the rules of another Enforcer.
func (p *Protection) With(e *Enforcer) *Protection {
	if p == nil {
		return nil
	}
	return &Protection{p.sections, e}
}

// sections are those of a file.
type sections struct {
	list []section // the first one that matches a name decides

	mu    sync.RWMutex
	known map[string]int // name to the index of its section, -1 for none
}

// Names are remembered up to this many and this long; users choose them.
const (
	maxKnown      = 4096
	maxKnownBytes = 255
)

// section is a protection of the properties whose names match.
type section struct {
	names *regexp.Regexp
	who   [len(operations)]permission
}

type operation int

const (
	opCreate operation = iota
	opRead
	opUpdate
	opDelete
)

var operations = [...]string{opCreate: "create", opRead: "read", opUpdate: "update", opDelete: "delete"}

// permission lists who may do something: everyone, or who has one of the roles,
// or who passes the rule. The zero value is nobody.
type permission struct {
	everyone bool
	roles    []string
	rule     string
}

// OpenProtection reads a property protection file. Format says what its values
// are: "roles", lists of roles, or "policies", names of rules of e. An error
// names file and line.
func OpenProtection(file, format string, e *Enforcer) (*Protection, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("property protection file: %w", err)
	}
	var parse func(value string) (permission, error)
	switch strings.ToLower(format) {
	case "roles":
		parse = parseRoles
	case "policies":
		parse = parsePolicy
	default:
		return nil, fmt.Errorf("property_protection_rule_format is roles or policies, not %q", format)
	}
	parsed, err := parseSections(file, string(text))
	if err != nil {
		return nil, fmt.Errorf("property protection file: %w", err)
	}
	p := &Protection{&sections{known: map[string]int{}, list: []section{ownProperties()}}, e}
	for _, raw := range parsed {
		if strings.HasPrefix(raw.name, glance.ReservedPrefix) {
			continue
		}
		s, bad := raw.compile(parse)
		if bad != nil {
			bad.File = file
			return nil, fmt.Errorf("property protection file: %w", bad)
		}
		p.list = append(p.list, s)
	}
	p.warn(file)
	return p, nil
}

// ownProperties opens the properties of the service itself to everyone: it works
// on them in the name of users.
func ownProperties() section {
	s := section{names: regexp.MustCompile(glance.ReservedPrefix)}
	for op := range s.who {
		s.who[op].everyone = true
	}
	return s
}

// warn tells of rules that do not exist: the default rule stands for them,
// which usually lets everybody pass.
func (p *Protection) warn(file string) {
	for _, s := range p.list {
		for op, who := range s.who {
			if who.rule != "" && !p.enforcer.set().Has(who.rule) {
				p.enforcer.log.Warn("policy: a property protection names a rule that is not defined",
					"file", file, "section", s.names.String(), "operation", operations[op], "rule", who.rule)
			}
		}
	}
}

// CanCreate reports whether the caller may add the property to an image.
func (p *Protection) CanCreate(who *glance.Caller, name string) bool {
	return p.can(opCreate, who, name)
}

// CanRead reports whether the caller may see the property; otherwise it counts
// as absent.
func (p *Protection) CanRead(who *glance.Caller, name string) bool { return p.can(opRead, who, name) }

// CanUpdate reports whether the caller may change the property.
func (p *Protection) CanUpdate(who *glance.Caller, name string) bool {
	return p.can(opUpdate, who, name)
}

// CanDelete reports whether the caller may remove the property.
func (p *Protection) CanDelete(who *glance.Caller, name string) bool {
	return p.can(opDelete, who, name)
}

func (p *Protection) can(op operation, who *glance.Caller, name string) bool {
	if p == nil {
		return true
	}
	i := p.section(name)
	if i < 0 {
		return false
	}
	switch perm := &p.list[i].who[op]; {
	case perm.everyone:
		return true
	case perm.rule != "":
		return p.enforcer.holds(context.Background(), who, perm.rule, Nothing{})
	default:
		return slices.ContainsFunc(perm.roles, func(role string) bool {
			return hasRole(who.Roles, role) || hasRole(who.ServiceRoles, role)
		})
	}
}

// section finds the section that decides about a name, -1 for none.
func (p *Protection) section(name string) int {
	p.mu.RLock()
	i, ok := p.known[name]
	p.mu.RUnlock()
	if ok {
		return i
	}
	i = slices.IndexFunc(p.list, func(s section) bool { return s.names.MatchString(name) })
	if len(name) <= maxKnownBytes {
		p.mu.Lock()
		if len(p.known) >= maxKnown {
			clear(p.known)
		}
		p.known[strings.Clone(name)] = i
		p.mu.Unlock()
	}
	return i
}

// compile makes a section of its text. The error lacks the name of the file.
func (r *rawSection) compile(parse func(string) (permission, error)) (section, *rules.FileError) {
	names, err := regexp.Compile(r.name)
	if err != nil {
		return section{}, &rules.FileError{Line: r.line, Msg: fmt.Sprintf("[%s] is no regular expression: %v", r.name, err)}
	}
	s := section{names: names}
	for op, name := range operations {
		v, ok := r.values[name]
		if !ok {
			return section{}, &rules.FileError{Line: r.line, Msg: fmt.Sprintf("[%s] says nothing of %s", r.name, name)}
		}
		if s.who[op], err = parse(v.text); err != nil {
			return section{}, &rules.FileError{Line: v.line, Msg: fmt.Sprintf("[%s] %s: %v", r.name, name, err)}
		}
	}
	return s, nil
}

func parseRoles(value string) (permission, error) {
	var p permission
	nobody := false
	for role := range strings.SplitSeq(value, ",") {
		switch role = strings.TrimSpace(role); role {
		case "":
		case "@":
			p.everyone = true
		case "!":
			nobody = true
		default:
			p.roles = append(p.roles, role)
		}
	}
	if nobody && p.everyone {
		return permission{}, fmt.Errorf("'@' and '!' are mutually exclusive")
	}
	if nobody {
		return permission{}, nil
	}
	return p, nil
}

func parsePolicy(value string) (permission, error) {
	switch {
	case strings.Contains(value, ","):
		return permission{}, fmt.Errorf("one rule only, not %q; rules are combined in the policy file", value)
	case value == "@":
		return permission{everyone: true}, nil
	case value == "!":
		return permission{}, nil
	}
	return permission{rule: value}, nil
}
