package rules

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// Names are those of all rules in the set, sorted.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.checks)) }

// Check is the rule of that name itself, or nil.
func (s *Set) Check(name string) *Check { return s.checks[name] }

// References lists the rules that a check names, in order and without
// repetition.
func (c *Check) References() []string {
	return c.collect(func(n *node) []string {
		if n.op != opRule {
			return nil
		}
		return []string{n.name}
	})
}

// TargetAttributes lists the attributes of the target that a check substitutes.
func (c *Check) TargetAttributes() []string {
	return c.collect(func(n *node) []string {
		var names []string
		for _, p := range n.match {
			if p.key {
				names = append(names, p.text)
			}
		}
		return names
	})
}

// Credentials lists the attributes of the caller that a check compares, as
// dotted paths; roles that are asked for with role: are not among them.
func (c *Check) Credentials() []string {
	return c.collect(func(n *node) []string {
		if n.op != opAttribute {
			return nil
		}
		return []string{n.name}
	})
}

func (c *Check) collect(of func(*node) []string) []string {
	var out []string
	var walk func(n *node)
	walk = func(n *node) {
		for _, one := range of(n) {
			if !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
		for _, kid := range n.kids {
			walk(kid)
		}
	}
	walk(c.root)
	return out
}

// String is the check as a file would write it, with no more parentheses than
// it needs. What could not be understood is !, which denies like it.
func (c *Check) String() string {
	if c.root.op == opAllow {
		return ""
	}
	return c.root.String()
}

func (n *node) String() string {
	switch n.op {
	case opAllow:
		return "@"
	case opNot:
		return "not " + n.kids[0].inside(opNot)
	case opAnd:
		return n.joined(" and ")
	case opOr:
		return n.joined(" or ")
	case opRule:
		return "rule:" + n.name
	case opRole:
		return "role:" + n.match.String()
	case opLiteral:
		return quoted(n.name) + ":" + n.match.String()
	case opAttribute:
		return n.name + ":" + n.match.String()
	case opRemote:
		return n.match.String()
	default:
		return "!"
	}
}

// quoted is a literal in a form that is read as the same text.
func quoted(text string) string {
	if value, ok := literal(text); ok && value == text {
		return text
	}
	if strings.Contains(text, "'") {
		return `"` + text + `"`
	}
	return "'" + text + "'"
}

// joined writes the operands of and, or. Lists in files may have none, or one.
func (n *node) joined(word string) string {
	switch {
	case len(n.kids) == 0 && n.op == opAnd:
		return "@"
	case len(n.kids) == 0:
		return "!"
	case len(n.kids) == 1:
		return n.kids[0].String()
	}
	texts := make([]string, len(n.kids))
	for i, kid := range n.kids {
		texts[i] = kid.inside(n.op)
	}
	return strings.Join(texts, word)
}

// inside is n as an operand of something that binds as op does.
func (n *node) inside(op op) string {
	for len(n.kids) == 1 && n.op != opNot {
		n = n.kids[0]
	}
	if len(n.kids) > 1 && (op == opNot || n.op != op && op == opAnd || n.op == op) {
		return "(" + n.String() + ")"
	}
	return n.String()
}

// String is the template as a rule writes it.
func (t template) String() string {
	var b strings.Builder
	for _, p := range t {
		if p.key {
			b.WriteString("%(" + p.text + ")s")
		} else {
			b.WriteString(strings.ReplaceAll(p.text, "%", "%%"))
		}
	}
	return b.String()
}

// Explanation says what became of a check and of its parts. Parts that the
// evaluation never reached are there too: they say what would have been.
type Explanation struct {
	Text  string // the check
	Held  bool
	Note  string // what it became after substitution, or why it could not hold; may be empty
	Parts []Explanation
}

// Explain evaluates a rule and all its parts. Remote servers are asked.
func (s *Set) Explain(ctx context.Context, rule string, t Target, c Credentials) Explanation {
	e := evaluation{ctx: ctx, set: s, rule: rule, target: t, creds: c}
	return e.explain(&node{op: opRule, name: rule}, nil)
}

func (e *evaluation) explain(n *node, inside []string) Explanation {
	one := *e
	out := Explanation{Text: n.String(), Held: n.holds(&one)}
	if one.err != nil {
		out.Note = one.err.Error()
	}
	switch n.op {
	case opRule:
		check := e.set.find(n.name)
		switch {
		case check == nil:
			out.Note = "there is no such rule"
		case slices.Contains(inside, n.name):
		default:
			if !e.set.Has(n.name) {
				out.Note = "there is no such rule; " + e.set.fallback + " stands for it"
			}
			out.Parts = []Explanation{e.explain(check.root, append(slices.Clone(inside), n.name))}
		}
	case opRole, opLiteral, opAttribute, opRemote:
		out.Note = e.substituted(n, out.Note)
	default:
		for _, kid := range n.kids {
			out.Parts = append(out.Parts, e.explain(kid, inside))
		}
	}
	return out
}

func (e *evaluation) substituted(n *node, note string) string {
	text, ok := n.match.text(e.target)
	switch {
	case !ok:
		return "the target has not all of these attributes"
	case note == "" && text != n.match.String():
		return "substituted: " + text
	}
	return note
}

// Reaches reports whether a rule refers, maybe through others, to another one
// or, when both are the same, to itself.
func (s *Set) Reaches(from, to string) bool { return s.reaches(from, to, map[string]bool{}) }
