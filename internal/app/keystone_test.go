package app_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glance/internal/app"
	"glance/internal/auth/keystone"
	"glance/internal/config"
)

// identity is an identity service for one user with one token. It tells what
// passwords it was asked with.
func identity(t *testing.T) (url string, logins *[]string) {
	t.Helper()
	logins = &[]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		type object = map[string]any
		token := object{
			"expires_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "user": object{"id": "u"}, "project": object{"id": "p"},
			"roles": []object{{"name": "member"}, {"name": "reader"}},
		}
		status := http.StatusOK
		switch {
		case r.Method == http.MethodPost:
			body, _ := io.ReadAll(r.Body)
			*logins = append(*logins, string(body))
			w.Header().Set("X-Subject-Token", "own")
			status = http.StatusCreated
		case r.Header.Get("X-Subject-Token") != "good":
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(object{"token": token, "error": object{"code": status}})
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v3", logins
}

// serveAPI builds what a configuration is served by; paste may be empty.
func serveAPI(t *testing.T, conf, paste string) (http.Handler, error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "glance-api.conf")
	conf = "[database]\nconnection = sqlite:///" + dir + "/glance.sqlite\n[glance_store]\nfilesystem_store_datadir = " + dir + "/images\n" + conf
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	if paste != "" {
		if err := os.WriteFile(filepath.Join(dir, "glance-api-paste.ini"), []byte(paste), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.LoadAPI(config.Input{Prog: "glance-api", Args: []string{"--config-file", file}})
	if err != nil {
		t.Fatal(err)
	}
	g, err := app.BuildAPI(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = g.Close() })
	return g.Handler(), nil
}

const pasteWith = `[pipeline:glance-api-keystone]
pipeline = authtoken context v2
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
OPTIONS
[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
[app:v2]
paste.app_factory = glance.api.v2.router:API.factory
`

// Spec config §4.3, §5: where the options of the token check come from.
func TestTokenOptions(t *testing.T) {
	const section = "[paste_deploy]\nflavor = keystone\n[keystone_authtoken]\nauth_type = password\nwww_authenticate_uri = http://public\n"
	const user = "username = glance\npassword = pw\nproject_name = service\n"
	tests := []struct{ name, conf, paste, login, refusal string }{
		{"built in pipeline delays", section + user + "auth_url = URL\n", "", `"password":"pw"`, "401 Unauthorized"},
		{"section decides", section + user + "auth_url = URL\n", "", `"name":"glance"`, ""},
		{"paste file without options", section + user + "auth_url = URL\n", " ", `"password":"pw"`, `{"error": {"code": 401`},
		{"paste over section", section + user + "auth_url = URL\n", "delay_auth_decision = true\npassword = a$b$$c\nusername = other", `"password":"a$b$$c"`, "401 Unauthorized"},
		{"auth_section", section + "auth_section = elsewhere\n[elsewhere]\nauth_type = password\nauth_url = URL\n" + user, " ", `"password":"pw"`, ""},
		{"paste over auth_section", section + "auth_section = elsewhere\n[elsewhere]\nauth_type = password\nauth_url = URL\n" + user, "password = other", `"password":"other"`, ""},
		{"old names", "[paste_deploy]\nflavor = keystone\n[keystone_authtoken]\nauth_plugin = password\nauth_uri = http://public\nauth-url = URL\nuser-name = glance\npassword = pw\ntenant-name = service\n", " ", `"name":"service"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url, logins := identity(t)
			paste := ""
			if tt.paste != "" {
				paste = strings.Replace(pasteWith, "OPTIONS", strings.TrimSpace(tt.paste), 1)
			}
			h, err := serveAPI(t, strings.Replace(tt.conf, "URL", url, 1), paste)
			if err != nil {
				t.Fatal(err)
			}
			path := "/v2/images"
			if paste != "" {
				path = "/images" // the application is not mounted
			}
			get := func(token string) *httptest.ResponseRecorder {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Header = http.Header{"X-Auth-Token": {token}, "X-Roles": {"admin"}, "X-Identity-Status": {"Confirmed"}}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w
			}
			if w := get("good"); w.Code != http.StatusOK {
				t.Errorf("good: %d %s", w.Code, w.Body)
			}
			w := get("bad")
			if got := w.Header().Get("WWW-Authenticate"); w.Code != http.StatusUnauthorized || got != `Keystone uri="http://public"` || !strings.HasPrefix(w.Body.String(), tt.refusal) {
				t.Errorf("bad: %d %s %s", w.Code, got, w.Body)
			}
			if len(*logins) != 1 || !strings.Contains((*logins)[0], tt.login) {
				t.Errorf("logged in with %q", *logins)
			}
		})
	}
}

// What cannot work is told when the server starts, without the secrets.
func TestTokenOptionsThatCannotWork(t *testing.T) {
	for want, options := range map[string]string{
		"auth_url is missing":             "",
		"auth_type":                       "auth_url = http://id\nauth_type = v3kerberos",
		"cafile":                          "auth_url = http://id\nauth_type = password\nusername = u\npassword = hush\ncafile = /nonexistent",
		"memcache_secret_key":             "auth_url = http://id\nauth_type = password\nusername = u\npassword = hush\nmemcache_security_strategy = ENCRYPT",
		"memcache_sasl_enabled":           "auth_url = http://id\nauth_type = password\nusername = u\npassword = hush\nmemcache_sasl_enabled = true",
		"version 3 only":                  "auth_url = http://id\nauth_type = password\nusername = u\npassword = hush\nauth_version = v2.0",
		"glance-api-paste.ini:3: [filter": "auth_url = http://id",
	} {
		paste := strings.Replace(pasteWith, "OPTIONS", "", 1)
		_, err := serveAPI(t, "[paste_deploy]\nflavor = keystone\n[keystone_authtoken]\n"+options+"\n", paste)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A reload keeps what is remembered of tokens unless something changes that
// they are checked by.
func TestReloadKeepsTokens(t *testing.T) {
	conf := keystone.Config{Credentials: keystone.Credentials{AuthURL: "http://id", Username: "u", Password: "p"}}
	other := conf
	other.Credentials.Password = "q"
	for name, tt := range map[string]struct {
		next keystone.Config
		same bool
	}{"unchanged": {conf, true}, "password": {other, false}} {
		if same, err := app.SameFilter(conf, tt.next); err != nil || same != tt.same {
			t.Errorf("%s: same %v, %v", name, same, err)
		}
	}
}
