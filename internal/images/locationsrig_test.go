package images_test

import (
	"context"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/multihash"
	"glance/internal/quota"
	"glance/internal/store"
	"glance/internal/store/mem"
)

// nova is a service, guest an anonymous caller.
var (
	nova  = &glance.Caller{UserID: "u-nova", ProjectID: "p-service", Roles: []string{"service", "member", "reader"}}
	guest = &glance.Caller{ReadOnly: true, Roles: []string{"member", "reader"}, ProjectID: "p-alpha"}
)

// web is a store of type http: it can be read, and nothing else.
type web struct {
	mu    sync.Mutex
	pages map[string]string // by URL
	fails error             // of Size
	open  func(context.Context) error
	pause func() // before every read
	opens int
	sizes int // calls of Size
}

func (w *web) page(url string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text, ok := w.pages[url]
	if !ok {
		return "", store.NoImage(url, nil)
	}
	return text, nil
}

func (w *web) Put(context.Context, store.Upload, io.Reader) (store.Object, error) {
	return store.Object{}, store.AddDisabled()
}

func (w *web) Open(ctx context.Context, url string, _ int64) (store.Data, error) {
	w.mu.Lock()
	w.opens++
	w.mu.Unlock()
	if w.open != nil {
		if err := w.open(ctx); err != nil {
			return store.Data{}, err
		}
	}
	text, err := w.page(url)
	body := io.Reader(strings.NewReader(text))
	if w.pause != nil {
		body = iotest.OneByteReader(readerFunc(func(b []byte) (int, error) {
			w.pause()
			return strings.NewReader(text).Read(b)
		}))
		body = io.LimitReader(body, int64(len(text)))
	}
	return store.Data{ReadCloser: io.NopCloser(body), Size: int64(len(text))}, err
}

func (w *web) Size(_ context.Context, url string) (int64, error) {
	w.mu.Lock()
	w.sizes++
	w.mu.Unlock()
	if w.fails != nil {
		return 0, w.fails
	}
	text, err := w.page(url)
	return int64(len(text)), err
}

func (w *web) Delete(context.Context, string) error        { return store.NoDelete() }
func (w *web) Abandon(context.Context, store.Upload) error { return nil }
func (w *web) Owns(url string) bool                        { return strings.HasPrefix(url, "http") }
func (w *web) Info() store.Info {
	return store.Info{Type: "http", Schemes: []string{"http", "https"}, ReadOnly: true}
}

// locationRig is a node that shows locations and reads the web.
type locationRig struct {
	*rig
	web     *web
	staging *driver
	jobs    *images.Jobs
	running sync.WaitGroup // jobs

	shown, delayed, unhashed bool
	quota                    quota.Storage
	attempts                 int
}

func newLocationRig(t testing.TB) *locationRig {
	t.Helper()
	r := &locationRig{
		rig: newRig(t), shown: true, attempts: 3,
		web:     &web{pages: map[string]string{"http://web/a": "aaaa", "http://web/b": "bbbb", "http://web/empty": ""}},
		staging: &driver{Driver: mem.New("staging")},
	}
	r.jobs = images.NewJobs(context.Background(), 2, r.hold)
	t.Cleanup(func() { _ = r.jobs.Close() })
	r.useStores(t, true)
	return r
}

func (r *locationRig) hold() func() {
	r.running.Add(1)
	return r.running.Done
}

func (r *locationRig) useStores(t testing.TB, multi bool) {
	t.Helper()
	var err error
	r.stores, err = store.NewSet(multi, "fast",
		store.Named{ID: "fast", Driver: r.fast, Weight: 2}, store.Named{ID: "cheap", Driver: r.cheap, Weight: 1},
		store.Named{ID: "web", Driver: r.web},
		store.Named{ID: store.StagingStore, Driver: r.staging})
	if err != nil {
		t.Fatal(err)
	}
}

func (r *locationRig) editor() *images.Editor {
	e := r.rig.editor()
	e.Locations = images.LocationChanges{
		Shown: r.shown, Delayed: r.delayed, HashAlgo: "sha256", Quota: r.quota, Journal: r.journal, Log: r.log,
	}
	return e
}

