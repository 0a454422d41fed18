package app_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// judge is a server for http: checks.
type judge struct {
	mu    sync.Mutex
	says  string
	heard []string
	stall chan struct{}
}

func (j *judge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	j.mu.Lock()
	j.heard = append(j.heard, r.Method+" "+r.URL.Path+" "+r.Header.Get("Content-Type")+" "+string(body))
	says, stall := j.says, j.stall
	j.mu.Unlock()
	if stall != nil {
		<-stall
	}
	_, _ = io.WriteString(w, says)
}

// Spec config §4.4, remote_*.
func TestRemotePolicies(t *testing.T) {
	j := &judge{}
	plain, secure := httptest.NewServer(j), httptest.NewUnstartedServer(j)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	stall := make(chan struct{})
	tests := []struct {
		name, url, says, options string
		stall                    bool
		ok                       bool
	}{
		{"yes", plain.URL, "True", "", false, true},
		{"quoted yes", plain.URL, `"True"`, "remote_content_type = application/json", false, true},
		{"no", plain.URL, "False", "", false, false},
		{"nonsense", plain.URL, strings.Repeat("True", 50_000), "", false, false},
		{"nobody there", "http://127.0.0.1:1", "True", "", false, false},
		{"too slow", plain.URL, "True", "remote_timeout = 0.2", true, false},
		{"secure, not verified", secure.URL, "True", "", false, true},
		{"secure, unknown authority", secure.URL, "True", "remote_ssl_verify_server_crt = true", false, false},
		{"secure, known authority", secure.URL, "True", "remote_ssl_verify_server_crt = true\nremote_ssl_ca_crt_file = " + ca, false, true},
	}
	t.Cleanup(func() { close(stall) })
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j.mu.Lock()
			j.says, j.heard, j.stall = tt.says, nil, nil
			if tt.stall {
				j.stall = stall
			}
			j.mu.Unlock()
			file := filepath.Join(t.TempDir(), "policy.yaml")
			if err := os.WriteFile(file, []byte("get_images: '"+tt.url+"/%(project_id)s'\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			h, err := serveAPI(t, "[oslo_policy]\npolicy_file = "+file+"\n"+tt.options+"\n", trusting)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/images", nil)
			r.Header = http.Header{"X-Identity-Status": {"Confirmed"}, "X-Project-Id": {"p1"}, "X-Roles": {"reader"}, "X-Auth-Token": {"hush"}}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[tt.ok]; w.Code != want {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			j.mu.Lock()
			defer j.mu.Unlock()
			if !tt.ok {
				return
			}
			heard, err := url.QueryUnescape(strings.Join(j.heard, "\n"))
			if err != nil || len(j.heard) != 1 || !strings.HasPrefix(heard, "POST /p1 application/") || !strings.Contains(heard, "get_images") || strings.Contains(heard, "hush") {
				t.Errorf("the judge heard %s", heard)
			}
		})
	}
}

const trusting = `[pipeline:glance-api]
pipeline = context v2
[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
[app:v2]
paste.app_factory = glance.api.v2.router:API.factory
`

func TestRemotePolicyOptionsThatCannotWork(t *testing.T) {
	for want, options := range map[string]string{
		"remote_ssl_ca_crt_file: open": "remote_ssl_verify_server_crt = true\nremote_ssl_ca_crt_file = /nonexistent",
		"has no certificate":           "remote_ssl_verify_server_crt = true\nremote_ssl_ca_crt_file = /dev/null",
		"remote_ssl_client_crt_file":   "remote_ssl_client_crt_file = /nonexistent",
	} {
		if _, err := serveAPI(t, "[oslo_policy]\n"+options+"\n", trusting); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
