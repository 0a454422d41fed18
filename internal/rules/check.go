package rules

import (
	"context"
	"errors"
)

// Target is what a rule is asked about.
type Target interface {
	// Text gives the text of an attribute for %(name)s: None for null, True and
	// False for booleans. Without such an attribute ok is false and the check
	// that wants it does not hold.
	Text(name string) (text string, ok bool)
}

// Credentials say who asks.
type Credentials interface {
	// HasRole reports whether the caller has the role, in any case.
	HasRole(role string) bool
	// Is reports whether the attribute at a dotted path has that text, or, when
	// it is a list, whether one of its elements has.
	Is(path, text string) bool
}

// Remote asks the server at url whether the rule, named as the caller named it,
// holds: the checks http: and https:. An error denies.
type Remote func(ctx context.Context, url, rule string, t Target, c Credentials) (bool, error)

// Check is one parsed rule.
type Check struct{ root *node }

// Deny is a check that never holds.
func Deny() *Check { return &Check{root: &node{op: opDeny}} }

// Or is the check that holds when a or b does.
func Or(a, b *Check) *Check { return &Check{root: &node{op: opOr, kids: []*node{a.root, b.root}}} }

type op uint8

const (
	opDeny op = iota
	opAllow
	opBroken // cannot be evaluated
	opNot
	opAnd
	opOr
	opRole      // match is a role
	opRule      // name is another rule
	opLiteral   // name is compared with match
	opAttribute // name is a path of the credentials, compared with match
	opRemote    // match is a URL
)

// node is a tagged union and not an interface: evaluation is a plain recursive
// function, which keeps its state off the heap.
type node struct {
	op    op
	kids  []*node
	name  string
	match template
}

// evaluation is the state of one question.
type evaluation struct {
	ctx    context.Context
	set    *Set
	rule   string // the question
	target Target
	creds  Credentials
	depth  int // rules entered and not left
	err    error
}

var (
	errCycle    = errors.New("the rules form a cycle")
	errNoRemote = errors.New("remote checks are not available")
	errBroken   = errors.New("a check makes no sense")
)

// holds evaluates n. After an error everything is false, under not as well.
func (n *node) holds(e *evaluation) bool {
	if e.err != nil {
		return false
	}
	switch n.op {
	case opAllow:
		return true
	case opNot:
		return !n.kids[0].holds(e) && e.err == nil
	case opAnd:
		for _, kid := range n.kids {
			if !kid.holds(e) {
				return false
			}
		}
		return true
	case opOr:
		for _, kid := range n.kids {
			if kid.holds(e) {
				return true
			}
		}
		return false
	case opRule:
		return e.follow(n.name)
	case opDeny:
		return false
	case opBroken:
		e.err = errBroken
		return false
	default:
		return n.matches(e)
	}
}

// matches evaluates the checks that substitute attributes of the target.
func (n *node) matches(e *evaluation) bool {
	text, ok := n.match.text(e.target)
	if !ok {
		return false
	}
	switch n.op {
	case opLiteral:
		return n.name == text
	case opAttribute:
		return e.creds.Is(n.name, text)
	case opRole:
		return e.creds.HasRole(text)
	default:
		return e.ask(text)
	}
}

// follow evaluates the rule of that name. More rules open at once than there
// are must be a cycle.
func (e *evaluation) follow(name string) bool {
	check := e.set.find(name)
	if check == nil {
		return false
	}
	if e.depth > len(e.set.checks) {
		e.err = errCycle
		return false
	}
	e.depth++
	held := check.root.holds(e)
	e.depth--
	return held
}

func (e *evaluation) ask(url string) bool {
	if e.set.remote == nil {
		e.err = errNoRemote
		return false
	}
	held, err := e.set.remote(e.ctx, url, e.rule, e.target, e.creds)
	if err != nil {
		e.err = err
		return false
	}
	return held
}
