package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// maxDepth bounds nested parentheses and nots; deeper rules deny.
const maxDepth = 500

var (
	errIncomplete = errors.New("the rule does not form one expression")
	errTooDeep    = errors.New("the rule is nested too deeply")
)

// Parse reads a rule in text form: checks joined by not, and, or and
// parentheses. An empty text allows. The Check is never nil; with an error it
// denies where it could not be understood.
func Parse(text string) (*Check, error) {
	if text == "" {
		return &Check{root: &node{op: opAllow}}, nil
	}
	p := parser{tokens: tokenize(text)}
	root, err := p.or(0)
	if err == nil && len(p.tokens) > 0 {
		err = errIncomplete
	}
	if err != nil {
		return Deny(), fmt.Errorf("rule %q: %w", text, err)
	}
	if len(p.problems) > 0 {
		return &Check{root: root}, fmt.Errorf("rule %q: %w", text, errors.Join(p.problems...))
	}
	return &Check{root: root}, nil
}

// ParseValue reads a rule as a file may write it: a text, a list of lists (the
// outer one joined by or, the inner ones by and; a text stands for a list of
// one; empty inner lists count for nothing), or nil. Nothing, an empty text and an
// empty list allow. Anything else denies. The elements of lists are single
// checks: and, or and not mean nothing there.
func ParseValue(value any) (*Check, error) {
	switch v := value.(type) {
	case nil:
		return Parse("")
	case string:
		return Parse(v)
	case []any:
		return parseList(v)
	}
	return Deny(), fmt.Errorf("a rule is a text or a list, not %v", value)
}

func parseList(outer []any) (*Check, error) {
	if len(outer) == 0 {
		return Parse("")
	}
	either := &node{op: opOr}
	var problems []error
	for _, element := range outer {
		var inner []any
		switch v := element.(type) {
		case nil:
		case []any:
			inner = v
		case string:
			if v != "" { // Compat: an empty text counts for nothing, as an empty list does.
				inner = []any{v}
			}
		default:
			return Deny(), fmt.Errorf("a list of checks holds %v", v)
		}
		if len(inner) == 0 {
			continue
		}
		all, err := parseChecks(inner)
		if err != nil {
			problems = append(problems, err)
		}
		either.kids = append(either.kids, all)
	}
	return &Check{root: either}, errors.Join(problems...)
}

func parseChecks(list []any) (*node, error) {
	all := &node{op: opAnd}
	var problems []error
	for _, one := range list {
		text, _ := one.(string) // anything else becomes an empty check, which denies
		check, err := parseCheck(text)
		if err != nil {
			problems = append(problems, err)
		}
		all.kids = append(all.kids, check)
	}
	return all, errors.Join(problems...)
}

// token kinds: the text itself for ( ) and or not; check for a single check;
// quoted for a text in quotes, which no rule may hold.
type token struct {
	kind string
	text string
}

const (
	kindCheck  = "check"
	kindQuoted = "quoted"
)

// tokenize splits at blanks, and off each piece the parentheses around it. Those
// inside, as in %(name)s, are never at an end of a piece.
func tokenize(text string) []token {
	var out []token
	for _, piece := range strings.Fields(text) {
		core := strings.TrimLeft(piece, "(")
		for range len(piece) - len(core) {
			out = append(out, token{kind: "("})
		}
		clean := strings.TrimRight(core, ")")
		switch lower := strings.ToLower(clean); {
		case clean == "":
		case lower == "and" || lower == "or" || lower == "not":
			out = append(out, token{kind: lower})
		case inQuotes(core):
			out = append(out, token{kind: kindQuoted})
		default:
			out = append(out, token{kind: kindCheck, text: clean})
		}
		for range len(core) - len(clean) {
			out = append(out, token{kind: ")"})
		}
	}
	return out
}

func inQuotes(s string) bool {
	return len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[0] == s[len(s)-1]
}

// parser is a recursive descent: or joins ands, and joins nots.
type parser struct {
	tokens   []token
	problems []error // single checks that deny because they make no sense
}

func (p *parser) take(kind string) bool {
	if len(p.tokens) == 0 || p.tokens[0].kind != kind {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *parser) or(depth int) (*node, error)  { return p.join("or", opOr, p.and, depth) }
func (p *parser) and(depth int) (*node, error) { return p.join("and", opAnd, p.not, depth) }

func (p *parser) join(word string, op op, operand func(int) (*node, error), depth int) (*node, error) {
	first, err := operand(depth)
	if err != nil || len(p.tokens) == 0 || p.tokens[0].kind != word {
		return first, err
	}
	n := &node{op: op, kids: []*node{first}}
	for p.take(word) {
		next, err := operand(depth)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, next)
	}
	return n, nil
}

func (p *parser) not(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	switch {
	case p.take("not"):
		kid, err := p.not(depth + 1)
		return &node{op: opNot, kids: []*node{kid}}, err
	case p.take("("):
		inner, err := p.or(depth + 1)
		if err == nil && !p.take(")") {
			err = errIncomplete
		}
		return inner, err
	case len(p.tokens) > 0 && p.tokens[0].kind == kindCheck:
		check, err := parseCheck(p.tokens[0].text)
		if err != nil {
			p.problems = append(p.problems, err)
		}
		p.tokens = p.tokens[1:]
		return check, nil
	}
	return nil, errIncomplete
}

// parseCheck reads one check. Compat: one without a colon is false where it
// stands, so the rest of its rule keeps working. One that makes no sense
// otherwise fails when it is reached; the original answers with a server error.
func parseCheck(text string) (*node, error) {
	switch text {
	case "!":
		return &node{op: opDeny}, nil
	case "@":
		return &node{op: opAllow}, nil
	}
	kind, match, ok := strings.Cut(text, ":")
	if !ok {
		return &node{op: opDeny}, fmt.Errorf("check %q has no colon", text)
	}
	if kind == "rule" {
		return &node{op: opRule, name: match}, nil
	}
	n := &node{op: opAttribute, name: kind}
	switch kind {
	case "role":
		n.op = opRole
	case "http", "https":
		n.op, match = opRemote, text
	default:
		if value, ok := literal(kind); ok {
			n.op, n.name = opLiteral, value
		} else if !attribute.MatchString(kind) {
			return &node{op: opBroken}, fmt.Errorf("check %q: %q is neither a literal nor a credential", text, kind)
		}
	}
	var err error
	if n.match, err = parseTemplate(match); err != nil {
		return &node{op: opBroken}, fmt.Errorf("check %q: %w", text, err)
	}
	return n, nil
}

var (
	attribute = regexp.MustCompile(`^[\pL_][\pL\pN_-]*(\.[\pL\pN_-]+)*$`)

	integer = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)\.[0-9]+$`)
)

// literal gives the text of a Python literal: 'quoted', a number, or one of the
// three named constants. Anything else is the path of a credential.
func literal(kind string) (string, bool) {
	switch {
	case inQuotes(kind) && strings.Count(kind, kind[:1]) == 2:
		return kind[1 : len(kind)-1], true
	case kind == "-0":
		return "0", true
	case kind == "True", kind == "False", kind == "None", integer.MatchString(kind):
		return kind, true
	case decimal.MatchString(kind):
		short := strings.TrimRight(kind, "0")
		if strings.HasSuffix(short, ".") {
			short += "0"
		}
		return short, true
	}
	return "", false
}
