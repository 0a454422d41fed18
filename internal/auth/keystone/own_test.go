package keystone_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/internal/auth/keystone"
	"glance/internal/glance"
)

func openSession(t *testing.T, url string) *keystone.Session {
	t.Helper()
	s, err := keystone.OpenSession(keystone.Config{Credentials: config(url).Credentials})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// One login for all who ask, another one shortly before its end or when a token
// is refused; a refusal that comes late drops no newer token.
func TestSession(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	s := openSession(t, id.url+"/v2.0")
	token := func() string {
		t.Helper()
		got, err := s.Token(t.Context())
		if err != nil {
			t.Error(err)
		}
		return got
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { token() })
	}
	all.Wait()
	first := token()
	if logins, _ := id.counts(); logins != 1 || !strings.HasPrefix(first, secret) {
		t.Errorf("%d logins, token %q", logins, first)
	}
	s.Refused(first)
	second := token()
	s.Refused(first)
	if again := token(); second == first || again != second {
		t.Errorf("tokens %s, %s, %s", first, second, again)
	}
	id.set(func() { id.ownLife = 20 * time.Second })
	s.Refused(second)
	if ending := token(); ending == token() {
		t.Error("a token that ends in 20 s is given again")
	}
}

func TestSessionWithoutIdentity(t *testing.T) {
	t.Parallel()
	if s, err := keystone.OpenSession(keystone.Config{}); s != nil || err == nil || !strings.Contains(err.Error(), "auth_url") {
		t.Errorf("%v, %v", s, err)
	}
	if s, err := keystone.OpenSession(keystone.Config{Credentials: config("http://id").Credentials, CAFile: "/nonexistent"}); s != nil || err == nil {
		t.Errorf("%v, %v", s, err)
	}
	s := openSession(t, "http://127.0.0.1:1/v3")
	if token, err := s.Token(t.Context()); token != "" || !errors.Is(err, glance.Unavailable) {
		t.Errorf("%q, %v", token, err)
	}
}

// TestSessionGet: questions go to the identity service that the configuration
// chooses, with a token that is renewed when it is refused.
func TestSessionGet(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	id.catalog = []object{
		{"type": "identity", "name": "old", "endpoints": []object{{"interface": "public", "region": "One", "url": id.url + "/old/v3"}}},
		{"type": "identity", "name": "keystone", "endpoints": []object{
			{"interface": "public", "region": "One", "url": id.url + "/public/v3"},
			{"interface": "internal", "region": "Two", "url": id.url + "/internal/v3"},
		}},
	}
	var asked []string
	refuse, busy := 0, 0
	id.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/limits") {
			return false
		}
		asked = append(asked, r.URL.RequestURI())
		switch {
		case !id.own[r.Header.Get("X-Auth-Token")]:
			answer(w, 400, object{})
		case refuse > 0:
			refuse--
			answer(w, 401, object{})
		case busy > 0:
			busy--
			answer(w, 503, object{})
		default:
			answer(w, 200, object{"limits": []object{}})
		}
		return true
	}
	for name, tt := range map[string]struct {
		conf         keystone.Config
		refuse, busy int
		at           string
		status       int
	}{
		"no catalog":         {conf: keystone.Config{Interfaces: []string{"admin"}}, at: "/v3", status: 200},
		"first interface":    {conf: keystone.Config{Interfaces: []string{"internal", "public"}, EndpointName: "keystone"}, at: "/internal/v3", status: 200},
		"in a region":        {conf: keystone.Config{Interfaces: []string{"internal", "public"}, EndpointName: "keystone", Region: "One"}, at: "/public/v3", status: 200},
		"override":           {conf: keystone.Config{Endpoint: id.url + "/over/v3"}, at: "/over/v3", status: 200},
		"refused once":       {refuse: 1, at: "/v3", status: 200},
		"refused always":     {refuse: 9, at: "/v3"},
		"busy, once":         {busy: 1, conf: keystone.Config{StatusRetries: 1}, at: "/v3", status: 200},
		"busy, nobody asked": {busy: 1, at: "/v3", status: 503},
	} {
		tt.conf.Credentials = config(id.url).Credentials
		s, err := keystone.OpenSession(tt.conf)
		if err != nil {
			t.Fatal(err)
		}
		id.set(func() { asked, refuse, busy = nil, tt.refuse, tt.busy })
		status, body, err := s.Get(t.Context(), "/limits?service_id=x")
		if status != tt.status || (status == 0) != errors.Is(err, glance.Unavailable) || status == 200 && !strings.Contains(string(body), "limits") {
			t.Errorf("%s: %d %s, %v", name, status, body, err)
		}
		id.set(func() {
			for _, uri := range asked {
				if uri != tt.at+"/limits?service_id=x" {
					t.Errorf("%s: asked %s", name, uri)
				}
			}
		})
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
