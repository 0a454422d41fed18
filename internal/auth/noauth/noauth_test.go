package noauth_test

import (
	"net/http"
	"testing"

	"glance/internal/auth/noauth"
)

// Spec auth-policy §1.3.
func TestEverybodyIsAdmin(t *testing.T) {
	h := http.Header{"X-User-Id": {"u"}, "X-Project-Id": {"p"}, "X-Roles": {"reader"}}
	c, err := noauth.Authenticator{}.Authenticate(t.Context(), h)
	if err != nil || !c.Admin || !c.HasRole("admin") || c.HasRole("reader") || c.ReadOnly || c.UserID != "" || c.ProjectID != "" {
		t.Errorf("%+v, %v", c, err)
	}
}
