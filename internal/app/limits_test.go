package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// bounds is an identity service that knows the limits of one endpoint. It tells
// what it was asked.
type bounds struct {
	mu     sync.Mutex
	asked  []string
	logins []string
	down   chan struct{} // nil is up
}

func (b *bounds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.asked = append(b.asked, r.URL.Path)
	down := b.down
	b.mu.Unlock()
	if down != nil {
		<-down
		return
	}
	type object = map[string]any
	answers := map[string]object{
		"/v3/limits/model":      {"model": object{"name": "flat"}},
		"/v3/endpoints/e1":      {"endpoint": object{"service_id": "s1", "region_id": "One"}},
		"/v3/limits":            {"limits": []object{}},
		"/v3/registered_limits": {"registered_limits": []object{{"service_id": "s1", "region_id": "One", "resource_name": "image_count_total", "default_limit": 1}, {"service_id": "s1", "region_id": "One", "resource_name": "image_size_total", "default_limit": -1}, {"service_id": "s1", "region_id": "One", "resource_name": "image_count_uploading", "default_limit": -1}}},
	}
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.logins = append(b.logins, string(body))
		b.mu.Unlock()
		w.Header().Set("X-Subject-Token", "own")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(object{"token": object{"expires_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "user": object{"id": "u"}}})
		return
	}
	if r.Header.Get("X-Auth-Token") != "own" || answers[r.URL.Path] == nil {
		w.WriteHeader(http.StatusNotFound)
	}
	_ = json.NewEncoder(w).Encode(answers[r.URL.Path])
}

func (b *bounds) set(down chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = down
}

const limitOptions = "use_keystone_limits = true\nuser_storage_quota = 1\n[oslo_limit]\nauth_type = password\nusername = reader\npassword = hush\n" +
	"user_domain_id = default\nsystem_scope = all\nendpoint_id = e1\ntimeout = 1\n"

// TestKeystoneLimits: spec import §9.1, from the options to the answers.
func TestKeystoneLimits(t *testing.T) {
	keystone := &bounds{}
	server := httptest.NewServer(keystone)
	t.Cleanup(server.Close)
	h, err := serveAPI(t, "[DEFAULT]\n"+limitOptions+"auth_url = "+server.URL+"/v3\n", "")
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, path, contentType, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	create := func() *httptest.ResponseRecorder {
		return send(http.MethodPost, "/v2/images", "application/json", `{"id": "11111111-1111-4111-8111-111111111111", "disk_format": "raw", "container_format": "bare"}`)
	}
	if w := create(); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := send(http.MethodPut, "/v2/images/11111111-1111-4111-8111-111111111111/file", "application/octet-stream", "more than user_storage_quota"); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := create(); w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "image_count_total is over limit of 1 due to current usage 1 and delta 1") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := send(http.MethodGet, "/v2/info/usage", "", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"image_count_total": {"usage": 1, "limit": 1}`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	down := make(chan struct{})
	keystone.set(down)
	if w := create(); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "limits") {
		t.Errorf("Keystone does not answer: %d %s", w.Code, w.Body)
	}
	keystone.set(nil)
	close(down)
	if w := create(); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("Keystone is back: %d %s", w.Code, w.Body)
	}
	if len(keystone.logins) != 1 || !strings.Contains(keystone.logins[0], `"system":{"all":true}`) {
		t.Errorf("logins %q", keystone.logins)
	}
}

// TestKeystoneLimitsThatCannotWork: told at start, without the secrets.
func TestKeystoneLimitsThatCannotWork(t *testing.T) {
	for want, options := range map[string]string{
		"auth_url is missing":    limitOptions,
		"endpoint_id is missing": strings.Replace(limitOptions, "endpoint_id", "endpoint_region_name", 1) + "auth_url = http://id\n",
		"cafile":                 limitOptions + "auth_url = http://id\ncafile = /nonexistent\n",
		"more than one is set":   limitOptions + "auth_url = http://id\nproject_name = p\n",
	} {
		_, err := serveAPI(t, "[DEFAULT]\n"+options, "")
		if err == nil || !strings.Contains(err.Error(), "[oslo_limit]") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
