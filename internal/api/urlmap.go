package api

import (
	"net/http"
	"slices"
	"strings"

	"glance/internal/glance"
)

// URLMap hands requests to applications by the beginning of their path. The
// longest prefix that ends at a slash wins; it is taken off the path and added
// to Mount. Runs of slashes in the path count as one.
type URLMap struct{ mounts []mount }

type mount struct {
	prefix string // without a slash at the end
	app    http.Handler
}

// Mount adds an application below a prefix such as / or /v2. It must not be
// called once requests are served.
func (m *URLMap) Mount(prefix string, app http.Handler) {
	m.mounts = append(m.mounts, mount{strings.TrimRight(collapseSlashes(prefix), "/"), app})
	slices.SortStableFunc(m.mounts, func(a, b mount) int { return len(b.prefix) - len(a.prefix) })
}

func (m *URLMap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := collapseSlashes(r.URL.Path)
	for _, at := range m.mounts {
		rest, ok := strings.CutPrefix(path, at.prefix)
		if ok && (rest == "" || rest[0] == '/') {
			r = withPath(r, rest)
			if at.prefix != "" {
				r.SetPathValue(mountValue, Mount(r)+at.prefix)
			}
			at.app.ServeHTTP(w, r)
			return
		}
	}
	Fail(w, r, &glance.Error{Kind: glance.NotFound})
}

func collapseSlashes(path string) string {
	if !strings.Contains(path, "//") {
		return path
	}
	b := make([]byte, 0, len(path))
	for i := range len(path) {
		if path[i] != '/' || i == 0 || path[i-1] != '/' {
			b = append(b, path[i])
		}
	}
	return string(b)
}
