package rules

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Set is a collection of named rules that may refer to each other.
type Set struct {
	checks   map[string]*Check
	fallback string
	remote   Remote
	asks     bool
}

// NewSet makes a set of checks. A name that is not in it stands for the rule
// called fallback; when that is missing too, it denies. A nil remote denies
// http: and https: checks. The map must not change afterwards.
func NewSet(checks map[string]*Check, fallback string, remote Remote) *Set {
	s := &Set{checks: checks, fallback: fallback, remote: remote}
	for _, check := range checks {
		s.asks = s.asks || check.root.asks()
	}
	return s
}

// With gives the same rules with another way to ask servers.
func (s *Set) With(remote Remote) *Set {
	other := *s
	other.remote = remote
	return &other
}

// Asks reports whether any rule has checks http: or https:.
func (s *Set) Asks() bool { return s.asks }

func (n *node) asks() bool {
	return n.op == opRemote || slices.ContainsFunc(n.kids, (*node).asks)
}

// Has reports whether there is a rule of that name itself.
func (s *Set) Has(name string) bool { return s.checks[name] != nil }

// Allowed evaluates a rule. It is false whenever the error is not nil: a cycle
// was met, or a remote server could not be asked.
func (s *Set) Allowed(ctx context.Context, rule string, t Target, c Credentials) (bool, error) {
	e := evaluation{ctx: ctx, set: s, rule: rule, target: t, creds: c}
	held := e.follow(rule)
	if e.err != nil {
		return false, fmt.Errorf("rule %s: %w", rule, e.err)
	}
	return held, nil
}

func (s *Set) find(name string) *Check {
	if check := s.checks[name]; check != nil {
		return check
	}
	return s.checks[s.fallback]
}

// Problems describes, in the order of names, the rules that refer to rules that
// do not exist or, through others, to themselves.
func (s *Set) Problems() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.checks)) {
		for _, ref := range s.references(name) {
			if !s.Has(ref) {
				out = append(out, fmt.Sprintf("rule %q refers to %q, which is not defined", name, ref))
			}
		}
		if s.reaches(name, name, map[string]bool{}) {
			out = append(out, fmt.Sprintf("rule %q is part of a cycle", name))
		}
	}
	return out
}

func (s *Set) reaches(from, to string, seen map[string]bool) bool {
	for _, ref := range s.references(from) {
		if ref == to {
			return true
		}
		if !seen[ref] {
			seen[ref] = true
			if s.reaches(ref, to, seen) {
				return true
			}
		}
	}
	return false
}

// references lists the rules that a rule names, without repetition.
func (s *Set) references(name string) []string {
	check := s.checks[name]
	if check == nil {
		return nil
	}
	var out []string
	var walk func(n *node)
	walk = func(n *node) {
		if n.op == opRule && !slices.Contains(out, n.name) {
			out = append(out, n.name)
		}
		for _, kid := range n.kids {
			walk(kid)
		}
	}
	walk(check.root)
	return out
}
