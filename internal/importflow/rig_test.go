package importflow_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/importflow"
	"glance/internal/importflow/method"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
	"glance/internal/multihash"
	"glance/internal/policy"
	"glance/internal/store"
	"glance/internal/store/mem"
)

var errBoom = errors.New("boom")

// The people of the tests.
var (
	alice = &glance.Caller{UserID: "u-alice", ProjectID: "p-alpha", Roles: []string{"member", "reader"}, RequestID: "req-1"}
	bob   = &glance.Caller{UserID: "u-bob", ProjectID: "p-beta", Roles: []string{"member", "reader"}}
	rita  = &glance.Caller{UserID: "u-rita", ProjectID: "p-alpha", Roles: []string{"reader"}}
	boss  = &glance.Caller{UserID: "u-boss", ProjectID: "p-admin", Roles: []string{"admin", "member", "reader"}, Admin: true}
	guest = &glance.Caller{ReadOnly: true, ProjectID: "p-alpha", Roles: []string{"member", "reader"}}
)

const (
	img1    = "11111111-1111-4111-8111-111111111111"
	unknown = "00000000-dead-4bad-8bad-000000000000"
)

// fuse is a process that ends after a number of things that it did to the
// outside.
type fuse struct {
	mu    sync.Mutex
	steps int
	limit int // 0 is for ever
}

// burn is one step; it fails from the last one on.
func (f *fuse) burn() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps++
	if f.limit > 0 && f.steps > f.limit {
		return errBoom
	}
	return nil
}

// around does a thing of which the process may not see the beginning or the end.
func (f *fuse) around(do func() error) error {
	if err := f.burn(); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return f.burn()
}

// base is a database that ends with the process.
type base struct {
	metadata.Store
	*fuse
	beforeUpdate func(img string) error
}

func (b *base) UpdateImage(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (img *glance.Image, err error) {
	if b.beforeUpdate != nil {
		if err := b.beforeUpdate(id); err != nil {
			return nil, err
		}
	}
	err = b.around(func() (err error) {
		img, err = b.Store.UpdateImage(ctx, sc, id, change)
		return err
	})
	return img, err
}

func (b *base) Image(ctx context.Context, sc metadata.Scope, id string) (*glance.Image, error) {
	if err := b.burn(); err != nil {
		return nil, err
	}
	return b.Store.Image(ctx, sc, id)
}

func (b *base) CreateTask(ctx context.Context, t *glance.Task) error {
	return b.around(func() error { return b.Store.CreateTask(ctx, t) })
}

func (b *base) UpdateTask(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Task) error) (t *glance.Task, err error) {
	err = b.around(func() (err error) {
		t, err = b.Store.UpdateTask(ctx, sc, id, change)
		return err
	})
	return t, err
}

func (b *base) Lock(ctx context.Context, id, holder string) error {
	return b.around(func() error { return b.Store.Lock(ctx, id, holder) })
}

func (b *base) Unlock(ctx context.Context, id, holder string) error {
	return b.around(func() error { return b.Store.Unlock(ctx, id, holder) })
}

// driver is a store that tests break, and that ends with the process.
type driver struct {
	store.Driver
	*fuse
	mu     sync.Mutex
	put    error // fails a Put when its data came
	during func()
	open   error
	delete error
}

func (d *driver) hook() (during func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.during, d.put
}

func (d *driver) Put(ctx context.Context, up store.Upload, r io.Reader) (object store.Object, err error) {
	during, fails := d.hook()
	if during != nil {
		during()
	}
	if fails != nil {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return store.Object{}, err
		}
		return store.Object{}, fails
	}
	err = d.around(func() (err error) {
		object, err = d.Driver.Put(ctx, up, r)
		return err
	})
	return object, err
}

func (d *driver) Open(ctx context.Context, url string, offset int64) (store.Data, error) {
	if d.open != nil {
		return store.Data{}, d.open
	}
	return d.Driver.Open(ctx, url, offset)
}

func (d *driver) Delete(ctx context.Context, url string) error {
	if d.delete != nil {
		return d.delete
	}
	return d.around(func() error { return d.Driver.Delete(ctx, url) })
}

// journal is a journal in memory.
type journal struct {
	mu   sync.Mutex
	next int
	open map[int]map[string]string
	*fuse
}

