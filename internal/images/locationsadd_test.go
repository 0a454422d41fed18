package images_test

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/multihash"
	"glance/internal/store"
)

func claim(algo, value string) map[string]string {
	return map[string]string{"os_hash_algo": algo, "os_hash_value": value}
}

// hashes gives md5 and sha256 of a text.
func hashes(text string) (string, string) {
	weak, strong := md5.Sum([]byte(text)), sha256.Sum256([]byte(text))
	return hex.EncodeToString(weak[:]), hex.EncodeToString(strong[:])
}

// TestAddLocationRefused has the rows of spec images-v2 §11 in order; each case
// also breaks rows further down.
func TestAddLocationRefused(t *testing.T) {
	locked := func(r *locationRig) {
		task := &glance.Task{ID: unknown, Type: "import", Status: glance.TaskProcessing, ImageID: img1}
		if err := errors.Join(r.db.CreateTask(context.Background(), task), r.db.Lock(context.Background(), img1, unknown)); err != nil {
			panic(err)
		}
	}
	const noHTTP = "http store must be enabled to use location API by normal user."
	tests := []struct {
		name    string
		who     *glance.Caller
		id      string
		img     *glance.Image
		url     string
		claim   map[string]string
		prepare func(*locationRig)
		want    fault
	}{
		{
			"unknown", alice, unknown, queued(), "bad", claim("md5", "x"), locked,
			fault{glance.NotFound, "No image found with ID " + unknown, ""},
		},
		{
			"not visible", bob, img1, queued(), "bad", claim("md5", "x"), locked,
			fault{glance.NotFound, "No image found with ID " + img1, ""},
		},
		{
			"status", rita, img1, queued(status(glance.StatusUploading)), "bad", claim("md5", "x"), locked,
			fault{glance.Conflict, "It's not allowed to add locations if image status is uploading.", ""},
		},
		{
			"anonymous", guest, img1, queued(), "bad", claim("md5", "x"), locked,
			fault{glance.Forbidden, "", "Read-only access"},
		},
		{
			"policy", rita, img1, queued(), "bad", claim("md5", "x"), locked,
			fault{glance.Forbidden, "You are not authorized to complete add_image_location action.", ""},
		},
		{
			"not http", alice, img1, queued(), "file:///etc/passwd", claim("md5", "x"), locked,
			fault{glance.Forbidden, noHTTP, ""},
		},
		{
			"no http store", alice, img1, queued(), "http://web/a", claim("md5", "x"),
			func(r *locationRig) {
				r.stores, _ = store.NewSet(true, "fast", store.Named{ID: "fast", Driver: r.fast})
			},
			fault{glance.Forbidden, noHTTP, ""},
		},
		{
			"not hex", alice, img1, queued(), "http://web/a", claim("md5", "zz"), locked,
			fault{glance.Invalid, "os_hash_value (zz) is not a valid hexadecimal value", ""},
		},
		{
			"hash size", nova, img1, queued(func(img *glance.Image) { img.Visibility = glance.VisibilityPublic }), "bad", claim("sha1", "abcd"),
			locked,
			fault{glance.Invalid, "os_hash_value: (abcd) is not the correct size for (sha1) (should be (20) bytes)", ""},
		},
		{
			"locked", alice, img1, queued(), "http://web/a", nil, locked,
			fault{glance.Conflict, "Image has active task", ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, tt.img)
			tt.prepare(r)
			err := r.locator().Add(t.Context(), tt.who, tt.id, images.NewLocation{URL: tt.url, Validation: tt.claim})
			wantFault(t, err, tt.want)
			if left := r.journal.left(); len(left) > 0 {
				t.Errorf("left in the journal: %v", left)
			}
		})
	}
}

// TestAddLocationLostRace: somebody takes the lock after the image was read.
func TestAddLocationLostRace(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued())
	l := r.locator()
	l.Locks = locker{func() error { return r.db.Lock(context.Background(), img1, "other") }, r.db}
	err := l.Add(t.Context(), alice, img1, images.NewLocation{URL: "http://web/a"})
	wantFault(t, err, fault{
		glance.Conflict,
		"New operation on image '" + img1 + "' is not permitted as prior operation is still in progress", "",
	})
}

// locker does something before it locks.
type locker struct {
	before func() error
	metadata.Locks
}

func (l locker) Lock(ctx context.Context, imageID, holder string) error {
	if err := l.before(); err != nil {
		return err
	}
	return l.Locks.Lock(ctx, imageID, holder)
}

// addAll adds a location and waits for its end.
func (r *locationRig) addAll(t *testing.T, who *glance.Caller, url string, claim map[string]string) (*glance.Image, *glance.Task) {
	t.Helper()
	if err := r.locator().Add(t.Context(), who, img1, images.NewLocation{URL: url, Validation: claim}); err != nil {
		t.Fatal(err)
	}
	r.running.Wait()
	img := r.get(t, img1)
	for _, name := range []string{glance.LockProperty, glance.HashHostProperty} {
		if p, ok := img.Property(name); ok {
			t.Errorf("%s is left: %s", name, p.Value)
		}
	}
	if left := r.journal.left(); len(left) > 0 {
		t.Errorf("left in the journal: %v", left)
	}
	return img, r.task(t, img1)
}

