package api

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"glance/internal/glance"
)

// Route is one line of a door's table.
type Route struct {
	Method  string // empty is any method
	Pattern string // below the mount; {name} stands for one segment that is not empty, see PathValue
	Handle  func(http.ResponseWriter, *http.Request) error

	NoBody bool // a request with a body is refused: 400
	Writes bool // refused for callers who may only read: 403

	Unlisted bool   // missing in the Allow header of 405 answers
	Allow    string // the Allow header of this path instead of its methods in the order of the table
	Only     bool   // other methods on this path are not 405: the path is unknown to them
}

// Router finds the route for a path and method by the rules of the original
// (spec images-v2 §1.2): segments are those of the decoded path, so %2F splits;
// runs of slashes count as one; a slash at the end is one more, empty segment;
// segments written out win over {name}. A known path with another method is
// 405, HEAD and OPTIONS included unless they have routes; an unknown path is
// 404, or 501 when HTTP does not know the method either.
type Router struct {
	paths   [][]*path // by number of segments, the most specific first
	handler http.Handler
}

// path holds all routes of one pattern.
type path struct {
	segments []segment
	routes   []Route // of the methods, in order
	allow    string
	only     bool
}

type segment struct {
	text string // or the name of the parameter
	any  bool
}

// NewRouter makes a router of a table. A table that contradicts itself is a
// programming mistake and panics.
func NewRouter(routes ...Route) *Router {
	known := map[string]*path{}
	rt := &Router{}
	rt.handler = Handle(rt.serve)
	for _, route := range routes {
		p := known[route.Pattern]
		if p == nil {
			p = &path{segments: patternSegments(route.Pattern)}
			known[route.Pattern] = p
			n := len(p.segments)
			for len(rt.paths) <= n {
				rt.paths = append(rt.paths, nil)
			}
			rt.paths[n] = append(rt.paths[n], p)
		}
		p.add(route)
	}
	for _, list := range rt.paths {
		slices.SortStableFunc(list, moreSpecific)
	}
	return rt
}

func (p *path) add(route Route) {
	if route.Handle == nil || p.route(route.Method) != nil {
		panic(fmt.Sprintf("api: route %s %s has no handler or is there twice", route.Method, route.Pattern))
	}
	p.routes = append(p.routes, route)
	p.only = p.only || route.Only
	var listed []string
	for _, r := range p.routes {
		if r.Allow != "" {
			p.allow = r.Allow
			return
		}
		if !r.Unlisted && r.Method != "" {
			listed = append(listed, r.Method)
		}
	}
	p.allow = strings.Join(listed, ", ")
}

func (p *path) route(method string) *Route {
	for i := range p.routes {
		if p.routes[i].Method == method || p.routes[i].Method == "" {
			return &p.routes[i]
		}
	}
	return nil
}

func patternSegments(pattern string) []segment {
	if pattern == "" {
		return nil
	}
	if pattern[0] != '/' {
		panic("api: pattern " + pattern + " does not start with a slash")
	}
	var out []segment
	for text := range strings.SplitSeq(pattern[1:], "/") {
		name, isName := strings.CutPrefix(text, "{")
		if isName {
			name = strings.TrimSuffix(name, "}")
		}
		out = append(out, segment{text: name, any: isName})
	}
	return out
}

// moreSpecific puts, at the first difference, text before a parameter.
func moreSpecific(a, b *path) int {
	for i := range a.segments {
		if a.segments[i].any != b.segments[i].any {
			if b.segments[i].any {
				return -1
			}
			return 1
		}
	}
	return 0
}

// ServeHTTP answers a request whose URL path is relative to the mount.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rt.handler.ServeHTTP(w, r)
}

// errEncoding answers URLs that are not UTF-8.
var errEncoding = &glance.Error{
	Kind: glance.Invalid,
	Message: "Error decoding your request. Either the URL or the request body contained characters that could not " +
		"be decoded by Glance",
}

func (rt *Router) serve(w http.ResponseWriter, r *http.Request) error {
	if !utf8.ValidString(r.URL.Path) {
		return errEncoding
	}
	p, route := rt.find(r)
	switch {
	case p == nil && !slices.Contains(knownMethods, r.Method):
		return notImplemented()
	case p == nil:
		return errNoSuchPath()
	case route == nil:
		return MethodNotAllowed(p.allow, "")
	case !validQuery(r.URL.RawQuery):
		return errEncoding
	case route.NoBody && HasBody(r):
		return ErrBodyUnexpected
	case route.Writes && CallerFrom(r.Context()).ReadOnly:
		return glance.Detailf(glance.Forbidden, "Read-only access")
	}
	return route.Handle(w, r)
}

func errNoSuchPath() error { return &glance.Error{Kind: glance.NotFound} }

// knownMethods are those the original answers with 404 instead of 501.
var knownMethods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}

// find gives the path and its route, or the path alone when it is known with
// other methods only, and sets the path values.
func (rt *Router) find(r *http.Request) (*path, *Route) {
	var buf [12]string // patterns are shorter
	segments := splitPath(buf[:0], r.URL.Path)
	if len(segments) >= len(rt.paths) {
		return nil, nil
	}
	for _, p := range rt.paths[len(segments)] {
		if !p.matches(segments) {
			continue
		}
		route := p.route(r.Method)
		if route == nil && p.only {
			continue
		}
		for i, s := range p.segments {
			if s.any {
				r.SetPathValue(s.text, segments[i])
			}
		}
		return p, route
	}
	return nil, nil
}

func (p *path) matches(segments []string) bool {
	for i, s := range p.segments {
		if s.any && segments[i] == "" || !s.any && s.text != segments[i] {
			return false
		}
	}
	return true
}

// splitPath appends the segments of a decoded path: none of "", one empty one
// of "/".
func splitPath(to []string, path string) []string {
	for path != "" {
		path = strings.TrimLeft(path, "/")
		end := strings.IndexByte(path, '/')
		if end < 0 {
			return append(to, path)
		}
		to = append(to, path[:end])
		path = path[end:]
	}
	return to
}

// mountValue is the path value that holds what was taken off in front of the
// path. No pattern can have a name with a slash.
const mountValue = "/mount"

// Mount is the part of the path in front of what the application sees, such as
// /v2, with a prefix that a proxy announced.
func Mount(r *http.Request) string { return r.PathValue(mountValue) }

// BaseURL is scheme://host of a request as its client sees it.
func BaseURL(r *http.Request) string {
	scheme := r.URL.Scheme
	if scheme == "" {
		scheme = "http"
		if r.TLS != nil {
			scheme = "https"
		}
	}
	host := r.Host
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(fmt.Stringer); ok {
		host = cmp.Or(host, addr.String()) // HTTP/1.0 clients need not send Host
	}
	// Compat: the original leaves out the port that the scheme implies.
	if scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	} else {
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + host
}

// Absolute makes a URL of a path from the root, for Location headers. Compat:
// neither the mount nor public_endpoint is part of it (recording
// proxy-headers).
func Absolute(r *http.Request, path string) string { return BaseURL(r) + path }

// AddSlash is the route of the empty path below a mount: a redirection to the
// same with a slash. Compat: that has no route (recording
// routing-redirect-slash).
func AddSlash(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Location", BaseURL(r)+(&url.URL{Path: Mount(r)}).EscapedPath()+"/")
	w.Header().Set("Content-Type", "text/plain; charset=utf8")
	w.WriteHeader(http.StatusFound)
	return nil
}
