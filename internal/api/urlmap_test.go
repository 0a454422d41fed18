package api_test

import (
	"io"
	"net/http"
	"testing"

	"glance/internal/api"
)

func arrived(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, name+" "+api.Mount(r)+" "+r.URL.Path)
	})
}

// Spec images-v2 §1.2, recording routing-redirect-slash.
func TestURLMap(t *testing.T) {
	inner, outer := &api.URLMap{}, &api.URLMap{}
	inner.Mount("/", arrived("versions"))
	inner.Mount("/v2", arrived("v2"))
	outer.Mount("/", inner)
	outer.Mount("/healthcheck/", arrived("health"))
	tests := map[string]string{
		"/":                    "versions  /",
		"":                     "versions  ",
		"/v2":                  "v2 /v2 ",
		"/v2/":                 "v2 /v2 /",
		"/v2/images":           "v2 /v2 /images",
		"//v2//images///x":     "v2 /v2 /images/x",
		"/v2x":                 "versions  /v2x",
		"/healthcheck":         "health /healthcheck ",
		"/healthcheck/deep/er": "health /healthcheck /deep/er",
		"/healthchecks":        "versions  /healthchecks",
	}
	for path, want := range tests {
		r, w := request("GET", "/")
		r.URL.Path = path
		outer.ServeHTTP(w, r)
		if got := w.Body.String(); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	lonely := &api.URLMap{}
	lonely.Mount("/a", arrived("a"))
	if w := ask(lonely, "GET", "/b"); w.Code != 404 {
		t.Errorf("nothing mounted: %d", w.Code)
	}
}

func TestAddSlash(t *testing.T) {
	m := &api.URLMap{}
	m.Mount("/v2", api.NewRouter(api.Route{Pattern: "", Handle: api.AddSlash}))
	for _, method := range []string{"GET", "POST", "HEAD", "FOO"} {
		w := ask(api.ForwardedHeaders(m), method, "/v2", "X-Forwarded-Prefix", "/image")
		if w.Code != 302 || w.Header().Get("Location") != "http://example.com/image/v2/" || w.Header().Get("Content-Type") != "text/plain; charset=utf8" || w.Body.Len() > 0 {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
}