func (r *locationRig) locator() *images.Locator {
	return &images.Locator{
		Images: r.db, Tasks: r.db, Locks: r.db, Policy: r.policy, Stores: r.stores, Journal: r.journal,
		Buffers: &multihash.Pool{BufferSize: 512}, Jobs: r.jobs, Log: r.log, Limits: r.limits, Quota: r.quota,
		SecureHash: !r.unhashed, Attempts: r.attempts, HashAlgo: "sha256", SelfURL: "http://self", TaskLife: time.Hour,
		Leftovers: r.leftovers,
	}
}

func (r *locationRig) stager() *images.Stager {
	return &images.Stager{
		Images: r.db, Policy: r.policy, Staging: r.place(), Journal: r.journal, Buffers: &multihash.Pool{BufferSize: 512},
		Log: r.log, SizeCap: 1000, SelfURL: "http://self", Leftovers: r.leftovers,
	}
}

func (r *locationRig) place() *images.Staging {
	return &images.Staging{Driver: r.staging, Prefix: "mem://staging/"}
}

func (r *locationRig) copyDeleter() *images.CopyDeleter {
	return &images.CopyDeleter{Images: r.db, Policy: r.policy, Stores: r.stores, Journal: r.journal, Log: r.log}
}

func (r *locationRig) deleter() *images.Deleter {
	d := r.rig.deleter()
	d.Staging, d.Jobs, d.Delayed = r.place(), r.jobs, r.delayed
	return d
}

func (r *locationRig) recoverer() *images.Recoverer {
	return &images.Recoverer{
		Images: r.db.Store, Tasks: r.db.Store, Locks: r.db.Store, Stores: r.stores, Staging: r.place(), TaskLife: time.Hour, Log: r.log,
	}
}

// crash settles what is in the journal, twice, as the next start does.
func (r *locationRig) crash(t *testing.T) {
	t.Helper()
	left := r.journal.left()
	if len(left) == 0 {
		t.Fatal("nothing is left in the journal")
	}
	for range 2 {
		for _, entry := range left {
			if err := r.recoverer().Settle(context.Background(), entry); err != nil {
				t.Fatal(err)
			}
		}
	}
	clear(r.journal.open)
}

// stop ends all jobs, as the end of the process does.
func (r *locationRig) stop(t *testing.T) {
	t.Helper()
	if err := r.jobs.Close(); err != nil {
		t.Fatal(err)
	}
}

// task gives the one task of an image.
func (r *locationRig) task(t *testing.T, id string) *glance.Task {
	t.Helper()
	tasks, err := r.db.Store.TasksOf(context.Background(), metadata.Everything(), id, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if len(tasks) != 1 {
		t.Fatalf("%d tasks", len(tasks))
	}
	return tasks[0]
}

func (d *driver) has(url string) bool {
	_, err := d.Size(context.Background(), url)
	return err == nil
}

// at gives a location as a row; meta are pairs.
func at(url string, meta ...string) glance.Location {
	m := map[string]any{}
	for i := 0; i < len(meta); i += 2 {
		m[meta[i]] = meta[i+1]
	}
	return glance.Location{URL: url, Metadata: m}
}

// urls gives the URLs of an image, in order.
func urls(img *glance.Image) string {
	var list []string
	for _, loc := range img.Locations {
		list = append(list, loc.URL)
	}
	return strings.Join(list, " ")
}

// stored makes an active image of p-alpha with data in both stores.
func (r *locationRig) stored(t testing.TB, id string) *glance.Image {
	t.Helper()
	img := queued()
	size := int64(4)
	img.ID, img.Status, img.Size = id, glance.StatusActive, &size
	img.Locations = []glance.Location{r.put(t, "fast", id, "data"), r.put(t, "cheap", id, "data")}
	for i := range img.Locations {
		img.Locations[i].Metadata = maps.Clone(img.Locations[i].Metadata)
	}
	r.add(t, img)
	return img
}

func text4() io.Reader { return strings.NewReader("aaaa") }
