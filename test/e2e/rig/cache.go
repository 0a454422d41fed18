package rig

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// CacheAPI stands in for a server with cache management and for its identity
// service, to show to clients what a real one shows seldom. It is an
// http.Handler.
type CacheAPI struct {
	Cached []map[string]any // records of images in the cache
	Token  string           // that is wanted; empty: none. The password that gets it is "password"
	Fail   int              // status of all answers; 0: none

	mu     sync.Mutex
	queued []string
	logins []string
}

// Logins are the bodies of the requests for a token.
func (c *CacheAPI) Logins() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.logins)
}

func (c *CacheAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	switch {
	case r.URL.Path == "/v3/auth/tokens":
		c.login(w, r)
	case c.Fail != 0:
		http.Error(w, "because\nof a test", c.Fail)
	case c.Token != "" && r.Header.Get("X-Auth-Token") != c.Token:
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case kind == "cached_images":
		c.cached(w, r.Method, id)
	case kind == "queued_images":
		c.queue(w, r.Method, id)
	default:
		http.NotFound(w, r)
	}
}

func (c *CacheAPI) login(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what is there is looked at
	c.logins = append(c.logins, string(body))
	if !strings.Contains(string(body), `"password"`) || strings.Contains(string(body), "wrong") {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "{}")
		return
	}
	w.Header().Set("X-Subject-Token", c.Token)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"token": {"expires_at": "2099-01-01T00:00:00.000000Z", "catalog": []}}`)
}

func (c *CacheAPI) cached(w http.ResponseWriter, method, id string) {
	switch {
	case method == http.MethodGet:
		answer(w, map[string]any{"cached_images": c.Cached})
	case id == "":
		answer(w, map[string]any{"num_deleted": len(c.Cached)})
		c.Cached = nil
	default:
		c.Cached = slices.DeleteFunc(c.Cached, func(i map[string]any) bool { return fmt.Sprint(i["image_id"]) == id })
		answer(w, nil)
	}
}

func (c *CacheAPI) queue(w http.ResponseWriter, method, id string) {
	switch {
	case method == http.MethodGet:
		answer(w, map[string]any{"queued_images": append([]string{}, c.queued...)})
	case method == http.MethodPut:
		c.queued = append(c.queued, id)
		answer(w, nil)
	case id == "":
		answer(w, map[string]any{"num_deleted": len(c.queued)})
		c.queued = nil
	default:
		c.queued = slices.DeleteFunc(c.queued, func(q string) bool { return q == id })
		answer(w, nil)
	}
}

func answer(w http.ResponseWriter, doc any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(doc) // the client tells
}
