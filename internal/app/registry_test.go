package app_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/app"
	"glance/internal/config"
)

// serveRegistry builds a registry with a database of its own.
func serveRegistry(t *testing.T, conf string) (http.Handler, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "glance-registry.conf")
	conf = "[database]\nconnection = sqlite:///" + dir + "/registry.sqlite\n" + conf
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.LoadRegistry(config.Input{Prog: "glance-registry", Args: []string{"--config-file", file}, SystemDirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	g, err := app.BuildRegistry(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = g.Close() })
	return g.Handler(), nil
}

// TestTwoServers: an image that the API makes is a row of the registry.
func TestTwoServers(t *testing.T) {
	for _, tt := range []struct {
		name, registry, api, paste string
		secure                     bool
		header                     []string
	}{
		{"everybody is an administrator", "", "", "", false, nil},
		{"over TLS", "", "registry_client_protocol = HTTPS\nregistry_client_ca_file = CA\n", "", true, nil},
		{"identity headers", "[paste_deploy]\nflavor = trusted-auth\n", "send_identity_headers = true\n", headersPaste, false, []string{
			"X-Identity-Status", "Confirmed", "X-User-Id", "u", "X-Project-Id", "p", "X-Roles", "member,reader",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := serveRegistry(t, tt.registry)
			if err != nil {
				t.Fatal(err)
			}
			registry := httptest.NewUnstartedServer(h)
			if tt.secure {
				registry.StartTLS()
			} else {
				registry.Start()
			}
			t.Cleanup(registry.Close)
			api := httptest.NewServer(apiOf(t, registry, tt.api, tt.paste))
			t.Cleanup(api.Close)
			id := post(t, api.URL+"/v2/images", `{"name": "n", "tags": ["a"], "os": "linux"}`, tt.header)
			rows := ask(t, registry, `[{"command": "image_get", "kwargs": {"image_id": "`+id+`"}}]`, tt.header)
			if !strings.Contains(rows, `"name":"n"`) || !strings.Contains(rows, `"linux"`) {
				t.Errorf("the registry has %s", rows)
			}
		})
	}
}

const headersPaste = `[pipeline:glance-api]
pipeline = versionnegotiation context rootapp
[composite:rootapp]
paste.composite_factory = glance.api:root_app_factory
/v2: apiv2app
[app:apiv2app]
paste.app_factory = glance.api.v2.router:API.factory
[filter:versionnegotiation]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory
[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
`

// apiOf is an API whose metadata lies in the registry.
func apiOf(t *testing.T, registry *httptest.Server, conf, paste string) http.Handler {
	t.Helper()
	u, err := url.Parse(registry.URL)
	if err != nil {
		t.Fatal(err)
	}
	if cert := registry.Certificate(); cert != nil {
		ca := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		conf = strings.ReplaceAll(conf, "CA", ca)
	}
	conf = "[DEFAULT]\ndata_api = glance.db.registry.api\nregistry_host = " + u.Hostname() + "\nregistry_port = " + u.Port() + "\n" + conf
	h, err := serveAPI(t, conf, paste)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func request(t *testing.T, client *http.Client, url, body string, header []string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text
}

func post(t *testing.T, url, body string, header []string) string {
	t.Helper()
	status, text := request(t, http.DefaultClient, url, body, header)
	var img struct{ ID string }
	if err := json.Unmarshal(text, &img); err != nil || status != http.StatusCreated {
		t.Fatalf("%d %s", status, text)
	}
	return img.ID
}

func ask(t *testing.T, registry *httptest.Server, body string, header []string) string {
	t.Helper()
	status, text := request(t, registry.Client(), registry.URL+"/rpc", body, header)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	return string(text)
}

func TestRegistryOptions(t *testing.T) {
	if _, err := serveRegistry(t, "[DEFAULT]\ndata_api = glance.db.registry.api\n"); err == nil ||
		!strings.Contains(err.Error(), "Registry service can't use glance.db.registry.api") {
		t.Errorf("a registry of a registry: %v", err)
	}
	for options, want := range map[string]string{
		"registry_client_ca_file = /nowhere\n":                                                               "registry_client_ca_file",
		"registry_client_cert_file = /nowhere\n":                                                             "registry_client_cert_file",
		"use_user_token = false\nauth_strategy = keystone\n":                                                 "needs auth_url",
		"use_user_token = false\nauth_url = http://id\nadmin_user = u\nadmin_password = p\n":                 "needs admin_tenant_name",
		"use_user_token = false\nauth_url = id\nadmin_user = u\nadmin_password = p\nadmin_tenant_name = t\n": "no http or https URL",
		"registry_client_ca_file = /dev/null\n":                                                              "has no certificate",
		"registry_client_key_file = /nowhere\n":                                                              "there is no registry_client_cert_file",
	} {
		_, err := serveAPI(t, "[DEFAULT]\ndata_api = glance.db.registry.api\n"+options, "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", options, err)
		}
	}
	for options, status := range map[string][2]int{
		"": {200, 200}, "enable_v1_registry = false\n": {404, 200}, "enable_v2_registry = false\n": {200, 404},
	} {
		h, err := serveRegistry(t, "[DEFAULT]\n"+options)
		if err != nil {
			t.Fatal(err)
		}
		rest, rpc := httptest.NewRecorder(), httptest.NewRecorder()
		h.ServeHTTP(rest, httptest.NewRequest(http.MethodGet, "/images", http.NoBody))
		h.ServeHTTP(rpc, httptest.NewRequest(http.MethodPost, "/rpc", strings.NewReader("[]")))
		if got := [2]int{rest.Code, rpc.Code}; got != status {
			t.Errorf("%q: %v, want %v", options, got, status)
		}
	}
}
