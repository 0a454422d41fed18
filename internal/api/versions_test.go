package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"glance/internal/api"
)

// versionList gives the ids of a document, the current one in capitals.
func versionList(t *testing.T, body string) string {
	t.Helper()
	var doc struct {
		Versions []struct {
			ID, Status string
			Links      []struct{ Rel, Href string }
		}
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	var ids []string
	for _, v := range doc.Versions {
		id := strings.TrimPrefix(v.ID, "v2.")
		if v.Status != "SUPPORTED" {
			id += v.Status[:1]
		}
		if len(v.Links) != 1 || v.Links[0].Rel != "self" {
			t.Errorf("links of %s: %v", v.ID, v.Links)
		}
		ids = append(ids, id)
	}
	return strings.Join(ids, " ")
}

// Spec images-v2 §2, recordings versions-*.
func TestVersionsDocument(t *testing.T) {
	const old = " 7 6 5 4 3 2 1 0"
	tests := []struct {
		name     string
		versions api.Versions
		want     string
	}{
		{"cache, stores", api.Versions{ImageCache: true, ManyStores: true}, "18C 17 16 15 14 13 12 11 10 9 8" + old},
		{"cache", api.Versions{ImageCache: true}, "18C 17 16 15 14 9" + old},
		{"stores", api.Versions{ManyStores: true}, "15 13 12 11 10 9 8 17C" + old},
		{"neither", api.Versions{}, "15 9 17C" + old},
		{"v1 as well", api.Versions{V1: true}, "15 9 17C" + old + " v1.1D v1.0D"},
		{"v1 only", api.Versions{V1: true, NoV2: true}, "v1.1D v1.0D"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(tt.versions, "POST", "/")
			if got := versionList(t, w.Body.String()); w.Code != 300 || got != tt.want {
				t.Errorf("%d %s, want %s", w.Code, got, tt.want)
			}
		})
	}
	body := ask(api.Versions{}, "GET", "http://127.0.0.1:1234/").Body.String()
	const first = `{"versions": [{"id": "v2.15", "status": "SUPPORTED", "links": [{"rel": "self", "href": "http://127.0.0.1:1234/v2/"}]}, {"id": `
	// Recording versions-single: HEAD /versions has the length 1158 for such an address.
	if !strings.HasPrefix(body, first) || len(body) != 1158 {
		t.Errorf("%d bytes: %s", len(body), body)
	}
}

func TestVersionsBase(t *testing.T) {
	href := func(v api.Versions, target string, headers ...string) string {
		h := api.ForwardedHeaders(v)
		return strings.SplitN(ask(h, "GET", target, headers...).Body.String(), `"href": "`, 2)[1]
	}
	tests := []struct {
		name, got, want string
	}{
		{"request", href(api.Versions{}, "http://a.example:9292/"), "http://a.example:9292/v2/"},
		{"usual port", href(api.Versions{}, "http://a.example:80/"), "http://a.example/v2/"},
		{"proxy", href(api.Versions{}, "/", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "b:443", "X-Forwarded-Prefix", "/im age"), "https://b/im%20age/v2/"},
		{"endpoint", href(api.Versions{PublicEndpoint: "https://c/glance"}, "/"), "https://c/glance/v2/"},
		{"endpoint with slash", href(api.Versions{PublicEndpoint: "https://c/glance/"}, "/"), "https://c/glance/v2/"},
	}
	for _, tt := range tests {
		if !strings.HasPrefix(tt.got, tt.want+`"`) {
			t.Errorf("%s: %.60s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

// echoPath says where a request arrived.
func echoPath() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	})
}

// Spec images-v2 §2, recordings versions-aliases-*, versions-accept.
func TestNegotiation(t *testing.T) {
	const vnd = "application/vnd.openstack.images-"
	all := api.Versions{ImageCache: true, ManyStores: true}
	tests := []struct {
		versions     api.Versions
		path, accept string
		status       int
		want         string // where the request arrives
	}{
		{api.Versions{}, "/v2/images", "", 200, "/v2/images"},
		{api.Versions{}, "/v2", "", 200, "/v2"},
		{api.Versions{}, "/v2/", "", 200, "/v2/"},
		{api.Versions{}, "//v2//images", "", 200, "/v2//images"},
		{api.Versions{}, "/v2.0/images", "", 200, "/v2/images"},
		{api.Versions{}, "/v2.9", "", 200, "/v2"},
		{api.Versions{}, "/v2.17/images", "", 200, "/v2/images"},
		{api.Versions{}, "/v2.18/images", "", 300, ""},
		{api.Versions{}, "/v2.8/images", "", 300, ""},
		{api.Versions{}, "/v2.07/images", "", 300, ""},
		{api.Versions{}, "/v2.+7/images", "", 300, ""},
		{api.Versions{}, "/v2.", "", 300, ""},
		{all, "/v2.18/images", "", 200, "/v2/images"},
		{all, "/v2.8/images", "", 200, "/v2/images"},
		{all, "/v2.19/images", "", 300, ""},
		{all, "/v1/images", "", 300, ""},
		{all, "/va.1/images", "", 300, ""},
		{all, "/images", "", 300, ""},
		{all, "/", "", 300, ""},
		{all, "", "", 300, ""},
		{all, "/versions", "", 200, "document"},
		{all, "/versions/", "", 200, "document"},
		{all, "//versions/x", "", 200, "document"},
		{all, "/versionsx", "", 300, ""},
		{api.Versions{}, "/images", vnd + "v2", 200, "/v2/images"},
		{api.Versions{}, "/images", vnd + "v2.3", 200, "/v2/images"},
		{api.Versions{}, "/v2/images", vnd + "v2", 200, "/v2/v2/images"},
		{api.Versions{}, "/images", vnd + "v2.8", 300, ""},
		{api.Versions{}, "/images", vnd + "v1", 300, ""},
		{api.Versions{}, "/images", vnd + "v2,application/json", 300, ""},
		{api.Versions{}, "/images", "application/json", 300, ""},
		{api.Versions{}, "/versions", vnd + "v2", 200, "document"},
		{api.Versions{V1: true}, "/v1.1/images/detail", "", 200, "/v1/images/detail"},
		{api.Versions{V1: true}, "/images", vnd + "v1.0", 200, "/v1/images"},
		{api.Versions{V1: true, NoV2: true}, "/v2/images", "", 300, ""},
	}
	for _, tt := range tests {
		t.Run(tt.path+" "+tt.accept, func(t *testing.T) {
			r, w := request("GET", "/", "Accept", tt.accept)
			r.URL.Path = tt.path
			tt.versions.Negotiate(echoPath()).ServeHTTP(w, r)
			got := w.Body.String()
			if strings.HasPrefix(got, "{") {
				if got = ""; w.Code == 200 {
					got = "document"
				}
			}
			if w.Code != tt.status || got != tt.want {
				t.Errorf("%d %s, want %d %s", w.Code, got, tt.status, tt.want)
			}
			if w.Header().Get("X-Openstack-Request-Id") != "" {
				t.Error("a request id from nowhere")
			}
		})
	}
}

func TestVersionsHead(t *testing.T) {
	w := ask(api.Versions{}.Negotiate(nil), "HEAD", "/versions")
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0" {
		t.Errorf("%d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
}
