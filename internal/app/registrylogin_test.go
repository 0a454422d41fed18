package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// issuer is an identity service that knows the tokens it gave until they are
// revoked, all of one administrator.
type issuer struct {
	mu     sync.Mutex
	bodies []string
	valid  map[string]bool
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	type object = map[string]any
	status := http.StatusOK
	switch {
	case r.Method == http.MethodPost:
		body, _ := io.ReadAll(r.Body)
		i.bodies = append(i.bodies, string(body))
		token := fmt.Sprint("own-", len(i.bodies))
		i.valid[token] = true
		w.Header().Set("X-Subject-Token", token)
		status = http.StatusCreated
	case !i.valid[r.Header.Get("X-Auth-Token")]:
		status = http.StatusUnauthorized
	case !i.valid[r.Header.Get("X-Subject-Token")]:
		status = http.StatusNotFound
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{"error": object{"code": status}, "token": object{
		"expires_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "user": object{"id": "u"}, "project": object{"id": "service"},
		"roles": []object{{"name": "admin"}},
	}})
}

// take gives the logins since the last call and revokes all tokens.
func (i *issuer) take() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.valid)
	bodies := i.bodies
	return bodies
}

// TestRegistryWithOwnToken: the API brings a token of its own to a registry that
// checks tokens, and another one when that was revoked. Spec registry §1.
func TestRegistryWithOwnToken(t *testing.T) {
	login := &issuer{valid: map[string]bool{}}
	identity := httptest.NewServer(login)
	t.Cleanup(identity.Close)
	h, err := serveRegistry(t, "[paste_deploy]\nflavor = keystone\n[keystone_authtoken]\nauth_type = password\ntoken_cache_time = -1\n"+
		"username = registry\npassword = r\nproject_name = service\nauth_url = "+identity.URL+"/v3\n")
	if err != nil {
		t.Fatal(err)
	}
	registry := httptest.NewServer(h)
	t.Cleanup(registry.Close)
	const credentials = "use_user_token = false\nadmin_user = glance\nadmin_password = pw\nadmin_tenant_name = service\n"
	for name, conf := range map[string]string{
		"auth_strategy":     "auth_strategy = keystone\nauth_url = " + identity.URL + "/v2.0\n",
		"auth_url suffices": "auth_url = " + identity.URL + "/v3\n",
	} {
		t.Run(name, func(t *testing.T) {
			api := httptest.NewServer(apiOf(t, registry, credentials+conf, ""))
			t.Cleanup(api.Close)
			before := len(login.take())
			post(t, api.URL+"/v2/images", `{"name": "n"}`, nil)
			post(t, api.URL+"/v2/images", `{"name": "n"}`, nil)
			login.take() // the token is revoked
			post(t, api.URL+"/v2/images", `{"name": "n"}`, nil)
			var own []string
			for _, body := range login.take()[before:] {
				if strings.Contains(body, `"glance"`) {
					own = append(own, body)
				}
			}
			if len(own) != 2 || !strings.Contains(own[0], `"password":"pw"`) || !strings.Contains(own[0], `"project":{"domain":{"id":"default"},"name":"service"}`) {
				t.Errorf("logins %q", own)
			}
		})
	}
	api := httptest.NewServer(apiOf(t, registry, "", ""))
	t.Cleanup(api.Close)
	if status, text := request(t, http.DefaultClient, api.URL+"/v2/images", `{"name": "n"}`, nil); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d %s", status, text)
	}
}
