package keystone_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/internal/auth/keystone"
)

// Everything secret that goes through these tests begins with this.
const secret = "s3cr3t-"

const (
	password    = secret + "password"
	userToken   = secret + "user-token"
	otherToken  = secret + "other-token"
	glanceToken = secret + "service-token"
	catalogMark = secret + "catalog"
)

// identity is an identity service.
type identity struct {
	url string

	mu      sync.Mutex
	tokens  map[string]object // description by token
	logins  []string          // bodies
	asked   []string          // path and query of each question about a token
	headers http.Header       // of the last question
	own     map[string]bool   // tokens that it gave to services
	ownLife time.Duration
	catalog []object // in tokens of services
	before  func(w http.ResponseWriter, r *http.Request) bool
}

type object = map[string]any

func newIdentity(t *testing.T) *identity {
	t.Helper()
	id := &identity{tokens: map[string]object{}, own: map[string]bool{}, ownLife: time.Hour}
	server := httptest.NewServer(id)
	t.Cleanup(server.Close)
	id.url = server.URL
	return id
}

func describe(project string, roles ...string) object {
	var list []object
	for _, r := range roles {
		list = append(list, object{"id": r + "-id", "name": r})
	}
	domain := object{"id": "default", "name": "Default"}
	return object{
		"methods": []string{"password"}, "expires_at": time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z"),
		"user":    object{"id": "u1", "name": "someone", "domain": domain},
		"project": object{"id": project, "name": project + "-name", "domain": domain},
		"roles":   list,
		"catalog": []object{{
			"type": "image", "name": "glance", "id": "x", "endpoints": []object{
				{"interface": "public", "region": "One", "region_id": "One", "url": "http://" + catalogMark + "/1"},
				{"interface": "internal", "region": "One", "region_id": "One", "url": "http://i/1"},
				{"interface": "public", "region": "Two", "region_id": "Two", "url": "http://p/2"},
			},
		}, {"type": "nameless", "endpoints": []object{}}},
	}
}

func with(o object, pairs ...any) object {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(o, pairs[i].(string))
		} else {
			o[pairs[i].(string)] = pairs[i+1]
		}
	}
	return o
}

func (id *identity) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id.mu.Lock()
	defer id.mu.Unlock()
	if id.before != nil && id.before(w, r) {
		return
	}
	switch {
	case r.URL.Path == "/" || r.URL.Path == "/identity/":
		answer(w, 300, object{"versions": object{"values": []object{
			{"id": "v3.14", "status": "stable", "links": []object{{"rel": "self", "href": "http://elsewhere" + r.URL.Path + "v3/"}}},
		}}})
	case !strings.HasSuffix(r.URL.Path, "/v3/auth/tokens"):
		http.Error(w, "<html>no such page</html>", http.StatusNotFound)
	case r.Method == http.MethodPost:
		id.login(w, r)
	default:
		id.check(w, r)
	}
}

func (id *identity) login(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	id.logins = append(id.logins, string(body))
	if !strings.Contains(string(body), `"`+password+`"`) {
		answer(w, 401, object{"error": object{"code": 401, "message": "wrong: " + string(body)}})
		return
	}
	token := fmt.Sprint(secret, "own-", len(id.logins))
	id.own[token] = true
	w.Header().Set("X-Subject-Token", token)
	own := with(describe("service", "admin"), "expires_at", time.Now().Add(id.ownLife).UTC().Format(time.RFC3339Nano))
	if id.catalog != nil {
		own["catalog"] = id.catalog
	}
	answer(w, 201, object{"token": own})
}

func (id *identity) check(w http.ResponseWriter, r *http.Request) {
	id.asked = append(id.asked, r.URL.RequestURI())
	id.headers = r.Header.Clone()
	token := r.Header.Get("X-Subject-Token")
	if !id.own[r.Header.Get("X-Auth-Token")] {
		answer(w, 401, object{"error": object{"code": 401, "message": "not authorized: " + token}})
		return
	}
	body, ok := id.tokens[token]
	if ok && r.URL.Query().Get("allow_expired") != "1" {
		expires, err := time.Parse(time.RFC3339, body["expires_at"].(string))
		ok = err != nil || time.Now().Before(expires)
	}
	if !ok {
		answer(w, 404, object{"error": object{"code": 404, "message": "This is not a recognized token: " + token}})
		return
	}
	answer(w, 200, object{"token": body})
}

func answer(w http.ResponseWriter, status int, doc any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(doc)
}

// set changes the service while it may be asked.
func (id *identity) set(f func()) {
	id.mu.Lock()
	defer id.mu.Unlock()
	f()
}

func (id *identity) counts() (logins, questions int) {
	id.mu.Lock()
	defer id.mu.Unlock()
	return len(id.logins), len(id.asked)
}

func config(url string) keystone.Config {
	return keystone.Config{
		Credentials: keystone.Credentials{
			AuthType: "password", AuthURL: url, Username: "glance", Password: password, UserDomainName: "Default",
			ProjectName: "service", ProjDomainName: "Default",
		},
		Interfaces: []string{"internal"}, CacheTime: 5 * time.Minute, Catalog: true, ServiceRoles: []string{"service"}, ServiceRolesRequired: true,
		ServiceType: "image",
	}
}

// logged is a log that everything goes to.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// open makes a filter whose log must not have anything secret in it.
func open(t testing.TB, c keystone.Config) (*keystone.Filter, *logged) {
	t.Helper()
	log := &logged{}
	c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	f, err := keystone.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if text := log.String(); strings.Contains(text, secret) {
			t.Errorf("secrets in the log:\n%s", text)
		}
	})
	return f, log
}

// ask sends a request through the filter; the error must not have anything
// secret in it either.
func ask(t testing.TB, f *keystone.Filter, pairs ...string) (http.Header, error) {
	t.Helper()
	return call(t, f, "GET", "/v2/images", pairs...)
}

func call(t testing.TB, f *keystone.Filter, method, path string, pairs ...string) (http.Header, error) {
	t.Helper()
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	out, err := f.Check(t.Context(), method, path, h)
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", e, e, e), secret) {
			t.Errorf("secrets in the error: %v", e)
		}
	}
	return out, err
}
