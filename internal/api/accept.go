package api

import (
	"strconv"
	"strings"
)

// preferred picks the offer that the Accept header wants most; the first one
// wins ties. It is empty when the header is absent or empty, or when nothing is
// acceptable. A header that is not in the syntax of RFC 7231 counts as */*.
// Offers are plain types in lower case.
func preferred(values []string, offers ...string) string {
	header := strings.Join(values, ",")
	if header == "" {
		return ""
	}
	ranges, ok := parseAccept(header)
	if !ok {
		return offers[0]
	}
	best, bestQuality := "", 0.0
	for _, offer := range offers {
		if q := quality(ranges, offer); q > bestQuality {
			best, bestQuality = offer, q
		}
	}
	return best
}

// mediaRange is one element of an Accept header.
type mediaRange struct {
	kind, sub string // lower case
	params    bool   // has parameters besides q
	q         float64
}

// quality is that of the most specific range which matches; the first one
// counts among equals.
func quality(ranges []mediaRange, offer string) float64 {
	kind, sub, _ := strings.Cut(offer, "/")
	q, specificity := 0.0, 0
	for _, m := range ranges {
		var s int
		switch {
		case m.kind == kind && m.sub == sub && !m.params:
			s = 3
		case m.kind == kind && m.sub == sub:
			continue // our offers have no parameters
		case m.kind == kind && m.sub == "*":
			s = 2
		case m.kind == "*" && m.sub == "*":
			s = 1
		}
		if s > specificity {
			q, specificity = m.q, s
		}
	}
	return q
}

// parseAccept reads an Accept header by the grammar of RFC 7231 §5.3.2.
func parseAccept(header string) (ranges []mediaRange, ok bool) {
	s := acceptScanner{rest: header}
	for {
		s.blanks()
		switch {
		case s.rest == "":
			return ranges, true
		case s.take(','): // elements may be empty
			continue
		}
		m, ok := s.mediaRange()
		if !ok {
			return nil, false
		}
		ranges = append(ranges, m)
		s.blanks()
		if s.rest != "" && s.rest[0] != ',' {
			return nil, false
		}
	}
}

type acceptScanner struct{ rest string }

func (s *acceptScanner) blanks() { s.rest = strings.TrimLeft(s.rest, " \t") }

func (s *acceptScanner) take(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *acceptScanner) token() string {
	n := 0
	for n < len(s.rest) && isTokenByte(s.rest[n]) {
		n++
	}
	token := s.rest[:n]
	s.rest = s.rest[n:]
	return token
}

func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func (s *acceptScanner) quoted() bool {
	if !s.take('"') {
		return false
	}
	for s.rest != "" {
		c := s.rest[0]
		s.rest = s.rest[1:]
		switch {
		case c == '"':
			return true
		case c == '\\':
			if s.rest == "" || !isTextByte(s.rest[0]) {
				return false
			}
			s.rest = s.rest[1:]
		case !isTextByte(c):
			return false
		}
	}
	return false
}

func isTextByte(c byte) bool { return c == '\t' || c >= ' ' && c != 0x7f }

func (s *acceptScanner) value() bool { return s.quoted() || s.token() != "" }

func (s *acceptScanner) mediaRange() (mediaRange, bool) {
	m := mediaRange{q: 1}
	kind := s.token()
	if kind == "" || !s.take('/') {
		return m, false
	}
	sub := s.token()
	if sub == "" {
		return m, false
	}
	m.kind, m.sub = strings.ToLower(kind), strings.ToLower(sub)
	weighted := false
	for {
		before := s.rest
		s.blanks()
		if !s.take(';') {
			s.rest = before
			return m, true
		}
		s.blanks()
		name := s.token()
		hasValue := s.take('=')
		switch {
		case name == "":
			return m, false
		case !weighted && hasValue && strings.EqualFold(name, "q"):
			q, ok := qvalue(s.token())
			if !ok {
				return m, false
			}
			m.q, weighted = q, true
		case hasValue && !s.value():
			return m, false
		case !hasValue && !weighted:
			return m, false // only extensions behind the weight may lack a value
		case !weighted:
			m.params = true
		}
	}
}

// qvalue reads 0 to 1 with at most three decimals.
func qvalue(s string) (float64, bool) {
	whole, decimals, _ := strings.Cut(s, ".")
	if len(decimals) > 3 || whole != "0" && whole != "1" || whole == "1" && strings.Trim(decimals, "0") != "" ||
		strings.Trim(decimals, "0123456789") != "" {
		return 0, false
	}
	q, err := strconv.ParseFloat(whole+"."+decimals+"0", 64)
	return q, err == nil
}