func (j *journal) Begin(entry map[string]string) (func(), error) {
	if err := j.burn(); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	n := j.next
	j.next++
	j.open[n] = maps.Clone(entry)
	return func() {
		if j.burn() != nil {
			return
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.open, n)
	}, nil
}

func (j *journal) Sync() error { return j.burn() }

func (j *journal) left() []map[string]string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Collect(maps.Values(j.open))
}

// place is a method whose data is a text.
type place struct {
	text  string
	size  int64
	fails error
	body  func() io.Reader
}

func (p *place) Check(context.Context, *importflow.Request) error { return nil }

func (p *place) Open(context.Context, *importflow.Work) (*importflow.Source, error) {
	if p.fails != nil {
		return nil, p.fails
	}
	var body io.Reader = strings.NewReader(p.text)
	if p.body != nil {
		body = p.body()
	}
	return &importflow.Source{ReadCloser: io.NopCloser(body), Size: p.size}, nil
}

// rig is a node over a database, three stores and a staging area in memory.
type rig struct {
	fuse    *fuse
	db      *base
	drivers map[string]*driver // by store: a, b, c
	staging *driver
	stores  *store.Set
	journal *journal
	jobs    *images.Jobs
	running sync.WaitGroup
	web     *place
	im      *importflow.Importer
}

func newRig(t *testing.T, multi bool) *rig {
	t.Helper()
	r := &rig{fuse: &fuse{}, drivers: map[string]*driver{}, web: &place{text: "data", size: -1}}
	r.db = &base{Store: memdb.New(), fuse: r.fuse}
	r.journal = &journal{open: map[int]map[string]string{}, fuse: r.fuse}
	r.staging = &driver{Driver: mem.New("staging"), fuse: r.fuse}
	list := []store.Named{{ID: store.StagingStore, Driver: r.staging}}
	for _, id := range []string{"a", "b", "c"} {
		r.drivers[id] = &driver{Driver: mem.New(id), fuse: r.fuse}
		list = append(list, store.Named{ID: id, Driver: r.drivers[id]})
	}
	var err error
	if r.stores, err = store.NewSet(multi, "a", list...); err != nil {
		t.Fatal(err)
	}
	r.jobs = images.NewJobs(context.Background(), 2, func() func() {
		r.running.Add(1)
		return r.running.Done
	})
	t.Cleanup(func() { _ = r.jobs.Close() })
	rules, err := policy.Open(policy.Config{EnforceNewDefaults: true, EnforceScope: true})
	if err != nil {
		t.Fatal(err)
	}
	r.build(rules)
	return r
}

func (r *rig) build(rules *policy.Enforcer) {
	log, buffers := slog.New(slog.DiscardHandler), &multihash.Pool{BufferSize: 512}
	methods := method.All(method.Options{Filter: &importflow.Filter{}})
	methods[importflow.Web], methods[importflow.Download] = r.web, r.web
	r.im = &importflow.Importer{
		Images: r.db, Tasks: r.db, Locks: r.db, Policy: rules, Stores: r.stores, Journal: r.journal, Jobs: r.jobs, Log: log,
		Stager: &images.Stager{
			Images: r.db, Policy: rules, Staging: r.place(), Journal: r.journal, Buffers: buffers, Log: log, SizeCap: 1000,
			SelfURL: "http://self",
		},
		Uploader: &images.Uploader{
			Images: r.db, Policy: rules, Stores: r.stores, Journal: r.journal, Buffers: buffers, Log: log, SizeCap: 1000,
			HashAlgo: "sha256",
		},
		Methods: methods, Parallel: 1, SelfURL: "http://self", TaskLife: time.Hour,
	}
}

func (r *rig) place() *images.Staging {
	return &images.Staging{Driver: r.staging, Prefix: "mem://staging/"}
}

// restart is the next start of the node.
func (r *rig) restart(t *testing.T) {
	t.Helper()
	r.fuse.mu.Lock()
	r.fuse.limit = 0
	r.fuse.mu.Unlock()
	re := importflow.Recoverer{
		Images: r.db.Store, Tasks: r.db.Store, Locks: r.db.Store, Stores: r.stores, Staging: r.place(), TaskLife: time.Hour,
		Log: slog.New(slog.DiscardHandler),
	}
	for range 2 { // twice is as once
		for _, entry := range r.journal.left() {
			if entry["deed"] != "import" {
				continue
			}
			if err := re.Settle(context.Background(), entry); err != nil {
				t.Fatal(err)
			}
		}
	}
	clear(r.journal.open)
}

