package app_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"glance/internal/app"
	"glance/internal/glance"
)

const peerImage = "11111111-1111-4111-8111-111111111111"

// TestPeers: what another node says, and what that is to the user.
func TestPeers(t *testing.T) {
	const unavailable = "Stage host is unavailable"
	tests := []struct {
		status int
		body   string
		want   glance.Error // none: success
	}{
		{status: 204},
		{status: 200, body: "done"},
		{403, `{"message": "Image is protected<br /><br />\nvery\n\n", "code": "403 Forbidden"}`, glance.Error{Kind: glance.Forbidden, Message: "Image is protected", Detail: "very"}},
		{404, `{"message": "Failed to find it<br /><br />\n\n\n"}`, glance.Error{Kind: glance.NotFound, Message: "Failed to find it"}},
		{409, `{"message": "In use"}`, glance.Error{Kind: glance.Conflict, Message: "In use"}},
		{401, `{"error": {"message": "nested"}}`, glance.Error{Kind: glance.Unauthenticated}},
		{400, `<html>`, glance.Error{Kind: glance.Invalid}},
		{410, `{"message": "` + strings.Repeat("x", 1<<17) + `"}`, glance.Error{Kind: glance.Gone}},
		{500, `{"message": "secret"}`, glance.Error{Kind: glance.BadGateway, Message: unavailable}},
		{503, "", glance.Error{Kind: glance.BadGateway, Message: unavailable}},
		{429, "", glance.Error{Kind: glance.BadGateway, Message: unavailable}},
		{307, "", glance.Error{Kind: glance.BadGateway, Message: unavailable}},
	}
	for _, tt := range tests {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			if got := r.Method + " " + r.URL.Path; got != "DELETE /image/v2/images/"+peerImage {
				t.Errorf("asked for %s", got)
			}
			w.Header().Set("X-Openstack-Request-Id", "req-node")
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}))
		id, err := app.NewPeers(time.Minute).Delete(t.Context(), server.URL+"/image/", peerImage, &glance.Caller{})
		server.Close()
		if asked != 1 {
			t.Errorf("%d: asked %d times", tt.status, asked)
		}
		if tt.want == (glance.Error{}) {
			if err != nil || id != "req-node" {
				t.Errorf("%d: %q, %v", tt.status, id, err)
			}
			continue
		}
		var got *glance.Error
		if !errors.As(err, &got) || got.Kind != tt.want.Kind || got.Message != tt.want.Message || got.Detail != tt.want.Detail {
			t.Errorf("%d: got %+v, want %+v", tt.status, got, tt.want)
		}
	}
}

// TestPeersIdentity: the other node hears who asks, whichever way it finds that
// out.
func TestPeersIdentity(t *testing.T) {
	whole := &glance.Caller{
		UserID: "u", UserName: "user", UserDomainID: "ud", ProjectID: "p", ProjectName: "project", ProjectDomainID: "pd",
		DomainID: "d", SystemScope: "all", Roles: []string{"member", "reader"}, NotAdminProject: true,
		ServiceUserID: "su", ServiceUserDomainID: "sud", ServiceProjectID: "sp", ServiceProjectDomainID: "spd",
		ServiceRoles: []string{"service"}, RequestID: "req-1", Token: "token",
	}
	common := map[string]string{"X-Glance-Replayed": "1", "X-Identity-Status": "Confirmed", "Accept": "application/json"}
	for _, tt := range []struct {
		who  *glance.Caller
		want map[string]string
	}{
		{&glance.Caller{}, nil},
		{whole, map[string]string{
			"X-Auth-Token": "token", "X-Openstack-Request-Id": "req-1", "X-User-Id": "u", "X-User-Name": "user", "X-User-Domain-Id": "ud",
			"X-Project-Id": "p", "X-Project-Name": "project", "X-Project-Domain-Id": "pd", "X-Domain-Id": "d",
			"Openstack-System-Scope": "all", "X-Roles": "member,reader", "X-Is-Admin-Project": "False",
			"X-Service-User-Id": "su", "X-Service-User-Domain-Id": "sud", "X-Service-Project-Id": "sp",
			"X-Service-Project-Domain-Id": "spd", "X-Service-Roles": "service",
		}},
	} {
		got := map[string]string{}
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			for name, values := range r.Header {
				got[name] = strings.Join(values, "|")
			}
		}))
		if _, err := app.NewPeers(time.Minute).Delete(t.Context(), server.URL, peerImage, tt.who); err != nil {
			t.Error(err)
		}
		server.Close()
		for _, name := range []string{"User-Agent", "Connection", "Accept-Encoding", "Content-Length"} {
			delete(got, name)
		}
		want := maps.Clone(common)
		maps.Copy(want, tt.want)
		if !maps.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
}

func TestPeersDown(t *testing.T) {
	stall := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stall }))
	rude := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	dead := httptest.NewServer(nil)
	dead.Close()
	t.Cleanup(rude.Close)
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(stall) })
	for _, tt := range []struct {
		host    string
		timeout time.Duration
		want    glance.Kind
	}{
		{dead.URL, time.Minute, glance.GatewayTimeout},
		{slow.URL, 50 * time.Millisecond, glance.GatewayTimeout},
		{rude.URL, time.Minute, glance.BadGateway},
		{"ftp://other", time.Minute, glance.BadGateway},
		{"http://%zz", time.Minute, glance.BadGateway},
		{"other", time.Minute, glance.BadGateway},
	} {
		_, err := app.NewPeers(tt.timeout).Delete(t.Context(), tt.host, peerImage, &glance.Caller{})
		if glance.KindOf(err) != tt.want {
			t.Errorf("%s: %v", tt.host, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := app.NewPeers(time.Minute).Delete(ctx, slow.URL, peerImage, &glance.Caller{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the client is gone: %v", err)
	}
}

// TestPeersImport: the other node is asked what the user has asked.
func TestPeersImport(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Image-Meta-Store")+" "+r.Header.Get("Content-Type")+" "+string(body))
		w.Header().Set("X-Openstack-Request-Id", "req-node")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	fast := "fast"
	for _, inStore := range []*string{nil, &fast} {
		id, err := app.NewPeers(time.Minute).Import(t.Context(), server.URL, peerImage, &glance.Caller{}, []byte(`{"a": 1}`), inStore)
		if err != nil || id != "req-node" {
			t.Errorf("%q, %v", id, err)
		}
	}
	const call = "POST /v2/images/" + peerImage + "/import "
	if want := []string{call + ` application/json {"a": 1}`, call + `fast application/json {"a": 1}`}; !slices.Equal(got, want) {
		t.Errorf("asked for %q", got)
	}
}
