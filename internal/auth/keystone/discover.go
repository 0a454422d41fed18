package keystone

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// endpoints finds the identity API of version 3 below URLs that may name
// another version or none.
type endpoints struct {
	client *client
	mu     sync.Mutex
	found  map[string]string
}

// v3 is the URL of the API, without a slash at its end. A URL without a version
// is asked for its list of them; where that says nothing, /v3 is added.
func (e *endpoints) v3(ctx context.Context, at string) string {
	at = strings.TrimRight(at, "/")
	switch {
	case strings.HasSuffix(at, "/v3"):
		return at
	case strings.HasSuffix(at, "/v2.0"):
		return strings.TrimSuffix(at, "/v2.0") + "/v3"
	}
	e.mu.Lock()
	known, ok := e.found[at]
	e.mu.Unlock()
	if ok {
		return known
	}
	answer, err := e.client.do(ctx, http.MethodGet, at+"/", http.Header{}, nil)
	if err != nil || answer.status >= http.StatusBadRequest {
		return at + "/v3" // not remembered: the list may come back
	}
	link := v3Link(at, answer.body)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.found[at] = link
	return link
}

// versionList is the document at the root of the identity service.
type versionList struct {
	Versions struct {
		Values []struct {
			ID     string `json:"id"`
			Status string `json:"status"`
			Links  []struct {
				Rel  string `json:"rel"`
				Href string `json:"href"`
			} `json:"links"`
		} `json:"values"`
	} `json:"versions"`
}

// v3Link is the link to the version in the list. Only its path is taken: behind
// a proxy the service often knows neither its own name nor the way to it.
func v3Link(at string, body []byte) string {
	added := at + "/v3"
	base, err := url.Parse(at + "/")
	var list versionList
	if err != nil || json.Unmarshal(body, &list) != nil {
		return added
	}
	for _, v := range list.Versions.Values {
		if !strings.HasPrefix(v.ID, "v3") || strings.EqualFold(v.Status, "deprecated") {
			continue
		}
		for _, l := range v.Links {
			link, err := base.Parse(l.Href)
			if l.Rel == "self" && err == nil && strings.HasPrefix(link.Path, base.Path) {
				base.Path = strings.TrimRight(link.Path, "/")
				return base.String()
			}
		}
	}
	return added
}
