package v2_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"glance/internal/api"
	v2 "glance/internal/api/v2"
	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
	"glance/internal/metadefs"
	"glance/internal/multihash"
	"glance/internal/policy"
	"glance/internal/quota"
	"glance/internal/store"
	"glance/internal/store/mem"
)

// people are the callers of the tests, by the name that requests send.
var people = map[string]glance.Caller{
	"alice": {UserID: "u-alice", ProjectID: "p-alpha", Roles: []string{"member", "reader"}},
	"bob":   {UserID: "u-bob", ProjectID: "p-beta", Roles: []string{"member", "reader"}},
	"carol": {UserID: "u-carol", ProjectID: "p-gamma", Roles: []string{"member", "reader"}},
	"rita":  {UserID: "u-rita", ProjectID: "p-alpha", Roles: []string{"reader"}},
	"nora":  {UserID: "u-nora", ProjectID: "p-alpha"},
	"boss":  {UserID: "u-boss", ProjectID: "p-admin", Roles: []string{"admin", "member", "reader"}, Admin: true},
	"anon":  {ReadOnly: true},
}

const (
	whoHeader = "X-Who"
	img1      = "11111111-1111-4111-8111-111111111111"
	img2      = "22222222-2222-4222-8222-222222222222"
	unknown   = "00000000-dead-4bad-8bad-000000000000"
)

// What never changes is made once.
var (
	defaultRules = sync.OnceValues(func() (*policy.Enforcer, error) {
		return policy.Open(policy.Config{EnforceNewDefaults: true, EnforceScope: true})
	})
	plainSchema = sync.OnceValues(func() (*v2.Schema, error) {
		return v2.NewSchema([]string{"bare", "ovf"}, []string{"raw", "qcow2", "ami"}, nil)
	})
)

// rig is a door over a database and two stores in memory.
type rig struct {
	db      *memdb.DB
	fast    *driver
	door    *v2.Door
	handler http.Handler
}

// newRig makes a rig with several stores; change may still alter the door.
func newRig(t testing.TB, change ...func(*v2.Door)) *rig {
	t.Helper()
	r := &rig{db: memdb.New(), fast: &driver{Driver: mem.New("fast")}}
	stores, err := store.NewSet(true, "fast", store.Named{ID: "fast", Driver: r.fast}, store.Named{ID: "cheap", Driver: mem.New("cheap")})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := plainSchema()
	if err != nil {
		t.Fatal(err)
	}
	limits := quota.Limits{MaxProperties: 3, MaxTags: 3, MaxMembers: 1, MaxLocations: 3}
	protect := protection(t, rules)
	log := slog.New(slog.DiscardHandler)
	r.door = &v2.Door{
		Catalog: &images.Catalog{Images: r.db, Tasks: r.db, Policy: rules, Protect: protect, Stores: stores},
		Editor:  &images.Editor{Images: r.db, Policy: rules, Protect: protect, Stores: stores, Limits: limits, SizeCap: 1000},
		Deleter: &images.Deleter{Images: r.db, Policy: rules, Stores: stores, Journal: noJournal{}, Log: log},
		Uploader: &images.Uploader{
			Images: r.db, Policy: rules, Stores: stores, Journal: noJournal{}, Log: log,
			Buffers: &multihash.Pool{BufferSize: 512}, SizeCap: 1000, HashAlgo: "sha256",
		},
		Downloader: &images.Downloader{Images: r.db, Policy: rules, Stores: stores},
		Sharer:     &images.Sharer{Images: r.db, Members: r.db, Policy: rules, Limits: limits},
		Namespaces: &metadefs.Namespaces{Metadefs: r.db, Policy: rules},
		Parts:      &metadefs.Parts{Metadefs: r.db, Policy: rules},
		Schema:     schema,
		Config: v2.Config{
			StoreIDs: []string{"fast", "cheap"}, ImportMethods: []string{"glance-direct", "web-download"}, LimitDefault: 2, LimitMax: 4,
		},
	}
	for _, f := range change {
		f(r.door)
	}
	router := http.StripPrefix("/v2", api.NewRouter(r.door.Routes()...))
	r.handler = api.Entrance{Log: log}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		router.ServeHTTP(w, req.WithContext(api.WithCaller(req.Context(), people[req.Header.Get(whoHeader)])))
	}))
	return r
}

