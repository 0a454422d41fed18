package v1_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"glance/internal/api"
	v1 "glance/internal/api/v1"
	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
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
	"solo":  {UserID: "u-solo", Roles: []string{"member", "reader"}},
}

const (
	img1    = "11111111-1111-4111-8111-111111111111"
	img2    = "22222222-2222-4222-8222-222222222222"
	unknown = "00000000-dead-4bad-8bad-000000000000"
)

// rig is a door over a database and two stores in memory; the second one is
// somebody else's, whose data locations and copies name.
type rig struct {
	db      *memdb.DB
	own     *driver
	web     *driver
	jobs    *images.Jobs
	handler http.Handler
}

const sizeCap = 1000

var defaultRules = sync.OnceValues(func() (*policy.Enforcer, error) {
	return policy.Open(policy.Config{EnforceNewDefaults: true, EnforceScope: true})
})

func newRig(t testing.TB, change ...func(*v1.Door)) *rig {
	t.Helper()
	r := &rig{db: memdb.New(), own: &driver{Driver: mem.New("own")}, web: &driver{Driver: mem.New("web")}}
	stores, err := store.NewSet(true, "own", store.Named{ID: "own", Driver: r.own}, store.Named{ID: "web", Driver: r.web})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := defaultRules()
	if err != nil {
		t.Fatal(err)
	}
	protect, log := protection(t, rules), slog.New(slog.DiscardHandler)
	limits := quota.Limits{MaxProperties: 3, MaxTags: 3, MaxMembers: 2, MaxLocations: 3}
	r.jobs = images.NewJobs(context.Background(), 2, nil)
	t.Cleanup(func() { _ = r.jobs.Close() })
	catalog := &images.Catalog{Images: r.db, Tasks: r.db, Policy: rules, Protect: protect, Stores: stores, Log: log}
	door := &v1.Door{
		Catalog: catalog,
		Intake: &images.Intake{
			Editor: &images.Editor{Images: r.db, Policy: rules, Protect: protect, Stores: stores, Limits: limits, SizeCap: sizeCap},
			Uploader: &images.Uploader{
				Images: r.db, Policy: rules, Stores: stores, Journal: noJournal{}, Log: log,
				Buffers: &multihash.Pool{BufferSize: 512}, Quota: 2000, SizeCap: sizeCap, HashAlgo: "sha256",
			},
			Jobs: r.jobs, Log: log,
		},
		Deleter:    &images.Deleter{Images: r.db, Policy: rules, Stores: stores, Journal: noJournal{}, Log: log},
		Downloader: &images.Downloader{Images: r.db, Policy: rules, Stores: stores},
		Sharer:     &images.Sharer{Images: r.db, Members: r.db, Policy: rules, Limits: limits},
		Config: v1.Config{
			DiskFormats: []string{"raw", "qcow2", "ami", "aki"}, ContainerFormats: []string{"bare", "ovf", "ami", "aki"},
			LimitDefault: 25, LimitMax: 30,
		},
	}
	for _, f := range change {
		f(door)
	}
	router := http.StripPrefix("/v1", door.Handler())
	r.handler = api.Entrance{Log: log}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		router.ServeHTTP(w, req.WithContext(api.WithCaller(req.Context(), people[req.Header.Get("X-Who")])))
	}))
	return r
}

// protection: x_owned may only be read by administrators, x_fixed is made once.
func protection(t testing.TB, e *policy.Enforcer) *policy.Protection {
	t.Helper()
	file := filepath.Join(t.TempDir(), "protection.conf")
	text := "[^x_owned$]\ncreate = admin\nread = admin\nupdate = admin\ndelete = admin\n\n" +
		"[^x_fixed$]\ncreate = @\nread = @\nupdate = admin\ndelete = admin\n\n" +
		"[.*]\ncreate = @\nread = @\nupdate = @\ndelete = @\n"
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
	put, open, delete error
	size              func() (int64, error)
	before            func() // a Put ends
}