// TestAddLocation has the flows of spec images-v2 §11: with and without
// do_secure_hash, with and without a claimed hash.
func TestAddLocation(t *testing.T) {
	weak, strong := hashes("aaaa")
	const queuedStill, activeNow = glance.StatusQueued, glance.StatusActive
	tests := []struct {
		name     string
		who      *glance.Caller
		url      string
		claim    map[string]string
		unhashed bool
		change   func(*locationRig, *glance.Image)

		status                    glance.Status
		task                      glance.TaskStatus
		checksum, algo, hashValue string
		urls                      string
		size                      int64 // 0 is none
	}{
		{
			name: "hashed later", url: "http://web/a", status: activeNow, task: glance.TaskSuccess,
			checksum: weak, algo: "sha256", hashValue: strong, urls: "http://web/a", size: 4,
		},
		{
			name: "verified", url: "http://web/a", claim: claim("sha256", strong), status: activeNow, task: glance.TaskSuccess,
			checksum: weak, algo: "sha256", hashValue: strong, urls: "http://web/a", size: 4,
		},
		{
			name: "verified, other algorithm", url: "http://web/a", claim: claim("md5", weak), status: activeNow, task: glance.TaskSuccess,
			checksum: weak, algo: "md5", hashValue: weak, urls: "http://web/a", size: 4,
		},
		{
			name: "wrong hash", url: "http://web/a", claim: claim("md5", hex64[:32]), status: queuedStill, task: glance.TaskFailure,
			urls: "http://web/a",
		},
		{
			name: "wrong hash, not http", who: nova, url: "mem://cheap/" + img1, claim: claim("md5", hex64[:32]),
			status: queuedStill, task: glance.TaskFailure, change: inCheap,
		},
		{
			name: "not http", who: nova, url: "mem://cheap/" + img1, status: activeNow, task: glance.TaskSuccess,
			checksum: weak, algo: "sha256", hashValue: strong, urls: "mem://cheap/" + img1, size: 4, change: inCheap,
		},
		{
			name: "taken as said", url: "http://web/a", claim: claim("md5", hex64[:32]), unhashed: true, status: activeNow,
			task: glance.TaskSuccess, algo: "md5", hashValue: hex64[:32], urls: "http://web/a", size: 4,
		},
		{
			name: "nothing said", url: "http://web/a", unhashed: true, status: activeNow, task: glance.TaskSuccess,
			urls: "http://web/a", size: 4,
		},
		{name: "no data", url: "http://web/none", status: queuedStill, task: glance.TaskFailure},
		{name: "no bytes", url: "http://web/empty", status: queuedStill, task: glance.TaskFailure},
		{
			name: "unreachable", url: "http://web/a", status: queuedStill, task: glance.TaskFailure,
			change: func(r *locationRig, _ *glance.Image) { r.unreachable() },
		},
		{
			name: "over quota", url: "http://web/a", status: queuedStill, task: glance.TaskFailure,
			change: func(r *locationRig, _ *glance.Image) { r.quota = 3 },
		},
		{
			name: "no formats", url: "http://web/a", status: queuedStill, task: glance.TaskFailure, urls: "http://web/a", size: 4,
			change: func(_ *locationRig, img *glance.Image) { img.DiskFormat = "" },
		},
		{
			name: "not the owner", who: nova, url: "http://web/a", status: queuedStill, task: glance.TaskFailure,
			change: func(_ *locationRig, img *glance.Image) { img.Visibility = glance.VisibilityPublic },
		},
		{
			name: "left over", url: "http://web/a", unhashed: true, status: activeNow, task: glance.TaskSuccess, urls: "http://web/a", size: 4,
			change: func(_ *locationRig, img *glance.Image) {
				lying("http://web/b")(img)
				sized(99)(img)
			},
		},
		{
			name: "hash cannot be had", url: "http://web/a", status: activeNow, task: glance.TaskSuccess, urls: "http://web/a", size: 4,
			change: func(r *locationRig, _ *glance.Image) { r.web.open = func(context.Context) error { return errBoom } },
		},
		{
			name: "hash cannot be verified", url: "http://web/a", claim: claim("md5", weak), status: queuedStill, task: glance.TaskFailure,
			urls:   "http://web/a",
			change: func(r *locationRig, _ *glance.Image) { r.web.open = func(context.Context) error { return errBoom } },
		},
		{
			name: "second attempt", url: "http://web/a", claim: claim("md5", weak), status: activeNow, task: glance.TaskSuccess,
			checksum: weak, algo: "md5", hashValue: weak, urls: "http://web/a", size: 4,
			change: func(r *locationRig, _ *glance.Image) {
				r.web.open = func(context.Context) error {
					if r.web.opens == 1 {
						return errBoom
					}
					return nil
				}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newLocationRig(t)
			r.unhashed = tt.unhashed
			img := queued()
			if tt.change != nil {
				tt.change(r, img)
			}
			r.add(t, img)
			who := tt.who
			if who == nil {
				who = alice
			}
			got, task := r.addAll(t, who, tt.url, tt.claim)
			if got.Status != tt.status || got.Checksum != tt.checksum || got.HashAlgo != tt.algo || got.HashValue != tt.hashValue || urls(got) != tt.urls {
				t.Errorf("image is %+v", got)
			}
			if size := got.Size; (size == nil) != (tt.size == 0) || size != nil && *size != tt.size {
				t.Errorf("size is %v", size)
			}
			if task.Status != tt.task || task.ExpiresAt.IsZero() || task.Type != "location_import" || task.Owner != who.ProjectID {
				t.Errorf("task is %+v", task)
			}
		})
	}
}

