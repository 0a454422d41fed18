package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	essexPaste = `[pipeline:glance-api]
pipeline = versionnegotiation context apiv1app
[app:apiv1app]
paste.app_factory = glance.common.wsgi:app_factory
glance.app_factory = glance.api.v1.router:API
[filter:versionnegotiation]
paste.filter_factory = glance.common.wsgi:filter_factory
glance.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter
[filter:context]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory
`
	ussuriPaste = `[pipeline:glance-api]
pipeline = versionnegotiation unauthenticated-context rootapp
[composite:rootapp]
paste.composite_factory = glance.api:root_app_factory
/: apiversions
/v1: apiv1app
/v2: apiv2app
[app:apiversions]
paste.app_factory = glance.api.versions:create_resource
[app:apiv1app]
paste.app_factory = glance.api.v1.router:API.factory
[app:apiv2app]
paste.app_factory = glance.api.v2.router:API.factory
[filter:versionnegotiation]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory
[filter:unauthenticated-context]
paste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory
`
)

// TestV1IsServed: only where the operator says so.
func TestV1IsServed(t *testing.T) {
	today := strings.ReplaceAll(ussuriPaste, "/v1: apiv1app\n", "")
	today = strings.ReplaceAll(today, "[app:apiv1app]\npaste.app_factory = glance.api.v1.router:API.factory\n", "")
	for _, tt := range []struct {
		name, conf, paste string
		served            bool
	}{
		{"nothing said", "", "", false},
		{"switched on", "[DEFAULT]\nenable_v1_api = true\n", "", true},
		{"switched on, paste of today", "[DEFAULT]\nenable_v1_api = true\n", today, true},
		{"switched off", "[DEFAULT]\nenable_v1_api = false\n", "", false},
		{"paste of today", "", today, false},
		{"paste of Ussuri", "", ussuriPaste, true},
		{"paste of Ussuri, switched off", "[DEFAULT]\nenable_v1_api = false\n", ussuriPaste, false},
		{"paste of Essex", "", essexPaste, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := serveAPI(t, tt.conf, tt.paste)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(h)
			defer server.Close()
			_, versions := fetch(t, server.URL+"/versions")
			if strings.Contains(versions, `"v1.1"`) != tt.served || !strings.Contains(versions, `"v2.0"`) {
				t.Errorf("versions: %s", versions)
			}
			for _, path := range []string{"/v1/images", "/v1.1/images/detail"} {
				status, body := fetch(t, server.URL+path)
				if served := status == http.StatusOK && body == `{"images":[]}`; served != tt.served {
					t.Errorf("%s: %d %s", path, status, body)
				}
			}
		})
	}
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url) //nolint:gosec // a server of this test
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
