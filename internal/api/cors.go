package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// CORS is the section [cors] (spec config §4.8). Its fields are those of the
// configuration, so that one converts into the other.
type CORS struct {
	AllowedOrigin    []string // exact, or *
	AllowCredentials bool
	ExposeHeaders    []string
	MaxAge           int // seconds
	AllowMethods     []string
	AllowHeaders     []string // in any case
}

// simpleHeaders may always be sent.
var simpleHeaders = []string{
	"Accept", "Accept-Language", "Content-Type", "Cache-Control", "Content-Language", "Expires", "Last-Modified", "Pragma",
}

// Wrap adds the headers of cross-origin requests to the answers of next (spec
// images-v2 §3.1). Compat: with this filter, OPTIONS is never refused, whatever
// next says; see the recordings cors-*.
func (c CORS) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			p := &preflight{ResponseWriter: w, cors: c, request: r}
			next.ServeHTTP(p, r)
			p.finish()
			return
		}
		if origin := c.origin(r); origin != "" {
			OnHeader(w, func(_ int, h http.Header) { c.decorate(h, origin) })
		}
		next.ServeHTTP(w, r)
	})
}

// origin is the value of Access-Control-Allow-Origin, empty when the origin of
// the request is not allowed.
func (c CORS) origin(r *http.Request) string {
	origin := r.Header.Get("Origin")
	switch {
	case origin == "":
		return ""
	case slices.Contains(c.AllowedOrigin, origin):
		return origin
	case slices.Contains(c.AllowedOrigin, "*"):
		return "*"
	}
	return ""
}

func (c CORS) decorate(h http.Header, origin string) {
	if h.Get("Access-Control-Allow-Origin") != "" {
		return // the application knows better
	}
	if vary := h.Get("Vary"); vary != "" {
		h.Set("Vary", vary+",Origin")
	} else {
		h.Set("Vary", "Origin")
	}
	c.allow(h, origin)
	if len(c.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.ExposeHeaders, ","))
	}
}

func (c CORS) allow(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	if c.AllowCredentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
}

// permit answers a preflight request, if all it asks for is allowed.
func (c CORS) permit(h http.Header, r *http.Request) {
	origin, method := c.origin(r), r.Header.Get("Access-Control-Request-Method")
	if origin == "" || !slices.Contains(c.AllowMethods, method) {
		return
	}
	var wanted []string
	for name := range strings.SplitSeq(strings.Join(r.Header.Values("Access-Control-Request-Headers"), ","), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		same := func(allowed string) bool { return strings.EqualFold(allowed, name) }
		if !slices.ContainsFunc(c.AllowHeaders, same) && !slices.ContainsFunc(simpleHeaders, same) {
			return
		}
		wanted = append(wanted, name)
	}
	h.Set("Vary", "Origin")
	c.allow(h, origin)
	if c.MaxAge != 0 {
		h.Set("Access-Control-Max-Age", strconv.Itoa(c.MaxAge))
	}
	h.Set("Access-Control-Allow-Methods", method)
	if len(wanted) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(wanted, ","))
	}
}

// preflight replaces an answer to OPTIONS that is not 2xx by an empty 200.
type preflight struct {
	http.ResponseWriter
	cors    CORS
	request *http.Request
	begun   bool
	dropped bool // the body of an answer that was replaced
}

func (p *preflight) Unwrap() http.ResponseWriter { return p.ResponseWriter }

func (p *preflight) WriteHeader(status int) {
	if p.begun || status < 200 {
		return
	}
	p.begun = true
	h := p.Header()
	known := h.Get("Access-Control-Allow-Origin") != ""
	if !known && status >= 300 {
		clear(h)
		h.Set("Content-Length", "0")
		p.dropped, status = true, http.StatusOK
	}
	if !known {
		p.cors.permit(h, p.request)
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *preflight) Write(b []byte) (int, error) {
	if !p.begun {
		p.WriteHeader(http.StatusOK)
	}
	if p.dropped {
		return len(b), nil
	}
	return p.ResponseWriter.Write(b)
}

func (p *preflight) finish() {
	if !p.begun {
		p.WriteHeader(http.StatusOK)
	}
}
