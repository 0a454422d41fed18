package v2_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"glance/internal/glance"
)

// FuzzBodies sends anything to the routes that read JSON. Nothing may be an
// error that nobody expected, and what succeeds must answer with JSON.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		`{"name": "x", "tags": ["a", "a"], "min_disk": 1e3, "k": "v"}`, `{"id": "` + img2 + `", "owner": null}`, `{"min_ram": -1e400}`,
		`[{"op": "add", "path": "/a~1b", "value": "v"}, {"op": "remove", "path": "/a~1b"}]`, `[{"replace": "/name", "value": null}]`,
		`[{"op": "replace", "path": "/locations", "value": []}]`, `[{"op": "add", "path": "/locations/-", "value": {"url": "file:///x", "metadata": {}}}]`,
		`{"member": "p-new"}`, `{"status": "accepted"}`, `{"": {"": [null, true, 0.1]}}`, `[[[[`, "\"\xff\"",
	} {
		for route := range uint8(len(jsonRoutes)) {
			f.Add(route, body)
		}
	}
	f.Fuzz(func(t *testing.T, route uint8, body string) {
		r := newRig(t)
		r.add(t, image(func(img *glance.Image) { img.Properties = []glance.Property{{Name: "old", Value: "o"}} }))
		r.addMember("p-alpha")
		to := jsonRoutes[int(route)%len(jsonRoutes)]
		a := r.send(t, call{who: to.who, method: to.method, path: to.path, body: body, header: map[string]string{"Content-Type": to.mediaType}})
		switch {
		case a.status >= http.StatusInternalServerError:
			t.Errorf("%s %s %q: %d %s", to.method, to.path, body, a.status, a.body)
		case a.status < http.StatusMultipleChoices && !json.Valid([]byte(a.body)):
			t.Errorf("%s %s %q: %s", to.method, to.path, body, a.body)
		}
		if shown := r.get(t, "/v2/images/"+img1); shown.status != 200 || !json.Valid([]byte(shown.body)) {
			t.Errorf("after %q the image is %d %s", body, shown.status, shown.body)
		}
	})
}

var jsonRoutes = []struct{ who, method, path, mediaType string }{
	{"alice", "POST", "/v2/images", "application/json"},
	{"boss", "PATCH", "/v2/images/" + img1, draft10},
	{"alice", "PATCH", "/v2/images/" + img1, draft4},
	{"alice", "POST", "/v2/images/" + img1 + "/members", ""},
	{"boss", "PUT", "/v2/images/" + img1 + "/members/p-alpha", ""},
}

// FuzzList sends any query. The links of a page must lead to pages.
func FuzzList(f *testing.F) {
	for _, query := range []string{
		"limit=1&sort=name:asc,id:desc&tag=%20x", "limit=1&limit=1", "name=in:%22a,%22,b", "created_at=gt:2020-01-01T00:00:00Z", "size_min=0&min_ram_max=9",
		"visibility=all&member_status=all&os_hidden=TRUE", "sort_key=name&sort_key=id&sort_dir=asc", "%00=%01&a", "&&=", "custom=%E2%80%A8&limit=1", "marker=" + img1,
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := newRig(t)
		for _, id := range []string{img1, img2} {
			r.add(t, image(func(img *glance.Image) { img.ID = id }))
		}
		path := &url.URL{Path: "/v2/images", RawQuery: query}
		if _, err := url.ParseRequestURI(path.String()); err != nil || strings.ContainsAny(query, "# \x7f") || strings.ContainsFunc(query, func(c rune) bool { return c < ' ' }) {
			return // no client can send it
		}
		a := r.get(t, path.String())
		if a.status != 200 && a.status != 400 {
			t.Fatalf("%s: %d %s", query, a.status, a.body)
		}
		if a.status != 200 {
			return
		}
		doc := a.decode(t)
		for _, key := range []string{"first", "next"} {
			if link, ok := doc[key].(string); ok {
				if b := r.get(t, link); b.status != 200 {
					t.Errorf("%s: %s is %s: %d %s", query, key, link, b.status, b.body)
				}
			}
		}
	})
}
