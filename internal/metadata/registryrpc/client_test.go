package registryrpc_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
	"glance/internal/metadata/registryrpc"
)

// original is a registry of ours that has forgotten everything that the
// original's does not know.
func original(t testing.TB, db metadata.Store) *registryrpc.DB {
	t.Helper()
	ours := serve(t, db, trusting)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body := strings.ReplaceAll(string(text), `"exact":`, `"nothing":`)
		if strings.Contains(body, "property_atomic") {
			http.Error(w, "404 Not Found\n\nCommand not found", http.StatusNotFound)
			return
		}
		answer, err := http.Post(ours+"/rpc", "application/json", strings.NewReader(body)) //nolint:gosec // a server of this test
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		text, _ = io.ReadAll(answer.Body)
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write([]byte(strings.NewReplacer(`"_version":`, `"_other":`, `"_associations":`, `"_more":`).Replace(string(text))))
	}))
	t.Cleanup(server.Close)
	return open(t, registryrpc.Options{URL: server.URL})
}

const id = "11111111-1111-4111-8111-111111111111"

func queued() *glance.Image {
	return &glance.Image{
		ID: id, Status: glance.StatusQueued, Visibility: glance.VisibilityShared, Owner: "p", DiskFormat: "raw", ContainerFormat: "bare",
		Tags: []string{"b", "a"}, Properties: []glance.Property{{Name: "os", Value: "linux"}},
	}
}

func create(t *testing.T, db metadata.Store, img *glance.Image) {
	t.Helper()
	if err := db.CreateImage(t.Context(), img); err != nil {
		t.Fatal(err)
	}
}

// TestOriginal: what holds with the commands of the original alone.
func TestOriginal(t *testing.T) {
	db := original(t, memdb.New())
	create(t, db, queued())
	img, err := db.UpdateImage(t.Context(), metadata.Everything(), id, func(img *glance.Image) error {
		img.Tags = append(img.Tags, "c")
		img.SetProperty(glance.Property{Name: "os", Value: "plan9"})
		img.Locations = append(img.Locations, glance.Location{URL: "file:///x"})
		return nil
	})
	if err != nil || strings.Join(img.Tags, "") != "bac" || img.Properties[0].Value != "plan9" || len(img.Locations) != 1 {
		t.Fatalf("updated: %+v, %v", img, err)
	}
	page, err := db.Images(t.Context(), metadata.Everything(), metadata.Query{
		Limit: 5, Deleted: new(false), Sort: []metadata.SortKey{{Column: metadata.ColumnID}}, Tags: []string{"c"},
		Where: []metadata.Condition{{Column: metadata.ColumnStatus, Op: metadata.In, Texts: []string{"queued", "active"}}},
	})
	if err != nil || len(page) != 1 {
		t.Errorf("listed: %v, %v", page, err)
	}
	img, err = db.UpdateImage(t.Context(), metadata.Everything(), id, func(img *glance.Image) error {
		img.Status, img.Deleted = glance.StatusDeleted, true
		return nil
	})
	if err != nil || !img.Deleted || len(img.Tags) != 0 {
		t.Errorf("deleted: %+v, %v", img, err)
	}
	if _, err := db.Image(t.Context(), metadata.Everything(), id); !errors.Is(err, glance.NotFound) {
		t.Errorf("a deleted image: %v", err)
	}
}

// TestOriginalClaim: of several claims one wins, by from_state.
func TestOriginalClaim(t *testing.T) {
	db := original(t, memdb.New())
	create(t, db, queued())
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := db.UpdateImage(t.Context(), metadata.Everything(), id, func(img *glance.Image) error { return img.Move(glance.StatusSaving) })
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, glance.Conflict):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d claims won", won.Load())
	}
}

// TestOriginalLacks: what no command says is refused, not guessed.
func TestOriginalLacks(t *testing.T) {
	db := original(t, memdb.New())
	create(t, db, queued())
	if err := db.Lock(t.Context(), id, "t"); !errors.Is(err, glance.Unsupported) {
		t.Errorf("lock: %v", err)
	}
	_, err := db.Images(t.Context(), metadata.Everything(), metadata.Query{
		Limit: 5, Sort: []metadata.SortKey{{Column: metadata.ColumnID}},
		Where: []metadata.Condition{{Column: metadata.ColumnName, Op: metadata.NotEq, Texts: []string{"x"}}},
	})
	if !errors.Is(err, glance.Unsupported) {
		t.Errorf("list: %v", err)
	}
}

