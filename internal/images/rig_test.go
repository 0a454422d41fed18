package images_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

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

var errBoom = errors.New("boom")

// The people of the tests.
var (
	alice = &glance.Caller{UserID: "u-alice", ProjectID: "p-alpha", Roles: []string{"member", "reader"}}
	bob   = &glance.Caller{UserID: "u-bob", ProjectID: "p-beta", Roles: []string{"member", "reader"}}
	carol = &glance.Caller{UserID: "u-carol", ProjectID: "p-gamma", Roles: []string{"member", "reader"}}
	rita  = &glance.Caller{UserID: "u-rita", ProjectID: "p-alpha", Roles: []string{"reader"}}
	mona  = &glance.Caller{UserID: "u-mona", ProjectID: "p-alpha", Roles: []string{"member"}}
	nora  = &glance.Caller{UserID: "u-nora", ProjectID: "p-alpha"}
	boss  = &glance.Caller{UserID: "u-boss", ProjectID: "p-admin", Roles: []string{"admin", "member", "reader"}, Admin: true}
)

const (
	img1    = "11111111-1111-4111-8111-111111111111"
	img2    = "22222222-2222-4222-8222-222222222222"
	unknown = "00000000-dead-4bad-8bad-000000000000"
)

// rig is one node over a database and two stores in memory.
type rig struct {
	db      *hooked
	fast    *driver // the default store
	cheap   *driver
	stores  *store.Set
	policy  *policy.Enforcer
	protect *policy.Protection
	journal *journal
	limits  quota.Limits
	log     *slog.Logger

	leftovers *images.Leftovers
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{
		db:      &hooked{Store: memdb.New()},
		fast:    &driver{Driver: mem.New("fast")},
		cheap:   &driver{Driver: mem.New("cheap")},
		policy:  enforcer(t, true),
		journal: &journal{open: map[int]map[string]string{}},
		limits:  quota.Limits{MaxProperties: 3, MaxTags: 3, MaxMembers: 2, MaxLocations: 3},
		log:     slog.New(slog.DiscardHandler),
	}
	var err error
	r.stores, err = store.NewSet(true, "fast",
		store.Named{ID: "fast", Driver: r.fast, Weight: 2}, store.Named{ID: "cheap", Driver: r.cheap, Weight: 1})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func enforcer(t testing.TB, newDefaults bool) *policy.Enforcer {
	t.Helper()
	e, err := policy.Open(policy.Config{EnforceNewDefaults: newDefaults, EnforceScope: true})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ruled makes an enforcer with the rules of a file.
func ruled(t testing.TB, text string) *policy.Enforcer {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := policy.Open(policy.Config{File: file, EnforceNewDefaults: true, EnforceScope: true})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (r *rig) editor() *images.Editor {
	return &images.Editor{
		Images: r.db, Policy: r.policy, Protect: r.protect, Stores: r.stores, Limits: r.limits, SizeCap: 1000,
	}
}

func (r *rig) catalog() *images.Catalog {
	return &images.Catalog{Images: r.db, Tasks: r.db, Policy: r.policy, Protect: r.protect, Stores: r.stores}
}

func (r *rig) uploader() *images.Uploader {
	return &images.Uploader{
		Images: r.db, Policy: r.policy, Stores: r.stores, Journal: r.journal, Log: r.log,
		Buffers: &multihash.Pool{BufferSize: 512}, SizeCap: 1000, HashAlgo: "sha256", Leftovers: r.leftovers,
	}
}

func (r *rig) downloader() *images.Downloader {
	return &images.Downloader{Images: r.db, Policy: r.policy, Stores: r.stores}
}

func (r *rig) deleter() *images.Deleter {
	return &images.Deleter{Images: r.db, Policy: r.policy, Stores: r.stores, Journal: r.journal, Log: r.log, Leftovers: r.leftovers}
}

func (r *rig) sharer() *images.Sharer {
	return &images.Sharer{Images: r.db, Members: r.db, Policy: r.policy, Limits: r.limits}
}

func (r *rig) recoverer() *images.Recoverer {
	return &images.Recoverer{Images: r.db, Stores: r.stores, Log: r.log}
}

// queued is an image of p-alpha that is ready for data.
func queued(change ...func(*glance.Image)) *glance.Image {
	img := &glance.Image{
		ID: img1, Owner: "p-alpha", Visibility: glance.VisibilityShared, Status: glance.StatusQueued,
		DiskFormat: "raw", ContainerFormat: "bare",
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

// fill adds an image and uploads text to it.
func (r *rig) fill(t testing.TB, img *glance.Image, text string) {
	t.Helper()
	r.add(t, img)
	if err := r.uploader().Upload(t.Context(), boss, img.ID, data(text)); err != nil {
		t.Fatal(err)
	}
}

// put writes text to a store and gives its location.
func (r *rig) put(t testing.TB, to, id, text string) glance.Location {
	t.Helper()
	up := store.Upload{ImageID: id, Attempt: "earlier", Size: store.SizeUnknown}
	put, err := r.stores.Put(t.Context(), to, up, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return glance.Location{URL: put.URL, Metadata: put.Metadata}
}

// get reads an image as the service sees it; nil when it is deleted or was
// never there.
func (r *rig) get(t testing.TB, id string) *glance.Image {
	t.Helper()
	img, err := r.db.Store.Image(context.Background(), metadata.Everything(), id)
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func (r *rig) update(t testing.TB, id string, change func(*glance.Image)) {
	t.Helper()
	_, err := r.db.Store.UpdateImage(t.Context(), metadata.Everything(), id, func(img *glance.Image) error {
		change(img)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func data(text string) images.Data {
	return images.Data{Body: strings.NewReader(text), Size: int64(len(text))}
}

func streamed(text string) images.Data {
	return images.Data{Body: strings.NewReader(text), Size: images.SizeUnknown}
}

// fault is what the user hears of an error.
type fault struct {
	kind                glance.Kind
	explanation, detail string
}

func faultOf(err error) fault {
	var e *glance.Error
	if errors.As(err, &e) {
		return fault{e.Kind, e.Message, e.Detail}
	}
	return fault{kind: glance.KindOf(err)}
}

func wantFault(t *testing.T, err error, want fault) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %+v", want)
	} else if got := faultOf(err); got != want {
		t.Errorf("got  %+v\nwant %+v\nfrom %v", got, want, err)
	}
}

// hooked is a database that tests look into and break.
type hooked struct {
	metadata.Store
	beforeUpdate func(n int) error // the n-th UpdateImage fails with its error, undone
	afterUpdate  func(n int) error // the same, done
	beforeRead   func() error      // fails Image
	mu           sync.Mutex
	updates      int
}

func (h *hooked) UpdateImage(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (*glance.Image, error) {
	return h.hook(func() (*glance.Image, error) { return h.Store.UpdateImage(ctx, sc, id, change) })
}

func (h *hooked) hook(update func() (*glance.Image, error)) (*glance.Image, error) {
	h.mu.Lock()
	h.updates++
	n := h.updates
	h.mu.Unlock()
	if h.beforeUpdate != nil {
		if err := h.beforeUpdate(n); err != nil {
			return nil, err
		}
	}
	img, err := update()
	if h.afterUpdate != nil && err == nil {
		err = h.afterUpdate(n)
	}
	return img, err
}

func (h *hooked) UpdateMetered(ctx context.Context, sc metadata.Scope, id string, of metadata.Account, change func(*glance.Image, int64) error) (*glance.Image, error) {
	return h.hook(func() (*glance.Image, error) { return h.Store.UpdateMetered(ctx, sc, id, of, change) })
}

func (h *hooked) Image(ctx context.Context, sc metadata.Scope, id string) (*glance.Image, error) {
	if h.beforeRead != nil {
		if err := h.beforeRead(); err != nil {
			return nil, err
		}
	}
	return h.Store.Image(ctx, sc, id)
}

// elsewhere is another node with the same database and stores, without hooks.
func (r *rig) elsewhere() *rig {
	other := *r
	other.db = &hooked{Store: r.db.Store}
	return &other
}

// nth makes a hook that runs f before or after the n-th update only.
func nth(n int, f func() error) func(int) error {
	return func(now int) error {
		if now != n {
			return nil
		}
		return f()
	}
}

// driver is a store that tests break.
type driver struct {
	store.Driver
	put     func() error // fails a Put after its data came
	open    func() error
	delete  func(context.Context) error
	abandon error
}

func (d *driver) Put(ctx context.Context, up store.Upload, r io.Reader) (store.Object, error) {
	if d.put == nil {
		return d.Driver.Put(ctx, up, r)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return store.Object{}, err
	}
	return store.Object{}, d.put()
}

func (d *driver) Open(ctx context.Context, url string, offset int64) (store.Data, error) {
	if d.open != nil {
		if err := d.open(); err != nil {
			return store.Data{}, err
		}
	}
	return d.Driver.Open(ctx, url, offset)
}

func (d *driver) Delete(ctx context.Context, url string) error {
	if d.delete != nil {
		if err := d.delete(ctx); err != nil {
			return err
		}
	}
	return d.Driver.Delete(ctx, url)
}

func (d *driver) Abandon(ctx context.Context, up store.Upload) error {
	if d.abandon != nil {
		return d.abandon
	}
	return d.Driver.Abandon(ctx, up)
}

// creation is a request for an image.
func creation(change ...func(*glance.Image)) images.Creation {
	var want images.Creation
	for _, f := range change {
		f(&want.Image)
	}
	return want
}

// holds reports whether the store has data of an image.
func (d *driver) holds(t testing.TB, id string) bool {
	t.Helper()
	prefix := "mem://fast/"
	if !d.Owns(prefix) {
		prefix = "mem://cheap/"
	}
	_, err := d.Size(context.Background(), prefix+id)
	if err != nil && !errors.Is(err, glance.NotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// journal is a journal in memory.
type journal struct {
	mu    sync.Mutex
	fails error
	next  int
	open  map[int]map[string]string
	disk  map[int]map[string]string // what a power failure leaves
}

// Sync makes durable what is settled.
func (j *journal) Sync() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.disk = maps.Clone(j.open)
	return j.fails
}

func (j *journal) Begin(entry map[string]string) (func(), error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fails != nil {
		return nil, j.fails
	}
	n := j.next
	j.next++
	j.open[n] = maps.Clone(entry)
	j.disk = maps.Clone(j.open)
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.open, n)
	}, nil
}

// left gives the entries that nobody settled, in order.
func (j *journal) left() []map[string]string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []map[string]string
	for _, n := range slices.Sorted(maps.Keys(j.open)) {
		out = append(out, j.open[n])
	}
	return out
}

// wantUntouched checks that an upload left nothing behind.
func (r *rig) wantUntouched(t *testing.T, id string) {
	t.Helper()
	img := r.get(t, id)
	if img == nil {
		t.Fatal("the image is gone")
	}
	if img.Status != glance.StatusQueued || img.Size != nil || img.VirtualSize != nil || img.Checksum != "" ||
		img.HashAlgo != "" || img.HashValue != "" || len(img.Locations) > 0 {
		t.Errorf("not as before: %+v", img)
	}
	if r.fast.holds(t, id) || r.cheap.holds(t, id) {
		t.Error("data is left")
	}
	if left := r.journal.left(); len(left) > 0 {
		t.Errorf("left in the journal: %v", left)
	}
}

// restart settles what is in the journal, twice, as a node does at its start.
func (r *rig) restart(t *testing.T) {
	t.Helper()
	left := r.journal.left()
	if len(left) == 0 {
		t.Fatal("nothing is left in the journal")
	}
	for range 2 {
		for _, entry := range left {
			if err := r.elsewhere().recoverer().Settle(t.Context(), entry); err != nil {
				t.Fatal(err)
			}
		}
	}
	clear(r.journal.open)
}

// read downloads an image as a whole.
func (r *rig) read(t *testing.T, who *glance.Caller, id string) string {
	t.Helper()
	d, err := r.downloader().Download(t.Context(), who, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := d.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
