package keystone_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"glance/internal/auth/keystone"
	"glance/internal/glance"
)

// identityOf are the headers about identities.
func identityOf(h http.Header) map[string]string {
	out := map[string]string{}
	for name, values := range h {
		if name != "X-Auth-Token" && name != "X-Storage-Token" && name != "X-Service-Token" {
			out[name] = strings.Join(values, "|")
		}
	}
	return out
}

// Spec auth-policy §1.1: what a token becomes.
func TestIdentity(t *testing.T) {
	const v2Catalog = `[{"type":"image","name":"glance","endpoints":[{"internalURL":"http://i/1","publicURL":"http://` + catalogMark +
		`/1","region":"One"},{"publicURL":"http://p/2","region":"Two"}]},{"type":"nameless","endpoints":[]}]`
	person := func(more ...string) map[string]string {
		out := map[string]string{
			"X-Identity-Status": "Confirmed", "X-Is-Admin-Project": "True", "X-User-Id": "u1", "X-User-Name": "someone",
			"X-User-Domain-Id": "default", "X-User-Domain-Name": "Default", "X-Service-Catalog": v2Catalog,
		}
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
			if more[i+1] == "" {
				delete(out, more[i])
			}
		}
		return out
	}
	project := []string{
		"X-Project-Id", "p1", "X-Project-Name", "p1-name", "X-Project-Domain-Id", "default", "X-Project-Domain-Name", "Default",
	}
	tests := []struct {
		name  string
		token object
		want  map[string]string
	}{
		{"project", describe("p1", "Member", "reader"), person(append(project, "X-Roles", "Member,reader")...)},
		{"no roles", describe("p1"), person(append(project, "X-Roles", "")...)},
		{"system", with(describe("", "admin"), "project", nil, "system", object{"all": true}), person("Openstack-System-Scope", "all", "X-Roles", "admin")},
		{"domain", with(describe("", "admin"), "project", nil, "domain", object{"id": "d", "name": "D"}), person("X-Domain-Id", "d", "X-Domain-Name", "D", "X-Roles", "admin")},
		{"no admin project", with(describe("p1", "x"), "is_admin_project", false), person(append(project, "X-Roles", "x", "X-Is-Admin-Project", "False")...)},
		{"no catalog", with(describe("p1", "x"), "catalog", nil), person(append(project, "X-Roles", "x", "X-Service-Catalog", "")...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := newIdentity(t)
			id.tokens[userToken] = tt.token
			f, _ := open(t, config(id.url))
			got, err := ask(t, f, "X-Auth-Token", userToken)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := tt.want["X-Roles"]; !ok {
				tt.want["X-Roles"] = "" // it is there, and empty
			}
			have := identityOf(got)
			for name := range tt.want {
				if have[name] != tt.want[name] {
					t.Errorf("%s: %q, want %q", name, have[name], tt.want[name])
				}
			}
			if len(have) != len(tt.want) {
				t.Errorf("got %v\nwant %v", have, tt.want)
			}
		})
	}
}

// claims are what a client may try, in the spellings of http.Header.
var claims = []string{
	"X-Identity-Status", "X-Service-Identity-Status", "X-Service-Catalog", "X-Is-Admin-Project", "X-Role", "X-User", "X-Tenant",
	"X-Tenant-Id", "X-Tenant-Name", "OpenStack-System-Scope", "X-Roles", "X-Domain-Id", "X-Domain-Name", "X-Project-Id", "X-Project-Name",
	"X-Project-Domain-Id", "X-Project-Domain-Name", "X-User-Id", "X-User-Name", "X-User-Domain-Id", "X-User-Domain-Name",
	"X-Service-Roles", "X-Service-Domain-Id", "X-Service-Domain-Name", "X-Service-Project-Id", "X-Service-Project-Name",
	"X-Service-Project-Domain-Id", "X-Service-Project-Domain-Name", "X-Service-User-Id", "X-Service-User-Name",
	"X-Service-User-Domain-Id", "X-Service-User-Domain-Name",
}

func TestClaimsAreRemoved(t *testing.T) {
	id := newIdentity(t)
	id.tokens[userToken] = with(describe("p1", "reader"), "catalog", nil)
	c := config(id.url)
	c.Delay = true
	f, _ := open(t, c)
	for name, token := range map[string]string{"valid": userToken, "invalid": "no", "none": ""} {
		h := http.Header{"X-Other": {"stays"}, "X-Auth-Token": {token}}
		for _, claim := range claims {
			h.Add(claim, "forged")
			h.Add(claim, "twice")
		}
		sent := h.Clone()
		got, err := f.Check(t.Context(), "GET", "/", h)
		if err != nil {
			t.Fatal(err)
		}
		for header, values := range got {
			if slices.Contains(values, "forged") || slices.Contains(values, "twice") {
				t.Errorf("%s token: %s: %q", name, header, values)
			}
		}
		if got.Get("X-Other") != "stays" || got.Get("X-Identity-Status") == "" {
			t.Errorf("%s token: %v", name, got)
		}
		if len(h) != len(sent) || h.Get("X-Roles") != "forged" {
			t.Errorf("%s token: the request itself was changed: %v", name, h)
		}
	}
}

