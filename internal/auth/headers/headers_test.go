package headers_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"glance/internal/auth"
	"glance/internal/auth/headers"
	"glance/internal/glance"
)

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func roleAdmin(c glance.Caller) bool { return c.HasRole("admin") }

// Spec auth-policy §1.2, recording identity-headers.
func TestAuthenticate(t *testing.T) {
	a := &headers.Authenticator{IsAdmin: roleAdmin}
	tests := []struct {
		name    string
		headers []string
		want    glance.Caller
	}{
		{"nothing more", nil, glance.Caller{}},
		{"ids and roles", []string{"X-User-Id", "u", "X-Project-Id", "p", "X-Roles", "Member, reader"}, glance.Caller{UserID: "u", ProjectID: "p", Roles: []string{"member", "reader"}}},
		{"tenant id", []string{"X-Tenant-Id", "p"}, glance.Caller{ProjectID: "p"}},
		{"oldest names", []string{"X-User", "u", "X-Tenant", "p", "X-Tenant-Name", "n", "X-Role", "READER", "X-Storage-Token", "t"}, glance.Caller{UserID: "u", ProjectID: "p", ProjectName: "n", Roles: []string{"reader"}, Token: "t"}},
		{"newest name counts", []string{"X-Tenant-Id", "old", "X-Project-Id", "new"}, glance.Caller{ProjectID: "new"}},
		{"empty counts", []string{"X-Tenant-Id", "old", "X-Project-Id", ""}, glance.Caller{}},
		{"admin", []string{"X-Roles", " Admin , x"}, glance.Caller{Roles: []string{"admin", "x"}, Admin: true}},
		{"no admin", []string{"X-Roles", "administrator"}, glance.Caller{Roles: []string{"administrator"}}},
		{"empty roles", []string{"X-Roles", " ,, "}, glance.Caller{}},
		{"scopes", []string{"X-Domain-Id", "d", "OpenStack-System-Scope", "all", "X-Is-Admin-Project", "False"}, glance.Caller{DomainID: "d", SystemScope: "all", NotAdminProject: true}},
		{"admin project", []string{"X-Is-Admin-Project", "TRUE"}, glance.Caller{}},
		{"names and domains", []string{"X-User-Name", "n", "X-User-Domain-Id", "ud", "X-Project-Name", "pn", "X-Project-Domain-Id", "pd"}, glance.Caller{UserName: "n", UserDomainID: "ud", ProjectName: "pn", ProjectDomainID: "pd"}},
		{"service", []string{"X-Service-User-Id", "su", "X-Service-User-Domain-Id", "sud", "X-Service-Project-Id", "sp", "X-Service-Project-Domain-Id", "spd", "X-Service-Roles", " Service ,x"}, glance.Caller{ServiceUserID: "su", ServiceUserDomainID: "sud", ServiceProjectID: "sp", ServiceProjectDomainID: "spd", ServiceRoles: []string{"Service", "x"}}},
		{"token and catalog", []string{"X-Auth-Token", "t", "X-Storage-Token", "s", "X-Service-Catalog", "[]"}, glance.Caller{Token: "t", Catalog: []byte("[]")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := a.Authenticate(t.Context(), header(append(tt.headers, "X-Identity-Status", "Confirmed")...))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestUnconfirmed(t *testing.T) {
	for _, status := range []string{"", "Invalid", "confirmed", "Confirmed "} {
		h := header("X-Roles", "admin", "X-Project-Id", "p")
		if status != "" {
			h.Set("X-Identity-Status", status)
		}
		a := &headers.Authenticator{IsAdmin: roleAdmin}
		if c, err := a.Authenticate(t.Context(), h); !errors.Is(err, glance.Unauthenticated) {
			t.Errorf("status %q: %+v, %v", status, c, err)
		}
		a.AllowAnonymous = true
		c, err := a.Authenticate(t.Context(), h)
		if err != nil || !reflect.DeepEqual(c, glance.Caller{ReadOnly: true}) {
			t.Errorf("anonymous, status %q: %+v, %v", status, c, err)
		}
	}
}

func TestBadCatalog(t *testing.T) {
	a := &headers.Authenticator{}
	for _, catalog := range []string{"", "{", "[] []"} {
		_, err := a.Authenticate(t.Context(), header("X-Identity-Status", "Confirmed", "X-Service-Catalog", catalog))
		if !errors.Is(err, auth.ErrCatalog) {
			t.Errorf("catalog %q: %v", catalog, err)
		}
	}
}

// Catalogs are told apart, however often each of them comes.
func TestManyCatalogs(t *testing.T) {
	a := &headers.Authenticator{}
	for range 3 {
		for i := range 1000 {
			want := fmt.Sprintf("[%d]", i)
			for catalog, ok := range map[string]bool{want: true, want + "]": false} {
				c, err := a.Authenticate(t.Context(), header("X-Identity-Status", "Confirmed", "X-Service-Catalog", catalog))
				if ok != (err == nil) || ok && string(c.Catalog) != want {
					t.Fatalf("%s: %s, %v", catalog, c.Catalog, err)
				}
			}
		}
	}
}

func BenchmarkCatalog(b *testing.B) {
	const service = `{"type": "image", "name": "glance", "endpoints": [{"region": "RegionOne", "publicURL": "http://example.com:9292"}]}`
	h := header("X-Identity-Status", "Confirmed", "X-User-Id", "u", "X-Project-Id", "p", "X-Roles", "member,reader",
		"X-Service-Catalog", "["+strings.Repeat(service+", ", 40)+service+"]")
	a := &headers.Authenticator{IsAdmin: roleAdmin}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Authenticate(b.Context(), h); err != nil {
			b.Fatal(err)
		}
	}
}

// The rule is asked about the finished caller, and only about one who is known.
func TestIsAdminIsAskedOnce(t *testing.T) {
	var asked []glance.Caller
	a := &headers.Authenticator{AllowAnonymous: true, IsAdmin: func(c glance.Caller) bool {
		asked = append(asked, c)
		return true
	}}
	if _, err := a.Authenticate(t.Context(), header()); err != nil || len(asked) != 0 {
		t.Errorf("asked about nobody: %v, %v", asked, err)
	}
	c, err := a.Authenticate(t.Context(), header("X-Identity-Status", "Confirmed", "X-Roles", "x", "X-Service-Catalog", "[]"))
	if err != nil || !c.Admin || len(asked) != 1 || !slices.Equal(asked[0].Roles, []string{"x"}) || asked[0].Catalog == nil {
		t.Errorf("%+v, asked %+v, %v", c, asked, err)
	}
}
