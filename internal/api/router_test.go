package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"glance/internal/api"
	"glance/internal/glance"
)

// say answers with a word and the path values.
func say(word string, names ...string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		for _, name := range names {
			w.Header().Add("X-Value", name+"="+r.PathValue(name))
		}
		_, err := io.WriteString(w, word)
		return err
	}
}

func table() http.Handler {
	return api.NewRouter(
		api.Route{Pattern: "", Handle: api.AddSlash},
		api.Route{Method: "GET", Pattern: "/images", Handle: say("list")},
		api.Route{Method: "POST", Pattern: "/images", Handle: say("create"), Writes: true},
		api.Route{Method: "GET", Pattern: "/images/{image_id}", Handle: say("show", "image_id"), NoBody: true},
		api.Route{Method: "PATCH", Pattern: "/images/{image_id}", Handle: say("patch", "image_id")},
		api.Route{Method: "DELETE", Pattern: "/images/{image_id}", Handle: say("delete", "image_id"), NoBody: true},
		api.Route{Method: "GET", Pattern: "/images/{image_id}/tasks", Handle: say("tasks"), Only: true},
		api.Route{Method: "GET", Pattern: "/images/{image_id}/file", Handle: say("download", "image_id")},
		api.Route{Method: "HEAD", Pattern: "/images/{image_id}/file", Handle: say("head"), Unlisted: true},
		api.Route{Method: "PUT", Pattern: "/images/{image_id}/file", Handle: say("upload")},
		api.Route{Method: "GET", Pattern: "/images/{image_id}/locations", Handle: say("locations"), Allow: "POST"},
		api.Route{Method: "POST", Pattern: "/images/{image_id}/locations", Handle: say("add location")},
		api.Route{Method: "PUT", Pattern: "/images/{image_id}/tags/{tag}", Handle: say("tag", "image_id", "tag")},
		api.Route{Method: "GET", Pattern: "/cache", Handle: say("cache")},
		api.Route{Method: "PUT", Pattern: "/cache/{image_id}", Handle: say("queue"), Allow: "DELETE, PUT"},
		api.Route{Method: "DELETE", Pattern: "/cache/{image_id}", Handle: say("drop")},
		api.Route{Method: "POST", Pattern: "/cache/clean", Handle: say("clean")},
		api.Route{Method: "GET", Pattern: "/v1/images/{image_id}", Handle: say("v1 show")},
		api.Route{Method: "PUT", Pattern: "/v1/images/{image_id}", Handle: say("v1 put", "image_id")},
		api.Route{Method: "GET", Pattern: "/v1/images/detail", Handle: say("v1 detail"), Only: true},
		api.Route{Method: "GET", Pattern: "/v1/", Handle: say("v1 root")},
	)
}

// Spec images-v2 §1.2, recordings routing-*.
func TestRouting(t *testing.T) {
	const notFound = "The resource could not be found."
	tests := []struct {
		method, path string
		status       int
		want         string // the body or a part of it, the Allow header, or the path values
	}{
		{"GET", "/images", 200, "list"},
		{"POST", "/images", 200, "create"},
		{"PUT", "/images", 405, "GET, POST"},
		{"HEAD", "/images", 405, "GET, POST"},
		{"OPTIONS", "/images", 405, "GET, POST"},
		{"FOO", "/images", 405, "GET, POST"},
		{"GET", "/images/", 404, notFound},
		{"GET", "//images", 200, "list"},
		{"GET", "/images//x", 200, "image_id=x"},
		{"GET", "/images/x/", 404, notFound},
		{"GET", "/images/x", 200, "image_id=x"},
		{"GET", "/images%2Fx", 200, "image_id=x"},
		{"GET", "/images/%C3%A9%20%3F", 200, "image_id=é ?"},
		{"GET", "/images/x%2F", 404, notFound},
		{"POST", "/images/x", 405, "GET, PATCH, DELETE"},
		{"GET", "/images/x/tasks", 200, "tasks"},
		{"POST", "/images/x/tasks", 404, notFound},
		{"FOO", "/images/x/tasks", 501, "The request method FOO is not implemented for this server."},
		{"HEAD", "/images/x/file", 200, ""},
		{"POST", "/images/x/file", 405, "GET, PUT"},
		{"DELETE", "/images/x/locations", 405, "POST"},
		{"GET", "/images/x/locations", 200, "locations"},
		{"PUT", "/images/x/tags/a%2Fb", 404, notFound},
		{"PUT", "/images/x/tags/ab", 200, "tag=ab"},
		{"PUT", "/images/x/tags", 404, notFound},
		{"GET", "/cache/x", 405, "DELETE, PUT"},
		{"POST", "/cache/clean", 200, "clean"},
		{"DELETE", "/cache/clean", 405, "POST"},
		{"GET", "/nothing", 404, notFound},
		{"HEAD", "/nothing", 404, ""},
		{"OPTIONS", "/nothing", 501, "The request method OPTIONS is not implemented"},
		{"PROPFIND", "/x", 501, "501 Not Implemented\n\n The request method PROPFIND is not implemented for this server. \n\n "},
		{"GET", "/", 404, notFound},
		{"GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n", 404, notFound},
		{"GET", "/images/%FF", 400, "Error decoding your request. Either the URL or the request body contained characters that could not be decoded by Glance"},
		{"GET", "/images?name=%FF", 400, "Error decoding your request."},
		{"GET", "/images?name=%C3%A9&x=%zz", 200, "list"},
		{"GET", "/v1/images/detail", 200, "v1 detail"},
		{"PUT", "/v1/images/detail", 200, "image_id=detail"},
		{"GET", "/v1/", 200, "v1 root"},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			w := ask(table(), tt.method, tt.path)
			got := strings.Join(append(w.Header()["X-Value"], w.Body.String()), " ")
			if tt.status == 405 {
				got = w.Header().Get("Allow")
			}
			if w.Code != tt.status || !strings.Contains(got, tt.want) {
				t.Errorf("%d %q, want %d %q", w.Code, got, tt.status, tt.want)
			}
		})
	}
}

