package keystone_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/auth/keystone"
	"glance/internal/glance"
)

// direct answers without a network, so that time can be fake.
type direct struct{ id *identity }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.id.ServeHTTP(w, r)
	return w.Result(), nil
}

// fake makes a filter and its identity service for a bubble of fake time.
func fake(t *testing.T, change func(c *keystone.Config)) (*keystone.Filter, *identity) {
	id := &identity{tokens: map[string]object{}, own: map[string]bool{}, ownLife: 24 * time.Hour}
	c := config("http://id/v3")
	if change != nil {
		change(&c)
	}
	f, _ := open(t, c)
	f.SetTransport(direct{id})
	return f, id
}

// Spec config §4.3, token_cache_time.
func TestRememberedTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, id := fake(t, nil)
		until := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339Nano) }
		id.tokens[userToken] = with(describe("p1", "reader"), "expires_at", until(time.Hour))
		id.tokens[otherToken] = with(describe("p1", "reader"), "expires_at", until(time.Minute))
		steps := []struct {
			wait      time.Duration
			token     string
			ok        bool
			questions int // so far
		}{
			{0, userToken, true, 1},
			{time.Second, userToken, true, 1},
			{5*time.Minute - 2*time.Second, userToken, true, 1},
			{2 * time.Second, userToken, true, 2},
			{0, secret + "no", false, 3},
			{29 * time.Second, secret + "no", false, 3},
			{2 * time.Second, secret + "no", false, 4},
		}
		for i, s := range steps {
			time.Sleep(s.wait)
			_, err := ask(t, f, "X-Auth-Token", s.token)
			if _, questions := id.counts(); s.ok != (err == nil) || questions != s.questions {
				t.Errorf("step %d: %v, %d questions", i, err, questions)
			}
		}

		// Never beyond the token's own end.
		id.tokens[otherToken] = with(describe("p1", "reader"), "expires_at", until(time.Minute))
		if _, err := ask(t, f, "X-Auth-Token", otherToken); err != nil {
			t.Error(err)
		}
		_, before := id.counts()
		time.Sleep(time.Minute)
		if _, err := ask(t, f, "X-Auth-Token", otherToken); !errors.Is(err, glance.Unauthenticated) {
			t.Errorf("an expired token: %v", err)
		}
		if _, after := id.counts(); after != before+1 {
			t.Errorf("%d questions more", after-before)
		}
	})
}

func TestCacheOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, id := fake(t, func(c *keystone.Config) { c.CacheTime = -time.Second })
		id.tokens[userToken] = describe("p1", "reader")
		for range 3 {
			_, _ = ask(t, f, "X-Auth-Token", userToken)
			_, _ = ask(t, f, "X-Auth-Token", secret+"no")
		}
		if _, questions := id.counts(); questions != 6 {
			t.Errorf("%d questions", questions)
		}
	})
}

// Retries wait longer each time, and all of it ends with the timeout.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := fake(t, func(c *keystone.Config) { c.Retries, c.Timeout = 3, 10*time.Second })
		var at []time.Duration
		start := time.Now()
		f.SetTransport(roundTrip(func(*http.Request) (*http.Response, error) {
			at = append(at, time.Since(start))
			return nil, &netError
		}))
		if _, err := ask(t, f, "X-Auth-Token", userToken); !errors.Is(err, glance.Unavailable) {
			t.Error(err)
		}
		if got := fmt.Sprint(at); got != "[0s 500ms 1.5s 3.5s]" {
			t.Errorf("asked at %s", got)
		}
	})
}

// Many at once ask one question; who leaves takes nobody along.
func TestOneQuestionForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, id := fake(t, nil)
		id.tokens[userToken] = describe("p1", "reader")
		slow := direct{id}
		f.SetTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return slow.RoundTrip(r)
		}))
		var all sync.WaitGroup
		first, leave := newCanceled(t)
		all.Go(func() {
			h := http.Header{"X-Auth-Token": {userToken}}
			if _, err := f.Check(first, "GET", "/", h); !errors.Is(err, first.Err()) || err == nil {
				t.Errorf("who left got %v", err)
			}
		})
		synctest.Wait()
		for range 50 {
			all.Go(func() {
				if _, err := ask(t, f, "X-Auth-Token", userToken); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		leave()
		all.Wait()
		if logins, questions := id.counts(); logins != 1 || questions != 1 {
			t.Errorf("%d logins, %d questions", logins, questions)
		}
	})
}

// The cache has an end, what is used stays, and what has ended goes first.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := keystone.NewCache(6400)
		hour := time.Now().Add(time.Hour)
		c.Put("used", 1, hour)
		for i := range 100_000 {
			if i%1000 == 0 {
				time.Sleep(2 * time.Second)
				if v, ok := c.Get("used"); !ok || v != 1 {
					t.Fatalf("what is used went after %d others", i)
				}
			}
			c.Put(fmt.Sprint(i), i, hour)
		}
		if n := c.Size(); n < 6000 || n > 6400 {
			t.Errorf("%d entries", n)
		}
		if v, ok := c.Get("99999"); !ok || v != 99999 {
			t.Error("the last one is not there")
		}
		if _, ok := c.Get("0"); ok {
			t.Error("the first one is still there")
		}
		time.Sleep(time.Hour)
		if _, ok := c.Get("99999"); ok {
			t.Error("it is there after its end")
		}
	})
}

// Bad tokens drive no good ones out.
func TestRefusalsAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, id := fake(t, nil)
		id.tokens[userToken] = describe("p1", "reader")
		_, _ = ask(t, f, "X-Auth-Token", userToken)
		for i := range 300 {
			_, _ = ask(t, f, "X-Auth-Token", fmt.Sprint(secret, "bad-", i))
		}
		if valid, invalid := f.Remembered(); valid != 1 || invalid != 300 {
			t.Errorf("%d tokens and %d refusals remembered", valid, invalid)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func BenchmarkRemembered(b *testing.B) {
	id := &identity{tokens: map[string]object{}, own: map[string]bool{}, ownLife: 24 * time.Hour}
	f, _ := open(b, config("http://id/v3"))
	f.SetTransport(direct{id})
	token := "gAAAA" + strings.Repeat("x", 180)
	id.tokens[token] = describe("p1", "member", "reader")
	h := http.Header{
		"X-Auth-Token": {token}, "Accept": {"application/json"}, "User-Agent": {"openstacksdk/1.0"}, "Accept-Encoding": {"gzip, deflate"},
		"Connection": {"keep-alive"}, "X-Openstack-Request-Id": {"req-1"}, "Content-Type": {"application/json"},
	}
	one := func(b *testing.B) {
		if _, err := f.Check(b.Context(), "GET", "/v2/images", h); err != nil {
			b.Error(err)
		}
	}
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			one(b)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(32)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				one(b)
			}
		})
	})
}
