package api_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"glance/internal/api"
	"glance/internal/glance"
)

func cors() api.CORS {
	return api.CORS{
		AllowedOrigin:    []string{"http://dashboard.example.com", "http://other.example.com:8080"},
		AllowCredentials: true,
		ExposeHeaders:    []string{"X-Auth-Token", "X-OpenStack-Request-ID"},
		MaxAge:           3600,
		AllowMethods:     []string{"GET", "PUT"},
		AllowHeaders:     []string{"X-Auth-Token"},
	}
}

// corsHeaders are the headers that the filter may add, as one line.
func corsHeaders(h http.Header) string {
	var out []string
	for _, name := range []string{"Vary", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"} {
		if h.Get(name) != "" {
			out = append(out, strings.TrimPrefix(name, "Access-Control-")+"="+h.Get(name))
		}
	}
	return strings.Join(out, " ")
}

// behind puts a filter behind an entrance, which OnHeader needs.
func behind(m func(http.Handler) http.Handler, app http.Handler) http.Handler {
	return api.Entrance{Log: slog.New(slog.DiscardHandler)}.Wrap(m(app))
}

// Spec images-v2 §3.1, recordings cors-simple and cors-off.
func TestCORSRequests(t *testing.T) {
	const allowed = "Vary=Origin Allow-Origin=http://dashboard.example.com Allow-Credentials=true Expose-Headers=X-Auth-Token,X-OpenStack-Request-ID"
	tests := []struct{ name, origin, want string }{
		{"allowed", "http://dashboard.example.com", allowed},
		{"second", "http://other.example.com:8080", strings.Replace(allowed, "dashboard.example.com", "other.example.com:8080", 1)},
		{"none", "", ""},
		{"evil", "http://evil.example.com", ""},
		{"slash", "http://dashboard.example.com/", ""},
		{"case", "HTTP://DASHBOARD.example.com", ""},
		{"star", "*", ""},
		{"null", "null", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for what, app := range map[string]http.Handler{"success": echoPath(), "error": failing(glance.NotFound), "nothing": http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})} {
				if got := corsHeaders(ask(behind(cors().Wrap, app), "GET", "/", "Origin", tt.origin).Header()); got != tt.want {
					t.Errorf("%s: %s, want %s", what, got, tt.want)
				}
			}
		})
	}
}

func TestCORSKeepsWhatIsThere(t *testing.T) {
	with := func(name, value string) string {
		app := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(name, value) })
		return corsHeaders(ask(behind(cors().Wrap, app), "GET", "/", "Origin", "http://dashboard.example.com").Header())
	}
	if got := with("Vary", "Accept"); !strings.HasPrefix(got, "Vary=Accept,Origin ") {
		t.Errorf("Vary: %s", got)
	}
	if got := with("Access-Control-Allow-Origin", "x"); got != "Allow-Origin=x" {
		t.Errorf("Allow-Origin: %s", got)
	}
	any := cors()
	any.AllowedOrigin, any.AllowCredentials = []string{"*"}, false
	got := corsHeaders(ask(behind(any.Wrap, echoPath()), "GET", "/", "Origin", "http://x").Header())
	if want := "Vary=Origin Allow-Origin=* Expose-Headers=X-Auth-Token,X-OpenStack-Request-ID"; got != want {
		t.Errorf("all origins: %s, want %s", got, want)
	}
}

func TestCORSOptions(t *testing.T) {
	const origin = "http://dashboard.example.com"
	const allowed = "Vary=Origin Allow-Origin=http://dashboard.example.com Allow-Credentials=true Max-Age=3600 Allow-Methods=PUT"
	tests := []struct{ name, origin, method, headers, want string }{
		{"nothing asked", "", "", "", ""},
		{"allowed", origin, "PUT", "", allowed},
		{"headers", origin, "PUT", " x-auth-token , Accept,,", allowed + " Allow-Headers=x-auth-token,Accept"},
		{"origin", "http://evil", "PUT", "", ""},
		{"no method", origin, "", "", ""},
		{"method", origin, "DELETE", "", ""},
		{"method in lower case", origin, "put", "", ""},
		{"header", origin, "PUT", "X-Auth-Token,X-Secret", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked := []string{"Origin", tt.origin, "Access-Control-Request-Method", tt.method, "Access-Control-Request-Headers", tt.headers}
			w := ask(behind(cors().Wrap, failing(glance.Unauthenticated)), "OPTIONS", "/", asked...)
			if w.Code != 200 || w.Body.Len() > 0 || w.Header().Get("Content-Length") != "0" || w.Header().Get("Content-Type") != "" {
				t.Errorf("refused: %d %v %q", w.Code, w.Header(), w.Body)
			}
			if got := corsHeaders(w.Header()); got != tt.want {
				t.Errorf("refused: %s, want %s", got, tt.want)
			}
			w = ask(behind(cors().Wrap, echoPath()), "OPTIONS", "/x", asked...)
			if got := corsHeaders(w.Header()); got != tt.want || w.Body.String() != "/x" {
				t.Errorf("answered: %s %q, want %s", got, w.Body, tt.want)
			}
		})
	}
	// The document of versions on /versions is 200 and stays, on / it is 300 and goes.
	if w := ask(behind(cors().Wrap, api.Versions{}.Negotiate(nil)), "OPTIONS", "/versions"); w.Body.Len() == 0 {
		t.Error("no document")
	}
	if w := ask(behind(cors().Wrap, api.Versions{}.Negotiate(nil)), "OPTIONS", "/"); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
}