// Recordings routing-405-subresources and routing-501.
func TestMethodNotAllowedTexts(t *testing.T) {
	w := ask(table(), "PUT", "/images")
	if want := "405 Method Not Allowed\n\nThe method PUT is not allowed for this resource. \n\n "; w.Body.String() != want {
		t.Errorf("plain: %q", w.Body)
	}
	w = ask(table(), "FOO", "/images", "Accept", "application/json")
	if want := `{"message": "The method FOO is not allowed for this resource. <br /><br />\n", "code": "405 Method Not Allowed", "title": "Method Not Allowed"}`; w.Body.String() != want {
		t.Errorf("json: %q", w.Body)
	}
	w = ask(table(), "PROPFIND", "/x", "Accept", "*/*")
	if want := "<html>\n <head>\n  <title>501 Not Implemented</title>\n </head>\n <body>\n  <h1>501 Not Implemented</h1>\n  \nThe request method PROPFIND is not implemented for this server. <br /><br />\n\n </body>\n</html>"; w.Body.String() != want {
		t.Errorf("html: %q", w.Body)
	}
	w = ask(table(), "HEAD", "/images")
	if w.Header().Get("Content-Length") != "0" || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Errorf("HEAD: %v", w.Header())
	}
}

// Spec images-v2 §1.3 and §1.6: a body and read-only callers are refused
// before the handler, in this order after the route is known.
func TestRouteChecks(t *testing.T) {
	r := httptest.NewRequest("GET", "/images/x", strings.NewReader("{}"))
	w := httptest.NewRecorder()
	table().ServeHTTP(w, r)
	if want := "400 Bad Request\n\nA body is not expected with this request.\n\n   "; w.Body.String() != want {
		t.Errorf("unexpected body: %q", w.Body)
	}
	r = httptest.NewRequest("GET", "/images", strings.NewReader("{}"))
	w = httptest.NewRecorder()
	table().ServeHTTP(w, r)
	if w.Body.String() != "list" {
		t.Errorf("ignored body: %q", w.Body)
	}
	r = httptest.NewRequest("POST", "/images", nil)
	r = r.WithContext(api.WithCaller(r.Context(), glance.Caller{ReadOnly: true}))
	w = httptest.NewRecorder()
	table().ServeHTTP(w, r)
	if want := "403 Forbidden\n\nAccess was denied to this resource.\n\n Read-only access  "; w.Body.String() != want {
		t.Errorf("read-only: %q", w.Body)
	}
}

func TestContradictingTables(t *testing.T) {
	for name, routes := range map[string][]api.Route{
		"twice":      {{Method: "GET", Pattern: "/a", Handle: say("")}, {Method: "GET", Pattern: "/a", Handle: say("")}},
		"no handler": {{Method: "GET", Pattern: "/a"}},
		"no slash":   {{Method: "GET", Pattern: "a", Handle: say("")}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			api.NewRouter(routes...)
		})
	}
}

func FuzzRouter(f *testing.F) {
	for _, seed := range []string{"/images", "//images//x//", "/images/x/tags/y", "", "/", "/v1/images/detail", "/images/\xff"} {
		f.Add("GET", seed)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL.Path = method, path
		w := httptest.NewRecorder()
		table().ServeHTTP(w, r)
		switch {
		case !utf8.ValidString(path) && w.Code != 400:
			t.Fatalf("%q %q: %d, want 400", method, path, w.Code)
		case strings.HasSuffix(path, "/") && strings.Trim(path, "/") != "v1" && w.Code < 400:
			t.Fatalf("%q %q: %d in spite of the slash at the end", method, path, w.Code)
		case w.Code == 405 && w.Header().Get("Allow") == "":
			t.Fatalf("%q %q: 405 without Allow", method, path)
		case w.Code >= 500 && w.Code != 501:
			t.Fatalf("%q %q: %d", method, path, w.Code)
		}
	})
}
