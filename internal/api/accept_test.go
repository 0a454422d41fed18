package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"glance/internal/glance"
)

// form is h, j or p: which rendering an Accept header leads to.
func form(accept ...string) string {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header["Accept"] = accept
	w := httptest.NewRecorder()
	failing(&glance.Error{Kind: glance.NotFound}).ServeHTTP(w, r)
	switch mediaType := w.Header().Get("Content-Type"); {
	case strings.HasPrefix(mediaType, "text/html"):
		return "h"
	case mediaType == "application/json":
		return "j"
	case strings.HasPrefix(mediaType, "text/plain"):
		return "p"
	default:
		return mediaType
	}
}

// Spec images-v2 §1.4, recording errors-rendering-404.
func TestAccept(t *testing.T) {
	tests := map[string]string{
		"":                            "p",
		"*/*":                         "h",
		"text/html":                   "h",
		"text/*":                      "h",
		"application/json":            "j",
		"application/*":               "j",
		"text/plain":                  "p",
		"application/xml":             "p",
		"APPLICATION/JSON":            "j",
		"application/json, text/html": "h",
		"application/json;q=0.9, text/html;q=0.5":                    "j",
		"text/html;q=0.5, application/json;q=0.4":                    "h",
		"application/json;q=0.2, */*;q=0.1":                          "j",
		"nonsense":                                                   "h",
		"application/json;":                                          "h",
		"application/json;q=2":                                       "h",
		"application/json;q=0.1234":                                  "h",
		"application/json;q":                                         "h",
		"application/json text/html":                                 "h",
		"application/json;charset=utf-8":                             "p",
		`application/json;a="b, text/html`:                           "h",
		`application/json;a="b\", text/html", */*;q=0.5`:             "h",
		`x/y;a="b, text/html;q=1", application/json`:                 "j",
		"application/json;q=0":                                       "p",
		"application/json;q=0, */*":                                  "h",
		"text/html;q=0, */*":                                         "j",
		"*/*, text/html;q=0":                                         "j",
		"application/json;q=0.5;ext;ext2=\"x\";q=1, text/html;q=0.4": "j",
		"application/json;ext, text/plain":                           "h",
		",,application/json,, ":                                      "j",
		",":                                                          "p",
		"application/json ; q=0.500 , text/html ;q=0.":               "j",
		"application/json;q=1.000":                                   "j",
		"application/json;q=1.001":                                   "h",
		"application/json, application/json;q=0":                     "j",
		"application/vnd.openstack.images-v2":                        "p",
		"text/html;level=1, application/json;q=0.1":                  "j",
		"application/json\x7f":                                       "h",
		"/json":                                                      "h",
		"application/":                                               "h",
		"text/html, application/xhtml+xml, application/xml;q=0.9,*/*;q=0.8": "h",
	}
	for accept, want := range tests {
		if got := form(accept); got != want {
			t.Errorf("Accept %q: %s, want %s", accept, got, want)
		}
	}
	if got := form("text/plain", "application/json"); got != "j" {
		t.Errorf("two headers: %s, want j", got)
	}
	if got := form(); got != "p" {
		t.Errorf("no header: %s, want p", got)
	}
}

func FuzzAccept(f *testing.F) {
	for _, seed := range []string{"", "*/*", "application/json;q=0.9, text/html;q=0.5", `x/y;a="\"";q=0`, ",;/", "a/b;q=0.0001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		got := form(accept)
		if !strings.Contains("hjp", got) || got == "" {
			t.Fatalf("Accept %q: %q", accept, got)
		}
		// One more type that nobody offers changes nothing in a valid header, and an invalid one stays invalid.
		if accept != "" && form(accept+", x/y") != got && got != "p" {
			t.Fatalf("Accept %q and one more: %q, not %q", accept, form(accept+", x/y"), got)
		}
	})
}
