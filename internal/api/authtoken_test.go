package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"glance/internal/api"
	"glance/internal/glance"
)

// tokens is a token check that always says the same.
type tokens struct {
	h    http.Header
	err  error
	path *string
}

func (k tokens) Check(_ context.Context, method, path string, _ http.Header) (http.Header, error) {
	if k.path != nil {
		*k.path = method + " " + path
	}
	return k.h, k.err
}

func (tokens) Challenge() string { return `Keystone uri="http://id"` }

// Spec auth-policy §1.1: bodies, and WWW-Authenticate on any 401.
func TestCheckTokens(t *testing.T) {
	const required = `{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`
	confirmed := http.Header{"X-User-Id": {"u"}}
	hello := api.Handle(func(w http.ResponseWriter, r *http.Request) error {
		_, err := w.Write([]byte("hello " + r.Header.Get("X-User-Id") + r.Header.Get("X-Claim")))
		return err
	})
	tests := []struct {
		name      string
		check     tokens
		next      http.Handler
		status    int
		body      string
		challenge bool
	}{
		{"known", tokens{h: confirmed}, hello, 200, "hello u", false},
		{"refused", tokens{err: &glance.Error{Kind: glance.Unauthenticated}}, hello, 401, required, true},
		{"service down", tokens{err: glance.Detailf(glance.Unavailable, "It is down.")}, hello, 503, "It is down.", false},
		{"refused by the application", tokens{h: confirmed}, failing(glance.Unauthenticated), 401, "could not verify", true},
		{"something else", tokens{h: confirmed}, failing(glance.NotFound), 404, "could not be found", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(behind(api.CheckTokens(tt.check), tt.next), "GET", "/", "X-Claim", "forged", "Accept", "text/html")
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			want := []string(nil)
			if tt.challenge {
				want = []string{`Keystone uri="http://id"`}
			}
			if got := w.Header().Values("WWW-Authenticate"); strings.Join(got, "|") != strings.Join(want, "|") {
				t.Errorf("WWW-Authenticate: %q", got)
			}
			if tt.name == "refused" && (w.Body.String() != required || w.Header().Get("Content-Type") != "application/json") {
				t.Errorf("%s %s", w.Header().Get("Content-Type"), w.Body)
			}
		})
	}
}

// The check sees the path as the client wrote it, mount included.
func TestCheckTokensPath(t *testing.T) {
	var path string
	m := &api.URLMap{}
	m.Mount("/v2", api.CheckTokens(tokens{err: errors.New("enough"), path: &path})(failing(glance.NotFound)))
	ask(api.Entrance{}.Wrap(m), "PUT", "/v2/images/a%20b")
	if path != "PUT /v2/images/a%20b" {
		t.Error(path)
	}
}