// TestAnswers: what a server may answer besides results.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		kind   glance.Kind
	}{
		{200, `[{"_error": {"cls": "glance.common.exception.ImageNotFound", "val": "gone"}}]`, glance.NotFound},
		{200, `[{"_error": {"cls": "glance.common.exception.LimitExceeded", "val": "much"}}]`, glance.TooLarge},
		{200, `[{"_error": {"cls": "glance.common.exception.RPCError", "val": "secret"}}]`, glance.Internal},
		{200, `[{"_error": {"cls": "os.system", "val": "secret"}}]`, glance.Internal},
		{200, `[]`, glance.Internal},
		{200, `{}`, glance.Internal},
		{200, `nonsense`, glance.Internal},
		{200, `[1, 2]`, glance.Internal},
		{200, `["x"]`, glance.Internal},
		{400, "", glance.Internal},
		{401, "", glance.Unauthenticated},
		{403, "", glance.Forbidden},
		{404, "", glance.Internal},
		{404, "Command not found", glance.Unsupported},
		{413, "", glance.TooLarge},
		{500, "", glance.Internal},
		{502, "", glance.Unavailable},
		{503, "", glance.Unavailable},
		{504, "", glance.Unavailable},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		}))
		_, err := open(t, registryrpc.Options{URL: server.URL}).Usage(t.Context(), "p", "")
		server.Close()
		if err == nil || glance.KindOf(err) != tt.kind {
			t.Errorf("%d %s: %v (%v), want %v", tt.status, tt.body, err, glance.KindOf(err), tt.kind)
		}
	}
	if err := open(t, registryrpc.Options{URL: "http://127.0.0.1:1"}).Ping(t.Context()); !errors.Is(err, glance.Unavailable) {
		t.Errorf("nobody there: %v", err)
	}
}

// TestPatience: the time limit of the client is one of the registry, not of the
// caller.
func TestPatience(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer server.Close()
	defer close(stop)
	db := registryrpc.New(registryrpc.Options{URL: server.URL, HTTP: &http.Client{Timeout: 10 * time.Millisecond}})
	if err := db.Ping(t.Context()); !errors.Is(err, glance.Unavailable) {
		t.Errorf("too slow: %v", err)
	}
}

// TestIdentity: what the registry is told of who asks.
func TestIdentity(t *testing.T) {
	var heard http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard = r.Header
		_, _ = io.WriteString(w, "[[]]")
	}))
	defer server.Close()
	who := glance.Caller{
		UserID: "u", ProjectID: "p", Roles: []string{"admin", "member"}, Token: "secret", RequestID: "req-1", Catalog: []byte(`[{}]`),
	}
	opt := registryrpc.Options{
		URL: server.URL, Who: func(context.Context) glance.Caller { return who },
		Token: func(_ context.Context, who glance.Caller) (string, error) { return who.Token, nil },
	}
	plain := map[string]string{"X-Auth-Token": "secret", "X-Openstack-Request-Id": "req-1", "X-User-Id": "", "X-Roles": "", "X-Identity-Status": ""}
	check := func(db *registryrpc.DB, sc metadata.Scope, want map[string]string) {
		t.Helper()
		if _, err := db.Images(t.Context(), sc, metadata.Query{Sort: []metadata.SortKey{{Column: metadata.ColumnID}}}); err != nil {
			t.Fatal(err)
		}
		for name, value := range want {
			if got := heard.Get(name); got != value {
				t.Errorf("%s is %q, want %q", name, got, value)
			}
		}
	}
	check(open(t, opt), metadata.Scope{Project: "p"}, plain)
	opt.Token, opt.Identity = nil, true
	check(open(t, opt), metadata.Scope{Project: "q"}, map[string]string{
		"X-Auth-Token": "", "X-User-Id": "u", "X-Tenant-Id": "q", "X-Roles": "member", "X-Identity-Status": "Confirmed", "X-Service-Catalog": "[{}]",
	})
	check(open(t, opt), metadata.Everything(), map[string]string{"X-Tenant-Id": "", "X-Roles": "member,admin"})
	opt.Token = func(context.Context, glance.Caller) (string, error) { return "", glance.Unavailable }
	if err := open(t, opt).Ping(t.Context()); !errors.Is(err, glance.Unavailable) {
		t.Errorf("no token to be had: %v", err)
	}
}