// Missing and bad tokens, with the decision here and delayed.
func TestDecision(t *testing.T) {
	id := newIdentity(t)
	id.tokens[userToken] = describe("p1", "reader")
	id.tokens[otherToken] = with(describe("p1", "reader"), "expires_at", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
	tests := []struct {
		name    string
		headers []string
		ok      bool
	}{
		{"valid", []string{"X-Auth-Token", userToken}, true},
		{"blanks around", []string{"X-Auth-Token", " " + userToken + "\t"}, true},
		{"older name", []string{"X-Storage-Token", userToken}, true},
		{"empty newer name hides the older", []string{"X-Auth-Token", "", "X-Storage-Token", userToken}, false},
		{"none", nil, false},
		{"unknown", []string{"X-Auth-Token", secret + "unknown"}, false},
		{"expired", []string{"X-Auth-Token", otherToken}, false},
		{"no token at all", []string{"X-Auth-Token", "a\x00b"}, false},
		{"two words", []string{"X-Auth-Token", userToken + " " + userToken}, false},
		{"not ASCII", []string{"X-Auth-Token", "é"}, false},
		{"too long", []string{"X-Auth-Token", strings.Repeat("x", 9000)}, false},
		{"bad service token", []string{"X-Auth-Token", userToken, "X-Service-Token", secret + "unknown"}, false},
	}
	for _, delay := range []bool{false, true} {
		c := config(id.url)
		c.Delay = delay
		f, _ := open(t, c)
		for _, tt := range tests {
			got, err := ask(t, f, tt.headers...)
			switch {
			case !delay && tt.ok != (err == nil), !delay && !tt.ok && !errors.Is(err, glance.Unauthenticated):
				t.Errorf("%s: %v", tt.name, err)
			case delay && err != nil:
				t.Errorf("%s, delayed: %v", tt.name, err)
			case err == nil && tt.name != "bad service token" && tt.ok != (got.Get("X-Identity-Status") == "Confirmed"):
				t.Errorf("%s, delay %v: %v", tt.name, delay, got)
			}
		}
	}
}

// Service tokens: who is one, and what it allows.
func TestServiceTokens(t *testing.T) {
	const expired, stranger = secret + "expired", secret + "stranger"
	id := newIdentity(t)
	id.tokens[userToken] = describe("p1", "reader")
	id.tokens[expired] = with(describe("p1", "reader"), "expires_at", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
	id.tokens[glanceToken] = with(describe("service", "service", "admin"), "user", object{"id": "nova", "name": "nova"})
	id.tokens[stranger] = describe("p2", "admin")
	tests := []struct {
		name                string
		required            bool
		user, service       string
		status, serviceIs   string
		roles, serviceRoles string
	}{
		{"service", true, userToken, glanceToken, "Confirmed", "Confirmed", "reader", "service,admin"},
		{"expired with service", true, expired, glanceToken, "Confirmed", "Confirmed", "reader", "service,admin"},
		{"expired alone", true, expired, "", "Invalid", "", "", ""},
		{"expired with another", true, expired, stranger, "Invalid", "Invalid", "", ""},
		{"expired with another, not required", false, expired, stranger, "Invalid", "Confirmed", "", "admin"},
		{"another", true, userToken, stranger, "Confirmed", "Invalid", "reader", ""},
		{"another, not required", false, userToken, stranger, "Confirmed", "Confirmed", "reader", "admin"},
		{"service has expired", true, userToken, expired, "Confirmed", "Invalid", "reader", ""},
		{"service alone", true, "", glanceToken, "Invalid", "Confirmed", "", "service,admin"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := config(id.url)
			c.Delay, c.ServiceRolesRequired = true, tt.required
			f, _ := open(t, c)
			for range 2 { // asked, and remembered
				h, err := ask(t, f, "X-Auth-Token", tt.user, "X-Service-Token", tt.service)
				if err != nil || h.Get("X-Identity-Status") != tt.status || h.Get("X-Service-Identity-Status") != tt.serviceIs ||
					h.Get("X-Roles") != tt.roles || h.Get("X-Service-Roles") != tt.serviceRoles {
					t.Errorf("%v, %v", h, err)
				}
				if (h.Get("X-Service-User-Id") != "") != (tt.serviceIs == "Confirmed") {
					t.Errorf("the service is %q", h.Get("X-Service-User-Id"))
				}
			}
			c.Delay = false
			f, _ = open(t, c)
			_, err := ask(t, f, "X-Auth-Token", tt.user, "X-Service-Token", tt.service)
			if fine := tt.status == "Confirmed" && tt.serviceIs != "Invalid"; fine != (err == nil) {
				t.Errorf("not delayed: %v", err)
			}
		})
	}
}

// A service may bring an expired token after somebody else was refused with it,
// and the other way round.
func TestExpiredIsNotMixedUp(t *testing.T) {
	id := newIdentity(t)
	id.tokens[userToken] = with(describe("p1", "reader"), "expires_at", time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
	id.tokens[glanceToken] = describe("service", "service")
	f, _ := open(t, config(id.url))
	for range 2 {
		if _, err := ask(t, f, "X-Auth-Token", userToken); !errors.Is(err, glance.Unauthenticated) {
			t.Errorf("alone: %v", err)
		}
		if _, err := ask(t, f, "X-Auth-Token", userToken, "X-Service-Token", glanceToken); err != nil {
			t.Errorf("with a service: %v", err)
		}
	}
}

// Application credentials that are narrowed to some calls.
func TestAccessRules(t *testing.T) {
	rules := func(list ...object) object {
		return object{"id": "a", "access_rules": append([]object{}, list...)} // empty is not null
	}
	rule := func(service, method, path string) object {
		return object{"service": service, "method": method, "path": path}
	}
	list := rules(rule("image", "GET", "/v2/images"), rule("image", "GET", "/v2/images/{id}"), rule("image", "PUT", "/v2/images/*/file"), rule("compute", "DELETE", "/v2/images/x"))
	tests := []struct {
		name, serviceType, method, path string
		app                             object
		withService, ok                 bool
	}{
		{"no rules", "image", "DELETE", "/v2/images/x", object{"id": "a"}, false, true},
		{"no rules, type unset", "", "DELETE", "/v2/images/x", object{"id": "a"}, false, true},
		{"listed", "image", "GET", "/v2/images", list, false, true},
		{"name", "image", "GET", "/v2/images/x", list, false, true},
		{"name is one part", "image", "GET", "/v2/images/x/file", list, false, false},
		{"star", "image", "PUT", "/v2/images/x/file", list, false, true},
		{"other method", "image", "POST", "/v2/images", list, false, false},
		{"other service", "image", "DELETE", "/v2/images/x", list, false, false},
		{"with a service", "image", "DELETE", "/v2/images/x", list, true, true},
		{"empty list", "image", "GET", "/v2/images", rules(), false, false},
		{"type unset", "", "GET", "/v2/images", list, false, false},
		{"type not in the catalog", "other", "GET", "/v2/images", rules(rule("other", "GET", "/v2/images")), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := newIdentity(t)
			id.tokens[userToken] = with(describe("p1", "reader"), "application_credential", tt.app)
			id.tokens[glanceToken] = describe("service", "service")
			c := config(id.url)
			c.ServiceType = tt.serviceType
			f, _ := open(t, c)
			headers := []string{"X-Auth-Token", userToken}
			if tt.withService {
				headers = append(headers, "X-Service-Token", glanceToken)
			}
			_, err := call(t, f, tt.method, tt.path, headers...)
			if tt.ok != (err == nil) || !tt.ok && !errors.Is(err, glance.Unauthenticated) {
				t.Error(err)
			}
			if id.headers.Get("OpenStack-Identity-Access-Rules") != "1" {
				t.Error("the identity service is not told that we keep to access rules")
			}
		})
	}
}

// An invalid service token lifts no access rule, whatever becomes of it.
func TestBadServiceTokenLiftsNothing(t *testing.T) {
	id := newIdentity(t)
	id.tokens[userToken] = with(describe("p1", "reader"), "application_credential", object{"access_rules": []object{}})
	c := config(id.url)
	c.Delay = true
	f, _ := open(t, c)
	h, err := ask(t, f, "X-Auth-Token", userToken, "X-Service-Token", "nonsense")
	if err != nil || h.Get("X-Identity-Status") != "Invalid" || h.Get("X-User-Id") != "" {
		t.Errorf("%v, %v", h, err)
	}
}

func TestPathPatterns(t *testing.T) {
	tests := []struct {
		pattern, path string
		want          bool
	}{
		{"/v2/**", "/v2/images/x/file", true},
		{"/v2/**", "/v1/images", false},
		{"/v2/*", "/v2/images", true},
		{"/v2/*", "/v2/", false},
		{"/v2/*", "/v2/images/x", false},
		{"/v2/{a}/{b}", "/v2/images/x", true},
		{"/v2/a.c", "/v2/abc", false},
		{"/v2/(", "/v2/(", true},
		{"/v2/{open", "/v2/{open", true},
		{"", "", true},
		{"/v2", "/v2/images", false},
		{"/images", "/v2/images", false},
	}
	for _, tt := range tests {
		if got := keystone.PathMatches(tt.pattern, tt.path); got != tt.want {
			t.Errorf("%s with %s: %v", tt.path, tt.pattern, got)
		}
	}
}

func TestChallenge(t *testing.T) {
	c := config("http://id:5000/v3")
	f, _ := open(t, c)
	if got := f.Challenge(); got != `Keystone uri="http://id:5000/v3"` {
		t.Error(got)
	}
	c.Challenge = "http://public"
	f, _ = open(t, c)
	if got := f.Challenge(); got != `Keystone uri="http://public"` {
		t.Error(got)
	}
}
