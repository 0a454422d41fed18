package api

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// Param is one parameter of a query string.
type Param struct{ Name, Value string }

// Query gives the parameters of a request in their order, repeated ones
// included and those without a value too. Compat: like the original's, and
// unlike net/url's, this reading knows no errors: a % that starts no escape
// stands for itself, and a semicolon separates nothing. On routes of a Router
// the texts are valid UTF-8.
func Query(r *http.Request) []Param {
	if r.URL.RawQuery == "" {
		return nil
	}
	out := make([]Param, 0, strings.Count(r.URL.RawQuery, "&")+1)
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if pair != "" {
			name, value, _ := strings.Cut(pair, "=")
			out = append(out, Param{Name: unescape(name), Value: unescape(value)})
		}
	}
	return out
}

// validQuery reports whether all texts of a query are UTF-8.
func validQuery(raw string) bool { return utf8.ValidString(unescape(raw)) }

func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

func isHex(c byte) bool { return unhex(c) < 16 }

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
