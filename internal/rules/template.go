package rules

import (
	"fmt"
	"strings"
)

// template is a text with substitutions, split once.
type template []part

type part struct {
	text string // literal text, or the name of an attribute of the target
	key  bool
}

// parseTemplate understands %(name)s and %%. The original fails with a server
// error on any other conversion when it evaluates one.
func parseTemplate(s string) (template, error) {
	var t template
	var literal strings.Builder
	for s != "" {
		before, after, found := strings.Cut(s, "%")
		literal.WriteString(before)
		if !found {
			break
		}
		if rest, ok := strings.CutPrefix(after, "%"); ok {
			literal.WriteByte('%')
			s = rest
			continue
		}
		key, rest, ok := cutKey(after)
		if !ok {
			return nil, fmt.Errorf("%q holds a %% that is neither %%(name)s nor %%%%", s)
		}
		if literal.Len() > 0 {
			t = append(t, part{text: literal.String()})
			literal.Reset()
		}
		t = append(t, part{text: key, key: true})
		s = rest
	}
	if literal.Len() > 0 || t == nil {
		t = append(t, part{text: literal.String()})
	}
	return t, nil
}

// cutKey splits "(name)s…" behind its s; parentheses inside the name pair up.
func cutKey(s string) (key, rest string, ok bool) {
	if s == "" || s[0] != '(' {
		return "", "", false
	}
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			rest, ok = strings.CutPrefix(s[i+1:], "s")
			return s[1:i], rest, ok
		}
	}
	return "", "", false
}

// text substitutes; it is false when the target lacks an attribute.
func (t template) text(target Target) (string, bool) {
	if len(t) == 1 {
		return t[0].resolve(target)
	}
	var b strings.Builder
	for _, p := range t {
		s, ok := p.resolve(target)
		if !ok {
			return "", false
		}
		b.WriteString(s)
	}
	return b.String(), true
}

func (p part) resolve(target Target) (string, bool) {
	if !p.key {
		return p.text, true
	}
	return target.Text(p.text)
}