func (d *driver) Put(ctx context.Context, up store.Upload, r io.Reader) (store.Object, error) {
	if d.put != nil {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return store.Object{}, err
		}
		return store.Object{}, d.put
	}
	object, err := d.Driver.Put(ctx, up, r)
	if d.before != nil {
		d.before()
	}
	return object, err
}

func (d *driver) Open(ctx context.Context, url string, offset int64) (store.Data, error) {
	if d.open != nil {
		return store.Data{}, d.open
	}
	return d.Driver.Open(ctx, url, offset)
}

func (d *driver) Size(ctx context.Context, url string) (int64, error) {
	if d.size != nil {
		return d.size()
	}
	return d.Driver.Size(ctx, url)
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
		ID: img1, Owner: "p-alpha", Visibility: glance.VisibilityShared, Status: glance.StatusQueued,
		DiskFormat: "raw", ContainerFormat: "bare", Size: new(int64),
	}
	for _, f := range change {
		f(img)
	}
	return img
}

func public(img *glance.Image) { img.Visibility = glance.VisibilityPublic }

func status(s glance.Status) func(*glance.Image) {
	return func(img *glance.Image) { img.Status = s }
}

func named(id, name string) func(*glance.Image) {
	return func(img *glance.Image) { img.ID, img.Name = id, &name }
}

func (r *rig) add(t testing.TB, img *glance.Image) {
	t.Helper()
	if err := r.db.CreateImage(t.Context(), img); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) get(t testing.TB, id string) *glance.Image {
	t.Helper()
	img, err := r.db.Image(t.Context(), metadata.Scope{Admin: true, Deleted: true}, id)
	if err != nil {
		t.Fatal(err)
	}
	return img
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

// outside puts data where locations and copies may find it.
func (r *rig) outside(t testing.TB, name, text string) string {
	t.Helper()
	put, err := r.web.Driver.Put(t.Context(), store.Upload{ImageID: name, Attempt: "x", Size: store.SizeUnknown}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return put.URL
}

// call is a request.
type call struct {
	who, method, path string
	header            []string // name, value, …
	body              string
	chunked           bool
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// text is the explanation of an error in plain text.
func (a answer) text() string {
	_, rest, _ := strings.Cut(a.body, "\n\n")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

func (r *rig) send(t testing.TB, c call) answer {
	t.Helper()
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
		if c.chunked {
			body = struct{ io.Reader }{body}
		}
	}
	req := httptest.NewRequest(c.method, "/v1"+c.path, body)
	req.Header.Set("X-Who", c.who)
	req.Header.Set("Accept", "*/*")
	for i := 0; i < len(c.header); i += 2 {
		req.Header.Set(c.header[i], c.header[i+1])
	}
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	return answer{rec.Code, rec.Header(), rec.Body.String()}
}

// wants checks status and text of an answer. text "" wants no body.
func (a answer) wants(t testing.TB, status int, text string) {
	t.Helper()
	if a.status != status || status >= 400 && a.text() != text {
		t.Errorf("answer %d %q, want %d %q", a.status, a.body, status, text)
	}
	if kind := a.header.Get("Content-Type"); status >= 400 && kind != "text/plain; charset=UTF-8" {
		t.Errorf("an error is %s", kind)
	}
}

// image decodes {"image": …}.
func (a answer) image(t testing.TB) map[string]any {
	t.Helper()
	var doc struct{ Image map[string]any }
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil || doc.Image == nil {
		t.Fatalf("answer %d %q: %v", a.status, a.body, err)
	}
	return doc.Image
}

// ids decodes {"images": …}.
func (a answer) ids(t testing.TB) []string {
	t.Helper()
	var doc struct{ Images []struct{ ID string } }
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatalf("answer %d %q: %v", a.status, a.body, err)
	}
	ids := []string{}
	for _, img := range doc.Images {
		ids = append(ids, img.ID)
	}
	return ids
}

// octets announces data, after other headers.
func octets(header ...string) []string {
	return append(header, "Content-Type", "application/octet-stream")
}
