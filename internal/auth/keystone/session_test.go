package keystone_test

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/internal/auth/keystone"
	"glance/internal/glance"
)

// Spec config §4.3: how the service logs in.
func TestLogin(t *testing.T) {
	const pw = `"password":"` + password + `"`
	tests := []struct {
		name string
		cred keystone.Credentials
		want string
	}{
		{
			"names",
			keystone.Credentials{AuthType: "v3password", Username: "g", Password: password, UserDomainName: "D", ProjectName: "p", ProjDomainID: "e"},
			`{"identity":{"methods":["password"],"password":{"user":{"name":"g",` + pw + `,"domain":{"name":"D"}}}},"scope":{"project":{"name":"p","domain":{"id":"e"}}}}`,
		},
		{
			"ids",
			keystone.Credentials{UserID: "u", Username: "g", Password: password, ProjectID: "pid", ProjectName: "p"},
			`{"identity":{"methods":["password"],"password":{"user":{"id":"u",` + pw + `}}},"scope":{"project":{"id":"pid"}}}`,
		},
		{
			"default domain",
			keystone.Credentials{AuthType: "password", Username: "g", Password: password, DefaultDomain: "D", ProjectName: "p"},
			`{"identity":{"methods":["password"],"password":{"user":{"name":"g",` + pw + `,"domain":{"name":"D"}}}},"scope":{"project":{"name":"p","domain":{"name":"D"}}}}`,
		},
		{
			"from before domains",
			keystone.Credentials{AuthType: "password", Username: "g", Password: password, ProjectName: "p"},
			`{"identity":{"methods":["password"],"password":{"user":{"name":"g",` + pw + `,"domain":{"id":"default"}}}},"scope":{"project":{"name":"p","domain":{"id":"default"}}}}`,
		},
		{
			"domain",
			keystone.Credentials{UserID: "u", Password: password, DomainName: "D"},
			`{"identity":{"methods":["password"],"password":{"user":{"id":"u",` + pw + `}}},"scope":{"domain":{"name":"D"}}}`,
		},
		{
			"system",
			keystone.Credentials{UserID: "u", Password: password, SystemScope: "all"},
			`{"identity":{"methods":["password"],"password":{"user":{"id":"u",` + pw + `}}},"scope":{"system":{"all":true}}}`,
		},
		{
			"trust",
			keystone.Credentials{UserID: "u", Password: password, TrustID: "t"},
			`{"identity":{"methods":["password"],"password":{"user":{"id":"u",` + pw + `}}},"scope":{"OS-TRUST:trust":{"id":"t"}}}`,
		},
		{
			"application credential",
			keystone.Credentials{AuthType: "v3applicationcredential", AppCredID: "a", AppCredSecret: password},
			`{"identity":{"methods":["application_credential"],"application_credential":{"id":"a","secret":"` + password + `"}}}`,
		},
		{
			"application credential by name",
			keystone.Credentials{AppCredName: "a", AppCredSecret: password, Username: "g", UserDomainID: "d"},
			`{"identity":{"methods":["application_credential"],"application_credential":{"name":"a","secret":"` + password + `","user":{"name":"g","domain":{"id":"d"}}}}}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := newIdentity(t)
			id.tokens[userToken] = describe("p1", "reader")
			c := config(id.url)
			c.Credentials = tt.cred
			c.Credentials.AuthURL = id.url
			f, _ := open(t, c)
			if _, err := ask(t, f, "X-Auth-Token", userToken); err != nil {
				t.Fatal(err)
			}
			var got, want any
			if json.Unmarshal([]byte(id.logins[0]), &got) != nil || json.Unmarshal([]byte(`{"auth":`+tt.want+`}`), &want) != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("sent %s\nwant %s", id.logins[0], tt.want)
			}
		})
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := config("http://id").Credentials
	tests := []struct {
		want   string // empty is no error
		change func(c *keystone.Config)
	}{
		{"", func(*keystone.Config) {}},
		{"auth_url is missing", func(c *keystone.Config) { c.Credentials.AuthURL = "" }},
		{"no http or https URL", func(c *keystone.Config) { c.Credentials.AuthURL = "id:5000/v3" }},
		{"no http or https URL", func(c *keystone.Config) { c.Credentials.AuthURL = "ftp://id" }},
		{"auth_type", func(c *keystone.Config) { c.Credentials.AuthType = "v3oidcpassword" }},
		{"username is missing", func(c *keystone.Config) { c.Credentials.Username = "" }},
		{"more than one", func(c *keystone.Config) { c.Credentials.DomainID = "d" }},
		{"application credential needs", func(c *keystone.Config) { c.Credentials.AuthType = "v3applicationcredential" }},
		{"cafile", func(c *keystone.Config) { c.CAFile = "/nonexistent" }},
		{"no certificate", func(c *keystone.Config) { c.CAFile = "/dev/null" }},
		{"certfile", func(c *keystone.Config) { c.CertFile = "/nonexistent" }},
		{"memcached_servers", func(c *keystone.Config) { c.Memcached.Servers = []string{"host:port"} }},
		{"memcache_secret_key", func(c *keystone.Config) { c.Memcached.Strategy = "mac" }},
		{"memcache_security_strategy", func(c *keystone.Config) { c.Memcached.Strategy = "rot13" }},
	}
	for _, tt := range tests {
		c := config("")
		c.Credentials = good
		tt.change(&c)
		f, err := keystone.Open(c)
		switch {
		case err == nil && tt.want == "":
			_ = f.Close()
		case err == nil || tt.want == "" || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secret):
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
}

// auth_url with and without a version, and the endpoint of the catalog.
func TestEndpoints(t *testing.T) {
	catalog := func(endpoints ...object) []object {
		return []object{{"type": "identity", "endpoints": endpoints}}
	}
	endpoint := func(iface, region, url string) object {
		return object{"interface": iface, "region": region, "region_id": region, "url": url}
	}
	tests := []struct {
		name, authPath string
		catalog        func(url string) []object
		iface, region  string
		want           string // where tokens are checked
	}{
		{"root", "", nil, "internal", "", "/v3"},
		{"slash", "/", nil, "internal", "", "/v3"},
		{"version", "/v3", nil, "internal", "", "/v3"},
		{"version and slash", "/v3/", nil, "internal", "", "/v3"},
		{"old version", "/v2.0", nil, "internal", "", "/v3"},
		{"below a path, listed", "/identity", nil, "internal", "", "/identity/v3"},
		{"below a path, not listed", "/other", nil, "internal", "", "/other/v3"},
		{"catalog", "/v3", func(u string) []object {
			return catalog(endpoint("public", "One", u+"/a"), endpoint("internal", "One", u+"/b/v3"))
		}, "internal", "", "/b/v3"},
		{"old spelling", "/v3", func(u string) []object { return catalog(endpoint("public", "One", u+"/a/v2.0")) }, "publicURL", "", "/a/v3"},
		{"region", "/v3", func(u string) []object {
			return catalog(endpoint("internal", "One", u+"/a"), endpoint("internal", "Two", u+"/b/v3"))
		}, "internal", "Two", "/b/v3"},
		{"not in the catalog", "/v3", func(u string) []object { return catalog(endpoint("public", "One", u+"/a")) }, "internal", "", "/v3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := newIdentity(t)
			id.tokens[userToken] = describe("p1", "reader")
			if tt.catalog != nil {
				id.catalog = tt.catalog(id.url)
			}
			c := config(id.url + tt.authPath)
			c.Interfaces, c.Region = []string{tt.iface}, tt.region
			f, _ := open(t, c)
			if _, err := ask(t, f, "X-Auth-Token", userToken); err != nil {
				t.Fatal(err)
			}
			if want := []string{tt.want + "/auth/tokens"}; !slices.Equal(id.asked, want) {
				t.Errorf("asked %q, want %q", id.asked, want)
			}
		})
	}
}

// What is asked for besides.
func TestQuestion(t *testing.T) {
	id := newIdentity(t)
	id.tokens[userToken] = describe("p1", "reader")
	id.tokens[glanceToken] = describe("service", "service")
	c := config(id.url + "/v3")
	c.Catalog, c.UserAgent = false, "glance-api"
	f, _ := open(t, c)
	if _, err := ask(t, f, "X-Auth-Token", userToken, "X-Service-Token", glanceToken); err != nil {
		t.Fatal(err)
	}
	want := []string{"/v3/auth/tokens?nocatalog", "/v3/auth/tokens?nocatalog&allow_expired=1"}
	if !slices.Equal(id.asked, want) || id.headers.Get("User-Agent") != "glance-api" {
		t.Errorf("asked %q as %s", id.asked, id.headers.Get("User-Agent"))
	}
}

// The service's own token: one for many, renewed ahead of its end, and anew
// when it is refused.
func TestOwnToken(t *testing.T) {
	id := newIdentity(t)
	c := config(id.url + "/v3")
	c.CacheTime = 0
	f, _ := open(t, c)
	id.tokens[userToken] = describe("p1", "reader")
	together := func() {
		t.Helper()
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if _, err := ask(t, f, "X-Auth-Token", userToken, "X-Service-Token", secret+string(rune('a'+i))); !errors.Is(err, glance.Unauthenticated) {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	together()
	together()
	if logins, _ := id.counts(); logins != 1 {
		t.Errorf("%d logins", logins)
	}
	id.set(func() { clear(id.own) })
	if _, err := ask(t, f, "X-Auth-Token", userToken); err != nil {
		t.Errorf("after the service lost its tokens: %v", err)
	}
	if logins, _ := id.counts(); logins != 2 {
		t.Errorf("%d logins", logins)
	}

	id.set(func() { clear(id.own); id.ownLife = 20 * time.Second }) // it ends soon
	for range 2 {
		if _, err := ask(t, f, "X-Auth-Token", userToken); err != nil {
			t.Error(err)
		}
	}
	if logins, _ := id.counts(); logins != 4 {
		t.Errorf("%d logins, want one for each request that met a token about to end", logins)
	}
	id.set(func() {
		id.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				answer(w, 500, object{})
			}
			return r.Method == http.MethodPost
		}
	})
	if _, err := ask(t, f, "X-Auth-Token", userToken); err != nil {
		t.Errorf("a token that still holds is used when there is no new one: %v", err)
	}
}

// A password that is wrong, and a service that is not allowed to ask.
func TestServiceIsRefused(t *testing.T) {
	id := newIdentity(t)
	id.tokens[userToken] = describe("p1", "reader")
	c := config(id.url)
	c.Credentials.Password = secret + "wrong"
	f, _ := open(t, c)
	if _, err := ask(t, f, "X-Auth-Token", userToken); !errors.Is(err, glance.Unavailable) || !strings.Contains(err.Error(), "log in at the identity service: it answers 401") {
		t.Errorf("wrong password: %v", err)
	}
	f, _ = open(t, config(id.url))
	id.set(func() {
		id.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "tokens") {
				answer(w, 403, object{"error": object{"code": 403, "message": r.Header.Get("X-Subject-Token")}})
				return true
			}
			return false
		}
	})
	if _, err := ask(t, f, "X-Auth-Token", userToken); !errors.Is(err, glance.Unavailable) || !strings.Contains(err.Error(), "answers 403") {
		t.Errorf("not allowed: %v", err)
	}
}

// Tokens and passwords do not follow a redirect to another server.
func TestRedirects(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	id.tokens[userToken] = describe("p1", "reader")
	to := strings.Replace(other.url, "127.0.0.1", "localhost", 1) // another name
	id.before = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, to+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	}
	f, _ := open(t, config(id.url+"/v3"))
	if _, err := ask(t, f, "X-Auth-Token", userToken); !errors.Is(err, glance.Unavailable) || !strings.Contains(err.Error(), "redirected to another server") {
		t.Error(err)
	}
	if logins, questions := other.counts(); logins+questions != 0 {
		t.Error("the other server was asked")
	}
	id.set(func() {
		id.before = func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/moved") {
				return false
			}
			http.Redirect(w, r, "/moved"+r.URL.Path, http.StatusPermanentRedirect)
			return true
		}
	})
	if _, err := ask(t, f, "X-Auth-Token", userToken); err != nil {
		t.Errorf("on the same server: %v", err)
	}
}

func TestTLS(t *testing.T) {
	id := newIdentity(t)
	id.tokens[userToken] = describe("p1", "reader")
	server := httptest.NewUnstartedServer(id)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of the handshake that fails
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(c *keystone.Config)
		ok     bool
	}{
		"unknown authority": {func(*keystone.Config) {}, false},
		"cafile":            {func(c *keystone.Config) { c.CAFile = ca }, true},
		"insecure":          {func(c *keystone.Config) { c.Insecure = true }, true},
	} {
		c := config(server.URL)
		tt.change(&c)
		f, _ := open(t, c)
		if _, err := ask(t, f, "X-Auth-Token", userToken); tt.ok != (err == nil) || !tt.ok && !errors.Is(err, glance.Unavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
