package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"glance/internal/api"
)

// seen says what an application sees of a request.
func seen() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, api.BaseURL(r)+api.Mount(r)+" "+r.RemoteAddr)
	})
}

// Spec images-v2 §3.2, recording proxy-headers.
func TestForwardedHeaders(t *testing.T) {
	tests := []struct {
		name    string
		headers []string
		want    string
	}{
		{"none", nil, "http://example.com 192.0.2.1:1234"},
		{"proto", []string{"X-Forwarded-Proto", "https"}, "https://example.com 192.0.2.1:1234"},
		{"host", []string{"X-Forwarded-Host", "ext.example.com"}, "http://ext.example.com 192.0.2.1:1234"},
		{"prefix", []string{"X-Forwarded-Prefix", "/image/"}, "http://example.com/image 192.0.2.1:1234"},
		{"for", []string{"X-Forwarded-For", "10.0.0.1, 10.0.0.2"}, "http://example.com 10.0.0.1"},
		{"several proxies", []string{"X-Forwarded-Proto", "https, http", "X-Forwarded-Host", "a , b"}, "https://a 192.0.2.1:1234"},
		{"all", []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "a.example.com", "X-Forwarded-Prefix", "/p"}, "https://a.example.com/p 192.0.2.1:1234"},
		{"rfc 7239", []string{"Forwarded", "proto=https;host=f.example.com;for=10.0.0.1"}, "https://f.example.com 10.0.0.1"},
		{"first element", []string{"Forwarded", "proto=https, proto=http;host=b"}, "https://example.com 192.0.2.1:1234"},
		{"rfc 7239 wins", []string{"Forwarded", "host=f", "X-Forwarded-Proto", "https", "X-Forwarded-Prefix", "/p"}, "http://f/p 192.0.2.1:1234"},
		{"quotes and blanks", []string{"Forwarded", `For="[2001:db8::1]:4711" ; Host="a:80, \"" ; proto=HTTPS`}, "https://example.com [2001:db8::1]:4711"},
		{"quoted host", []string{"Forwarded", `host="a:8080";by=x`}, "http://a:8080 192.0.2.1:1234"},
		{"nonsense", []string{"Forwarded", `;;=;proto;host=a/b;"`}, "http://example.com 192.0.2.1:1234"},
		{"no scheme of ours", []string{"X-Forwarded-Proto", "javascript", "X-Forwarded-Host", "a b", "X-Forwarded-Prefix", "evil"}, "http://example.com 192.0.2.1:1234"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(api.ForwardedHeaders(seen()), "GET", "/", tt.headers...).Body.String(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// A client cannot choose the scheme by itself, not even in the request line.
func TestSchemeIsThatOfTheConnection(t *testing.T) {
	if got := ask(api.Entrance{}.Wrap(seen()), "GET", "https://example.com/").Body.String(); !strings.HasPrefix(got, "https:") {
		t.Errorf("TLS: %s", got) // httptest sets r.TLS for https
	}
	r, w := request("GET", "/", "X-Forwarded-Proto", "https")
	r.URL.Scheme = "https"
	api.Entrance{}.Wrap(seen()).ServeHTTP(w, r)
	if got := w.Body.String(); !strings.HasPrefix(got, "http:") {
		t.Errorf("claimed: %s", got)
	}
}

func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"proto=https;host=a;for=b, proto=http", `for="[::1]:80";host="\"`, ";,=\"", "host=a;host=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := ask(api.ForwardedHeaders(seen()), "GET", "/", "Forwarded", header).Body.String()
		base, _, _ := strings.Cut(got, " ")
		rest, ok := strings.CutPrefix(base, "http://")
		if !ok {
			rest, ok = strings.CutPrefix(base, "https://")
		}
		if !ok || rest == "" || strings.ContainsAny(rest, "/?#@<>\"\r\n\\") {
			t.Fatalf("%q leads to %q", header, got)
		}
	})
}