// inCheap is data that a service put somewhere itself, which it owns.
func inCheap(r *locationRig, img *glance.Image) {
	up := store.Upload{ImageID: img1, Attempt: "nova", Size: 4}
	if _, err := r.stores.Put(context.Background(), "cheap", up, text4()); err != nil {
		panic(err)
	}
	img.Owner = nova.ProjectID
}

// TestAddLocationTask has what the task tells.
func TestAddLocationTask(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued())
	who := *alice
	who.RequestID = "req-1"
	_, task := r.addAll(t, &who, "http://web/none", nil)
	if task.Message != "Task failed due to Internal Error" || task.Result != nil || task.RequestID != "req-1" || task.UserID != "u-alice" {
		t.Errorf("task is %+v", task)
	}
	var input any
	if err := json.Unmarshal(task.Input, &input); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"image_id": img1, "loc_url": "http://web/none", "validation_data": map[string]any{}}
	if got, _ := json.Marshal(input); string(got) != mustJSON(want) {
		t.Errorf("input is %s", got)
	}
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestLocations(t *testing.T) {
	r := newLocationRig(t)
	r.stored(t, img1)
	r.add(t, queued(func(img *glance.Image) { img.ID = img2 }))
	l := r.locator()
	list, err := l.Locations(t.Context(), boss, img1)
	if err != nil || len(list) != 2 || list[0].URL != "mem://fast/"+img1 {
		t.Errorf("got %+v, %v", list, err)
	}
	if list, err := l.Locations(t.Context(), boss, img2); err != nil || len(list) != 0 {
		t.Errorf("got %+v, %v", list, err)
	}
	_, err = l.Locations(t.Context(), alice, img1)
	wantFault(t, err, fault{glance.Forbidden, "You are not authorized to complete fetch_image_location action.", ""})
	_, err = l.Locations(t.Context(), bob, img1)
	wantFault(t, err, fault{glance.NotFound, "No image found with ID " + img1, ""})
	withService := *alice
	withService.ServiceRoles = []string{"service"}
	_, err = l.Locations(t.Context(), &withService, img1)
	wantFault(t, err, fault{glance.Forbidden, "You are not authorized to complete fetch_image_location action.", ""})
}

// BenchmarkHashing is what a task does with the data of a location.
func BenchmarkHashing(b *testing.B) {
	r := newLocationRig(b)
	r.web.pages["http://web/a"] = string(make([]byte, 16<<20))
	l := r.locator()
	l.Buffers = &multihash.Pool{}
	b.SetBytes(16 << 20)
	for n := range b.N {
		img := queued()
		img.ID = img1[:28] + hex.EncodeToString([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		r.add(b, img)
		if err := l.Add(b.Context(), alice, img.ID, images.NewLocation{URL: "http://web/a"}); err != nil {
			b.Fatal(err)
		}
		r.running.Wait()
	}
}

// unconfirmed makes tasks and says that it did not.
type unconfirmed struct{ metadata.Tasks }

func (u unconfirmed) CreateTask(ctx context.Context, task *glance.Task) error {
	return errors.Join(u.Tasks.CreateTask(ctx, task), errBoom)
}

// TestAddLocationUncertain: a task that was made after all does not stay pending
// for ever.
func TestAddLocationUncertain(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued())
	l := r.locator()
	l.Tasks = unconfirmed{r.db}
	if err := l.Add(t.Context(), alice, img1, images.NewLocation{URL: "http://web/a"}); !errors.Is(err, errBoom) {
		t.Fatalf("got %v", err)
	}
	if task := r.task(t, img1); task.Status != glance.TaskFailure {
		t.Errorf("task is %+v", task)
	}
	if img := r.get(t, img1); len(img.Properties) > 0 || len(r.journal.left()) > 0 {
		t.Errorf("left %+v and %v", img.Properties, r.journal.left())
	}
}
