package keystone

import (
	"regexp"
	"slices"
	"strings"
)

// accessRules narrow an application credential to some calls.
type accessRules struct {
	services []string // types in the token's catalog; nil when it has none
	rules    []accessRule
}

type accessRule struct {
	service, method string
	path            *regexp.Regexp
}

func (a *accessRules) add(service, method, path string) {
	a.rules = append(a.rules, accessRule{service, method, pathPattern(path)})
}

// allow tells whether the rules let a request at this service through. A
// service that does not know its own type lets nothing through.
func (a *accessRules) allow(service, method, path string) bool {
	if service == "" || a.services != nil && !slices.Contains(a.services, service) {
		return false
	}
	return slices.ContainsFunc(a.rules, func(r accessRule) bool {
		return r.service == service && r.method == method && r.path.MatchString(path)
	})
}

// pathPiece is a piece of a pattern: {name} and * stand for one part of a path,
// ** for any number of parts.
var pathPiece = regexp.MustCompile(`\{[^}]*\}|\*\*|\*`)

func pathPattern(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	pattern = strings.ToValidUTF8(pattern, "\uFFFD")
	end := 0
	for _, at := range pathPiece.FindAllStringIndex(pattern, -1) {
		b.WriteString(regexp.QuoteMeta(pattern[end:at[0]]))
		if pattern[at[0]:at[1]] == "**" {
			b.WriteString(".*")
		} else {
			b.WriteString("[^/]+")
		}
		end = at[1]
	}
	b.WriteString(regexp.QuoteMeta(pattern[end:]) + `\z`)
	return regexp.MustCompile(b.String()) // all of it is valid, and quoted or ours
}