// protection keeps everybody from creating x_owned.
func protection(t testing.TB, e *policy.Enforcer) *policy.Protection {
	t.Helper()
	file := filepath.Join(t.TempDir(), "protection.conf")
	text := "[^x_owned$]\ncreate = nobody\nread = @\nupdate = @\ndelete = @\n\n[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.OpenProtection(file, "roles", e)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type noJournal struct{}

func (noJournal) Begin(map[string]string) (func(), error) { return func() {}, nil }

func (noJournal) Sync() error { return nil }

// driver is a store that tests break.
type driver struct {
	store.Driver
	put, delete error
	open        func(context.Context, string, int64) (store.Data, error)
}

func (d *driver) Put(ctx context.Context, up store.Upload, r io.Reader) (store.Object, error) {
	if d.put == nil {
		return d.Driver.Put(ctx, up, r)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return store.Object{}, err
	}
	return store.Object{}, d.put
}

func (d *driver) Open(ctx context.Context, url string, offset int64) (store.Data, error) {
	if d.open == nil {
		return d.Driver.Open(ctx, url, offset)
	}
	return d.open(ctx, url, offset)
}

func (d *driver) Delete(ctx context.Context, url string) error {
	if d.delete != nil {
		return d.delete
	}
	return d.Driver.Delete(ctx, url)
}

// image is a queued one of p-alpha.
func image(change ...func(*glance.Image)) *glance.Image {
	img := &glance.Image{
		ID: img1, Owner: "p-alpha", Visibility: glance.VisibilityShared, Status: glance.StatusQueued, DiskFormat: "raw", ContainerFormat: "bare",
	}
	for _, f := range change {
		f(img)
	}
	return img
}

func (r *rig) add(t testing.TB, img *glance.Image) {
	t.Helper()
	if err := r.db.CreateImage(t.Context(), img); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) update(t testing.TB, id string, change func(*glance.Image)) {
	t.Helper()
	_, err := r.db.UpdateImage(t.Context(), metadata.Everything(), id, func(img *glance.Image) error {
		change(img)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fill adds the image and uploads its data.
func (r *rig) fill(t testing.TB, text string) {
	t.Helper()
	r.add(t, image())
	if a := r.send(t, call{method: "PUT", path: "/v2/images/" + img1 + "/file", body: text, header: octets()}); a.status != 204 {
		t.Fatal(a)
	}
}

func octets() map[string]string { return map[string]string{"Content-Type": "application/octet-stream"} }

// call is a request; nobody named means alice.
type call struct {
	who, method, path string
	header            map[string]string
	body              string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (r *rig) send(t testing.TB, c call) answer {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil)
	if c.body != "" {
		req = httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
	}
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	if c.who == "" {
		c.who = "alice"
	}
	req.Header.Set(whoHeader, c.who)
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func (r *rig) get(t testing.TB, path string) answer {
	t.Helper()
	return r.send(t, call{method: "GET", path: path})
}

// sendJSON sends a document.
func (r *rig) sendJSON(t testing.TB, method, path string, doc any) answer {
	t.Helper()
	return r.send(t, call{method: method, path: path, body: marshal(t, doc)})
}

func marshal(t testing.TB, doc any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (a answer) decode(t testing.TB) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return doc
}

// fault is what an error answer says: its status and both slots of its body. A
// text that ends in … stands for all that begin like it.
type fault struct {
	status              int
	explanation, detail string
}

// The default explanations of spec images-v2 §1.4.
var defaults = map[int]string{
	400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
	403: "Access was denied to this resource.",
	404: "The resource could not be found.",
	409: "There was a conflict when trying to complete your request.",
	413: "The body of your request was too large for this server.",
	416: "The Range requested is not available.",
}

func (a answer) want(t testing.TB, want fault) {
	t.Helper()
	if want.explanation == "" {
		want.explanation = defaults[want.status]
	}
	_, text, _ := strings.Cut(a.body, "\n\n")
	explanation, detail, ok := strings.Cut(text, "\n\n")
	if want.status == 415 {
		explanation = ""
	}
	if a.status != want.status || !ok || !says(explanation, want.explanation) || !says(strings.TrimSpace(detail), want.detail) {
		t.Errorf("got %d %q, want %+v", a.status, a.body, want)
	}
}

func says(got, want string) bool {
	if begin, open := strings.CutSuffix(want, "…"); open {
		return strings.HasPrefix(got, begin)
	}
	return got == want
}

func merge(docs ...map[string]any) map[string]any {
	out := map[string]any{}
	for _, doc := range docs {
		maps.Copy(out, doc)
	}
	return out
}