func (r *rig) add(t *testing.T, img *glance.Image) {
	t.Helper()
	if err := r.db.Store.CreateImage(t.Context(), img); err != nil {
		t.Fatal(err)
	}
}

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

func status(s glance.Status) func(*glance.Image) { return func(img *glance.Image) { img.Status = s } }

// ready makes an image that the method may import.
func (r *rig) ready(t *testing.T, name string) {
	t.Helper()
	r.add(t, queued())
	var err error
	switch name {
	case importflow.Direct:
		err = r.im.Stager.Stage(t.Context(), alice, img1, images.Data{Body: strings.NewReader("data"), Size: 4})
	case importflow.Copy:
		err = r.im.Uploader.Upload(t.Context(), alice, img1, images.Data{Body: strings.NewReader("data"), Size: 4})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func request(name string, stores ...string) *importflow.Request {
	uri := "http://web/"
	return &importflow.Request{
		Method: name, URI: &uri, Region: "r", ImageID: unknown, Interface: "public", Stores: stores, StoresGiven: stores != nil,
		Body: []byte(`{"method": {"name": "` + name + `"}}`),
	}
}

// run imports and waits for the task.
func (r *rig) run(who *glance.Caller, want *importflow.Request) error {
	_, err := r.im.Import(context.Background(), who, img1, want)
	r.running.Wait()
	return err
}

// get reads the image as the service sees it; nil when there is none.
func (r *rig) get(t *testing.T) *glance.Image {
	t.Helper()
	img, err := r.db.Store.Image(context.Background(), metadata.Everything(), img1)
	if errors.Is(err, glance.NotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// task gives the one task of the image.
func (r *rig) task(t *testing.T) *glance.Task {
	t.Helper()
	tasks, err := r.db.Store.TasksOf(context.Background(), metadata.Everything(), img1, time.Now())
	if err != nil || len(tasks) != 1 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	return tasks[0]
}

func (r *rig) has(id string) bool {
	d := r.staging
	if id != "staging" {
		d = r.drivers[id]
	}
	_, err := d.Driver.Size(context.Background(), "mem://"+id+"/"+img1)
	return err == nil
}

// held gives the stores that hold data of the image.
func (r *rig) held() string {
	var list []string
	for _, id := range []string{"a", "b", "c", "staging"} {
		if r.has(id) {
			list = append(list, id)
		}
	}
	return strings.Join(list, ",")
}

// state is what an import left, in one line: status, size, stores of the rows,
// stores with data, the two lists, the task.
func (r *rig) state(t *testing.T) string {
	t.Helper()
	img := r.get(t)
	if img == nil {
		return "gone; data " + r.held()
	}
	var rows []string
	for _, loc := range img.Locations {
		id, _ := r.stores.StoreOf(loc)
		rows = append(rows, id)
	}
	size := "no"
	if img.Size != nil && *img.Size == 4 {
		size = "a"
	}
	prop := func(name string) string {
		p, ok := img.Property(name)
		if !ok {
			return "-"
		}
		return "[" + p.Value + "]"
	}
	task := r.task(t)
	lock := ""
	if _, ok := img.Property(glance.LockProperty); ok {
		lock = "; locked"
	}
	if left := r.journal.left(); len(left) > 0 {
		lock += "; journal"
	}
	return string(img.Status) + ", " + size + " size; rows " + strings.Join(rows, ",") + "; data " + r.held() +
		"; importing " + prop(glance.ImportingProperty) + " failed " + prop(glance.FailedProperty) +
		"; " + string(task.Status) + " " + task.Message + lock
}

func (r *rig) want(t *testing.T, want string) {
	t.Helper()
	if got := r.state(t); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// fault is what the user hears of an error.
type fault struct {
	kind glance.Kind
	text string
}

func wantFault(t *testing.T, err error, want fault) {
	t.Helper()
	var e *glance.Error
	if !errors.As(err, &e) || e.Kind != want.kind || e.Message+e.Detail != want.text {
		t.Errorf("got %v, want %+v", err, want)
	}
}

func taskQuery() metadata.TaskQuery {
	return metadata.TaskQuery{SortKey: "id", Limit: 10, Now: time.Now()}
}
