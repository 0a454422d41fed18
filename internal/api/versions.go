package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Versions decides which API versions there are (spec images-v2 §2). The zero
// value is API v2 with one store and without cache.
type Versions struct {
	PublicEndpoint string // base of all links; empty means the URL of the request
	ImageCache     bool   // image_cache_dir is set
	ManyStores     bool   // enabled_backends is set
	V1             bool   // the API v1 is served as well
	NoV2           bool   // enable_v2_api is off
}

// minors are the minor versions of API v2 in the order of the document; the
// first one of 18 and 17 is the current one.
func (v Versions) minors() []int {
	var ids []int
	switch {
	case v.NoV2:
		return nil
	case v.ImageCache && v.ManyStores:
		ids = []int{18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8}
	case v.ImageCache:
		ids = []int{18, 17, 16, 15, 14, 9}
	case v.ManyStores:
		ids = []int{15, 13, 12, 11, 10, 9, 8, 17}
	default:
		ids = []int{15, 9, 17}
	}
	return append(ids, 7, 6, 5, 4, 3, 2, 1, 0)
}

// major gives the API that a version means: /v2 for v2 and all v2.N of the
// document.
func (v Versions) major(version string) (string, bool) {
	if v.V1 && (version == "v1" || version == "v1.0" || version == "v1.1") {
		return "/v1", true
	}
	if version == "v2" && !v.NoV2 {
		return "/v2", true
	}
	minor, ok := strings.CutPrefix(version, "v2.")
	n, err := strconv.Atoi(minor)
	// Only the form of the document counts: not v2.07.
	return "/v2", ok && err == nil && strconv.Itoa(n) == minor && slices.Contains(v.minors(), n)
}

// acceptPrefix in front of a version, instead of the version in the path.
const acceptPrefix = "application/vnd.openstack.images-"

// Negotiate sends a request to the version that it names in its path or Accept
// header, and answers all others with the document of versions. Behind it,
// paths begin with /v1 or /v2.
func (v Versions) Negotiate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimLeft(r.URL.Path, "/")
		first, _, _ := strings.Cut(path, "/")
		if first == "versions" {
			v.document(w, r, http.StatusOK)
			return
		}
		rest := path[len(first):]
		if version, ok := strings.CutPrefix(r.Header.Get("Accept"), acceptPrefix); ok {
			first, rest = version, r.URL.Path
		}
		root, ok := v.major(first)
		if !ok {
			v.document(w, r, http.StatusMultipleChoices)
			return
		}
		next.ServeHTTP(w, withPath(r, root+rest))
	})
}

// ServeHTTP is the application that only knows the document of versions.
func (v Versions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.document(w, r, http.StatusMultipleChoices)
}

func (v Versions) document(w http.ResponseWriter, r *http.Request, status int) {
	base := v.PublicEndpoint
	if base == "" {
		base = BaseURL(r) + (&url.URL{Path: Mount(r)}).EscapedPath()
	}
	base = strings.TrimRight(base, "/")
	b := []byte(`{"versions": [`)
	for i, minor := range v.minors() {
		state := "SUPPORTED"
		if minor == 18 || minor == 17 && !v.ImageCache {
			state = "CURRENT"
		}
		b = appendVersion(b, i, fmt.Sprintf("v2.%d", minor), state, base+"/v2/")
	}
	if v.V1 {
		b = appendVersion(b, len(v.minors()), "v1.1", "DEPRECATED", base+"/v1/")
		b = appendVersion(b, 1, "v1.0", "DEPRECATED", base+"/v1/")
	}
	b = append(b, "]}"...)
	h := w.Header()
	h.Set("Content-Type", typeJSON)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b) // the client may be gone
	}
}

func appendVersion(b []byte, index int, id, status, href string) []byte {
	if index > 0 {
		b = append(b, ", "...)
	}
	b = append(b, `{"id": "`+id+`", "status": "`+status+`", "links": [{"rel": "self", "href": `...)
	return append(append(b, quoteJSON(href)...), "}]}"...)
}

// withPath is a copy of the request with another decoded path.
func withPath(r *http.Request, path string) *http.Request {
	r = r.WithContext(r.Context())
	u := *r.URL
	u.Path, u.RawPath = path, ""
	r.URL = &u
	return r
}
