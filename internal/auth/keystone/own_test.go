package keystone_test

import (
	"errors"
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
