package all_test

import (
	"errors"
	"net/http"
	"testing"

	"glance/internal/auth/all"
	"glance/internal/glance"
)

func TestNew(t *testing.T) {
	a := all.New(all.Options{IsAdmin: func(c glance.Caller) bool { return c.HasRole("boss") }})
	if c, err := a.NoAuth.Authenticate(t.Context(), nil); err != nil || !c.Admin {
		t.Errorf("noauth: %+v, %v", c, err)
	}
	h := http.Header{"X-Identity-Status": {"Confirmed"}, "X-Roles": {"Boss"}}
	if c, err := a.Headers.Authenticate(t.Context(), h); err != nil || !c.Admin {
		t.Errorf("headers: %+v, %v", c, err)
	}
	if _, err := a.Headers.Authenticate(t.Context(), nil); !errors.Is(err, glance.Unauthenticated) {
		t.Errorf("headers, nobody: %v", err)
	}
	if c, err := all.New(all.Options{AllowAnonymous: true}).Headers.Authenticate(t.Context(), nil); err != nil || !c.ReadOnly {
		t.Errorf("anonymous: %+v, %v", c, err)
	}
}
