package api

import "net/http"

// Path values that say which filters of the cache a request has passed. No
// pattern can have a name with a slash.
const (
	cacheValue       = "/cache"
	cacheManageValue = "/cachemanage"
)

// CacheFilter is the filter cache: downloads behind it go through the cache.
func CacheFilter(next http.Handler) http.Handler { return marking(cacheValue, next) }

// CacheManageFilter is the filter cachemanage: behind it there are the calls that
// manage the cache, beside those of the API.
func CacheManageFilter(next http.Handler) http.Handler { return marking(cacheManageValue, next) }

func marking(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.SetPathValue(name, "on")
		next.ServeHTTP(w, r)
	})
}

// ThroughCache reports whether a download goes through the cache: whole images
// only (spec cache §3.1).
func ThroughCache(r *http.Request) bool {
	return r.PathValue(cacheValue) != "" && r.Method == http.MethodGet &&
		len(r.Header.Values("Range")) == 0 && len(r.Header.Values("Content-Range")) == 0
}

// ManagesCache gives a handler of the calls that manage the cache, which are
// there behind the filter alone.
func ManagesCache(handle func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.PathValue(cacheManageValue) == "" {
			return errNoSuchPath()
		}
		return handle(w, r)
	}
}
