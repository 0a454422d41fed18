package api_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"glance/internal/api"
	"glance/internal/auth"
	"glance/internal/glance"
)

// fixed is an authenticator that always says the same.
type fixed struct {
	caller glance.Caller
	err    error
}

func (f fixed) Authenticate(context.Context, http.Header) (glance.Caller, error) {
	return f.caller, f.err
}

func whoami() http.Handler {
	return api.Handle(func(w http.ResponseWriter, r *http.Request) error {
		c := api.CallerFrom(r.Context())
		_, err := io.WriteString(w, c.UserID+" "+c.RequestID)
		return err
	})
}

var requestID = regexp.MustCompile(`^req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// Spec images-v2 §1.5, recording errors-request-id.
func TestRequestID(t *testing.T) {
	known := fixed{caller: glance.Caller{UserID: "u"}}
	long := strings.Repeat("r", 64)
	tests := []struct {
		name   string
		id     api.Identity
		sent   string
		status int
		want   string // empty is none, new is a fresh one
	}{
		{"none sent", api.Identity{Authenticator: known}, "", 200, "new"},
		{"taken over", api.Identity{Authenticator: known}, "req-mine", 200, "req-mine"},
		{"prefixed", api.Identity{Authenticator: known}, "mine", 200, "req-mine"},
		{"not asked for", api.Identity{Authenticator: known, OwnIDs: true}, "req-mine", 200, "new"},
		{"anonymous", api.Identity{Authenticator: fixed{caller: glance.Caller{ReadOnly: true}}}, "req-mine", 200, "new"},
		{"as long as may be", api.Identity{Authenticator: known, MaxRequestID: 64}, long, 200, "req-" + long},
		{"too long", api.Identity{Authenticator: known, MaxRequestID: 64}, long + "r", 431, ""},
		{"no limit", api.Identity{Authenticator: known}, long + "r", 200, "req-" + long + "r"},
		{"nobody", api.Identity{Authenticator: fixed{err: &glance.Error{Kind: glance.Unauthenticated}}}, "req-401", 401, ""},
		{"catalog", api.Identity{Authenticator: fixed{err: auth.ErrCatalog}}, "req-500", 500, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(behind(api.Identify(tt.id), whoami()), "GET", "/", "X-Openstack-Request-Id", tt.sent)
			got := w.Header().Get("X-Openstack-Request-Id")
			if tt.want == "new" && requestID.MatchString(got) {
				tt.want = got
			}
			if w.Code != tt.status || got != tt.want {
				t.Errorf("%d %q, want %d %q", w.Code, got, tt.status, tt.want)
			}
			if w.Code == 200 && !strings.HasSuffix(w.Body.String(), " "+got) {
				t.Errorf("the application sees %q, the client %q", w.Body, got)
			}
		})
	}
}

func TestRequestIDOnErrors(t *testing.T) {
	id := api.Identity{Authenticator: fixed{}}
	for name, app := range map[string]http.Handler{
		"error": failing(glance.NotFound),
		"panic": api.Handle(func(http.ResponseWriter, *http.Request) error { panic("x") }),
	} {
		w := ask(behind(api.Identify(id), app), "GET", "/", "X-Openstack-Request-Id", "req-1")
		if got := w.Header().Get("X-Openstack-Request-Id"); got != "req-1" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A request without any filter that asks is nobody's.
func TestCallerFromNowhere(t *testing.T) {
	if c := api.CallerFrom(t.Context()); !c.ReadOnly || c.Admin || c.Roles != nil {
		t.Errorf("%+v", c)
	}
}