// TestOriginalMetadefs: definitions with the commands of the original alone.
func TestOriginalMetadefs(t *testing.T) {
	db := original(t, memdb.New())
	ns := &glance.MetadefNamespace{
		Name: "ns", Visibility: glance.VisibilityPublic, Associations: []glance.MetadefAssociation{{ResourceType: "R"}},
		Objects:    []glance.MetadefObject{{Name: "o", Properties: []byte(`{}`)}},
		Properties: []glance.MetadefProperty{{Name: "p", Schema: []byte(`{}`)}}, Tags: []glance.MetadefTag{{Name: "t"}},
	}
	if err := db.CreateNamespace(t.Context(), ns); err != nil || ns.Tags[0].CreatedAt.IsZero() {
		t.Fatalf("%+v, %v", ns, err)
	}
	twice := &glance.MetadefNamespace{Name: "twice", Visibility: glance.VisibilityPublic, Tags: []glance.MetadefTag{{Name: "t"}, {Name: "t"}}}
	if err := db.CreateNamespace(t.Context(), twice); !errors.Is(err, glance.Conflict) {
		t.Errorf("a tag twice: %v", err)
	}
	page, err := db.Namespaces(t.Context(), metadata.Everything(), metadata.NamespaceQuery{Limit: -1, Sort: "id"})
	if err != nil || len(page) != 1 || len(page[0].Associations) != 1 || page[0].Associations[0].ResourceType != "R" {
		t.Errorf("listed: %+v, %v", page, err)
	}
	object, err := db.UpdateMetadefObject(t.Context(), ns, "o", func(o *glance.MetadefObject) error {
		o.Name, o.Required = "q", []string{"a", "b"}
		return nil
	})
	if err != nil || object.Name != "q" || len(object.Required) != 2 {
		t.Errorf("object: %+v, %v", object, err)
	}
	changed, err := db.UpdateNamespace(t.Context(), metadata.Everything(), "ns", func(ns *glance.MetadefNamespace) error {
		ns.Name = "new"
		return nil
	})
	if err != nil || changed.Name != "new" || changed.ID != ns.ID {
		t.Errorf("namespace: %+v, %v", changed, err)
	}
	if err := db.DeleteNamespace(t.Context(), changed); err != nil {
		t.Error(err)
	}
}

// TestRefusedToken: one more request with another token, and no more than that.
func TestRefusedToken(t *testing.T) {
	var asked []string
	answers := map[string]int{"old": 401, "bad": 401}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Auth-Token")
		asked = append(asked, token)
		if status := answers[token]; status != 0 {
			w.WriteHeader(status)
			return
		}
		_, _ = io.WriteString(w, "[[]]")
	}))
	t.Cleanup(server.Close)
	for _, tt := range []struct {
		tokens string // one after the other
		own    bool
		asked  string
		want   error
	}{
		{"old new", true, "old new", nil},
		{"old bad new", true, "old bad", glance.Unauthenticated},
		{"old new", false, "old", glance.Unauthenticated},
		{"new", true, "new", nil},
	} {
		asked = nil
		left := strings.Fields(tt.tokens)
		opt := registryrpc.Options{URL: server.URL, Token: func(context.Context, glance.Caller) (string, error) { return left[0], nil }}
		if tt.own {
			opt.Refused = func(token string) {
				if token != left[0] {
					t.Errorf("%s was refused, told is %s", left[0], token)
				}
				if len(left) > 1 {
					left = left[1:]
				}
			}
		}
		err := open(t, opt).Ping(t.Context())
		if !errors.Is(err, tt.want) || strings.Join(asked, " ") != tt.asked {
			t.Errorf("%+v: %v, asked with %q", tt, err, asked)
		}
	}
}
