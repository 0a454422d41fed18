package importflow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/importflow"
	"glance/internal/metadata"
	"glance/internal/quota"
	"glance/internal/store"
)

var scopeAll = metadata.Everything()

const internal = "failure Task failed due to Internal Error"

// TestEndStates has the table of spec import §5.3, one store after the other and
// several at once.
func TestEndStates(t *testing.T) {
	tests := []struct {
		name     string
		method   string
		stores   []string
		tolerant bool
		broken   string // stores that fail
		prepare  func(*rig)
		want     string
	}{
		{"direct", importflow.Direct, []string{"a"}, false, "", nil, "active, a size; rows a; data a; importing [] failed []; success Copied 0 MiB"},
		{"direct, all", importflow.Direct, []string{"c", "a", "b"}, false, "", nil, "active, a size; rows c,a,b; data a,b,c; importing [] failed []; success Copied 0 MiB"},
		{"direct, second fails", importflow.Direct, []string{"a", "b", "c"}, false, "b", nil, "queued, no size; rows ; data ; importing [] failed [b]; " + internal},
		{"direct, second may fail", importflow.Direct, []string{"a", "b", "c"}, true, "b", nil, "active, a size; rows a,c; data a,c; importing [] failed [b]; success Copied 0 MiB"},
		{"direct, all fail", importflow.Direct, []string{"a", "b"}, true, "ab", nil, "queued, no size; rows ; data ; importing [] failed [a,b]; " + internal},
		{"direct, no store", importflow.Direct, []string{}, false, "", nil, "queued, no size; rows ; data ; importing [] failed []; " + internal},
		{"web", importflow.Web, []string{"a"}, false, "", nil, "active, a size; rows a; data a; importing [] failed []; success Copied 0 MiB"},
		{"web, fetch fails", importflow.Web, []string{"b", "a"}, false, "", func(r *rig) { r.web.fails = errBoom }, "queued, no size; rows ; data ; importing [] failed [a,b]; " + internal},
		{"web, too short", importflow.Web, []string{"a"}, false, "", func(r *rig) { r.web.size = 5 }, "queued, no size; rows ; data ; importing [] failed [a]; " + internal},
		{"web, too long", importflow.Web, []string{"a"}, false, "", func(r *rig) { r.web.size = 3 }, "queued, no size; rows ; data ; importing [] failed [a]; " + internal},
		{"web, too large", importflow.Web, []string{"a"}, false, "", func(r *rig) { r.web.text = strings.Repeat("x", 1001) }, "queued, no size; rows ; data ; importing [] failed [a]; " + internal},
		{"web, store fails", importflow.Web, []string{"a", "b"}, false, "b", nil, "queued, no size; rows ; data ; importing [] failed [a,b]; " + internal},
		{"web, all fail", importflow.Web, []string{"a", "b"}, true, "ab", nil, "queued, no size; rows ; data ; importing [] failed [a,b]; " + internal},
		{"web, one may fail", importflow.Web, []string{"a", "b"}, true, "a", nil, "active, a size; rows b; data b; importing [] failed [a]; success Copied 0 MiB"},
		{
			"web, bytes lie about", importflow.Web, []string{"a"}, false, "", func(r *rig) {
				_, _ = r.staging.Driver.Put(context.Background(), store.Upload{ImageID: img1, Attempt: "x", Size: -1}, strings.NewReader("other"))
			}, "active, a size; rows a; data a; importing [] failed []; success Copied 0 MiB",
		},
		{"copy", importflow.Copy, []string{"b", "c"}, false, "", nil, "active, a size; rows a,b,c; data a,b,c; importing [] failed []; success Copied 0 MiB"},
		{"copy, second fails", importflow.Copy, []string{"b", "c"}, false, "c", nil, "active, a size; rows a; data a,staging; importing [] failed [c]; " + internal},
		{"copy, one may fail", importflow.Copy, []string{"b", "c"}, true, "b", nil, "active, a size; rows a,c; data a,c; importing [] failed [b]; success Copied 0 MiB"},
		{"copy, all may fail", importflow.Copy, []string{"b", "c"}, true, "bc", nil, "active, a size; rows a; data a; importing [] failed [b,c]; success Copied 0 MiB"},
		{"copy, no source", importflow.Copy, []string{"b"}, false, "", func(r *rig) { r.drivers["a"].open = errBoom }, "active, a size; rows a; data a; importing [] failed [b]; " + internal},
	}
	for _, tt := range tests {
		for _, parallel := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s, %d at once", tt.name, parallel), func(t *testing.T) {
				r := newRig(t, true)
				r.ready(t, tt.method)
				r.im.Parallel = parallel
				for _, id := range tt.broken {
					r.drivers[string(id)].put = errBoom
				}
				if tt.prepare != nil {
					tt.prepare(r)
				}
				want := request(tt.method, tt.stores...)
				want.Tolerant = tt.tolerant
				if err := r.run(boss, want); err != nil {
					t.Fatal(err)
				}
				r.want(t, tt.want)
				r.wantWhole(t)
			})
		}
	}
}

// wantWhole checks that what the image says of its data is all there or not at
// all.
func (r *rig) wantWhole(t *testing.T) {
	t.Helper()
	img := r.get(t)
	full := img.Checksum != "" && img.HashAlgo == "sha256" && img.HashValue != "" && img.VirtualSize != nil
	none := img.Checksum == "" && img.HashAlgo == "" && img.HashValue == "" && img.VirtualSize == nil
	if img.Status == glance.StatusActive && !full || img.Status == glance.StatusQueued && !none {
		t.Errorf("image is %+v", img)
	}
}

func TestTask(t *testing.T) {
	for multi, backend := range map[bool]string{true: `["b","a"]`, false: `[null]`} {
		r := newRig(t, multi)
		r.ready(t, importflow.Web)
		if err := r.run(alice, request(importflow.Web, "b", "a", "b")); err != nil {
			t.Fatal(err)
		}
		task := r.task(t)
		input := `{"image_id":"` + img1 + `","import_req":{"method":{"name":"web-download"}},"backend":` + backend + `}`
		if string(task.Input) != input || string(task.Result) != `{"image_id":"`+img1+`"}` || task.Owner != "p-alpha" || task.UserID != "u-alice" ||
			task.RequestID != "req-1" || task.ImageID != img1 || task.Type != "api_image_import" || task.ExpiresAt.IsZero() {
			t.Errorf("task is %+v\n%s", task, task.Input)
		}
		if !multi {
			r.want(t, "active, a size; rows a; data a; importing [] failed []; success Copied 0 MiB")
		}
	}
}

// TestMismatchedFormat: data that is not what the image says is refused as in an
// upload.
func TestMismatchedFormat(t *testing.T) {
	r := newRig(t, true)
	r.add(t, queued(func(img *glance.Image) { img.DiskFormat = "qcow2" }))
	if err := r.run(alice, request(importflow.Web, "a", "b")); err != nil {
		t.Fatal(err)
	}
	r.want(t, "queued, no size; rows ; data ; importing [] failed [a,b]; "+internal)
}

// TestAgain: what failed can be done again; a copy reuses what was fetched.
func TestAgain(t *testing.T) {
	r := newRig(t, true)
	r.ready(t, importflow.Copy)
	r.drivers["b"].put = errBoom
	if err := r.run(boss, request(importflow.Copy, "b")); err != nil {
		t.Fatal(err)
	}
	r.drivers["b"].put, r.drivers["a"].open = nil, errBoom
	if err := r.run(boss, request(importflow.Copy, "b")); err != nil {
		t.Fatal(err)
	}
	if img := r.get(t); len(img.Locations) != 2 || r.held() != "a,b" || len(img.StoreList(glance.FailedProperty)) > 0 {
		t.Errorf("image is %+v, data in %s", img, r.held())
	}
}

// TestCorruptOriginal: data that is not the image's any more is not copied.
func TestCorruptOriginal(t *testing.T) {
	r := newRig(t, true)
	r.ready(t, importflow.Copy)
	if err := r.drivers["a"].Driver.Delete(t.Context(), "mem://a/"+img1); err != nil {
		t.Fatal(err)
	}
	_, err := r.drivers["a"].Driver.Put(t.Context(), store.Upload{ImageID: img1, Attempt: "x", Size: 4}, strings.NewReader("evil"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.run(boss, request(importflow.Copy, "b")); err != nil {
		t.Fatal(err)
	}
	r.want(t, "active, a size; rows a; data a,staging; importing [] failed [b]; "+internal)
}

// TestDeletedMeanwhile: nothing is left of an image that is deleted while it is
// imported, on this node or on another.
func TestDeletedMeanwhile(t *testing.T) {
	for _, here := range []bool{true, false} {
		for _, in := range []string{"a", "staging"} {
			t.Run(fmt.Sprintf("here %v, in %s", here, in), func(t *testing.T) {
				r := newRig(t, true)
				r.ready(t, importflow.Web)
				del := images.Deleter{
					Images: r.db, Policy: r.im.Policy, Stores: r.stores, Journal: r.journal, Log: r.im.Log, Staging: r.place(),
				}
				deleted := make(chan error, 1)
				d := r.staging
				if in == "a" {
					d = r.drivers["a"]
				}
				run := func() { deleted <- del.Delete(context.Background(), alice, img1) }
				d.during = run
				if here {
					del.Jobs = r.jobs
					d.during = func() { go run() } // it waits for the job
				}
				if err := r.run(alice, request(importflow.Web, "a", "b")); err != nil {
					t.Fatal(err)
				}
				if err := <-deleted; err != nil {
					t.Fatal(err)
				}
				if got := r.state(t); got != "gone; data " || len(r.journal.left()) > 0 {
					t.Errorf("got %s, %v", got, r.journal.left())
				}
			})
		}
	}
}

// TestStop: the end of the process takes back what is not done.
func TestStop(t *testing.T) {
	r := newRig(t, true)
	r.ready(t, importflow.Web)
	r.web.body = func() io.Reader {
		return io.MultiReader(strings.NewReader("da"), readerFunc(func([]byte) (int, error) {
			go func() { _ = r.jobs.Close() }()
			return 0, errBoom
		}))
	}
	if err := r.run(alice, request(importflow.Web, "a")); err != nil {
		t.Fatal(err)
	}
	r.want(t, "queued, no size; rows ; data ; importing [] failed [a]; "+internal)
	wantErr := r.run(alice, request(importflow.Web, "a"))
	if wantErr == nil {
		t.Error("a job was taken on")
	}
	if r.get(t).Status != glance.StatusQueued || len(r.journal.left()) > 0 {
		t.Errorf("left %+v", r.get(t))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// TestPulse: a task that gets on is touched every minute, and ends when somebody
// ends it.
func TestPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, true)
		r.ready(t, importflow.Web)
		ended := false
		r.web.body = func() io.Reader {
			n := 0
			return readerFunc(func(b []byte) (int, error) {
				time.Sleep(45 * time.Second)
				if n++; n == 10 {
					_, err := r.db.Store.UpdateTask(context.Background(), scopeAll, r.task(t).ID, func(task *glance.Task) error {
						if time.Since(task.UpdatedAt) > 61*time.Second {
							t.Errorf("the task was silent for %v", time.Since(task.UpdatedAt))
						}
						task.Status, task.Message = glance.TaskFailure, "Expired lock preempted"
						return nil
					})
					ended = err == nil
				}
				b[0] = 'x'
				return 1, nil
			})
		}
		if err := r.run(alice, request(importflow.Web, "a")); err != nil {
			t.Fatal(err)
		}
		if !ended {
			t.Fatal("it ended too early")
		}
		r.want(t, "queued, no size; rows ; data ; importing [] failed [a]; failure Expired lock preempted")
		_ = r.jobs.Close()
	})
}

// TestHang: a task that does not get on is silent, so that its lock becomes
// stale; whoever takes the lock keeps the image.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, true)
		r.ready(t, importflow.Web)
		r.web.body = func() io.Reader {
			return readerFunc(func([]byte) (int, error) {
				time.Sleep(2 * time.Hour)
				return 0, io.EOF
			})
		}
		if _, err := r.im.Import(t.Context(), alice, img1, request(importflow.Web, "a")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(61 * time.Minute)
		first := r.task(t)
		img := r.get(t)
		thief := images.TaskLock{Images: r.db, Tasks: r.db, Locks: r.db}
		if err := errors.Join(thief.Free(t.Context(), img), thief.Take(t.Context(), img, "thief")); err != nil {
			t.Fatal(err)
		}
		r.running.Wait()
		task, err := r.db.Task(t.Context(), scopeAll, first.ID)
		if err != nil || task.Status != glance.TaskFailure || task.Message != "Expired lock preempted" {
			t.Errorf("task is %+v, %v", task, err)
		}
		img = r.get(t)
		if held, _ := img.Property(glance.LockProperty); held.Value != "thief" || img.Status != glance.StatusImporting || len(img.StoreList(glance.ImportingProperty)) > 0 {
			t.Errorf("image is %+v", img)
		}
		_ = r.jobs.Close()
	})
}

// limits are those of every project.
type limits map[quota.Resource]int64

func (l limits) Limits(context.Context, string, ...quota.Resource) (map[quota.Resource]int64, error) {
	return l, nil
}

// TestAllowance: the limits of the project are asked for when the image counts
// already; what they refuse is in the task.
func TestAllowance(t *testing.T) {
	over := func(resource, rest string) string {
		return "failure The request returned a 413 Request Entity Too Large. This generally means that rate limiting or a quota threshold was " +
			"breached.\n\nThe response body:\nProject p-alpha is over a limit for [Resource " + resource + " is over limit of " + rest + "]"
	}
	ample := limits{quota.ImageSizeTotal: 9, quota.ImageStageTotal: 9, quota.ImageCountUploading: 9}
	with := func(of quota.Resource, n int64) limits {
		l := maps.Clone(ample)
		l[of] = n
		return l
	}
	tests := []struct {
		method string
		limits limits
		want   string
	}{
		{importflow.Direct, with(quota.ImageStageTotal, 0), "active, a size; rows a; data a; importing [] failed []; success Copied 0 MiB"},
		{importflow.Web, with(quota.ImageCountUploading, 1), "active, a size; rows a; data a; importing [] failed []; success Copied 0 MiB"},
		{importflow.Web, with(quota.ImageCountUploading, 0), "queued, no size; rows ; data ; importing [] failed []; " +
			over("image_count_uploading", "0 due to current usage 1 and delta 0")},
	}
	for _, tt := range tests {
		r := newRig(t, true)
		r.ready(t, tt.method)
		r.im.Allowance = &images.Allowance{Images: r.db, Limits: tt.limits}
		if err := r.run(alice, request(tt.method)); err != nil {
			t.Fatal(err)
		}
		r.want(t, tt.want)
	}
	r := newRig(t, true)
	r.im.Allowance = &images.Allowance{Images: r.db, Limits: with(quota.ImageSizeTotal, -1)}
	big := int64(5 << 20)
	r.add(t, queued(status(glance.StatusActive), func(img *glance.Image) {
		img.ID, img.Size, img.Locations = unknown, &big, []glance.Location{{URL: "mem://a/x"}}
	}))
	r.ready(t, importflow.Direct)
	r.im.Allowance.Limits = with(quota.ImageSizeTotal, 4)
	_, err := r.im.Import(t.Context(), alice, "nowhere", request(importflow.Direct))
	if !errors.Is(err, glance.TooLarge) {
		t.Errorf("got %v", err)
	}
}

// TestStorageQuota: an import that is too much for its owner is taken back.
func TestStorageQuota(t *testing.T) {
	for _, name := range []string{importflow.Direct, importflow.Web} {
		r := newRig(t, true)
		r.ready(t, name)
		r.im.Uploader.Quota = 3
		if err := r.run(alice, request(name, "a", "b")); err != nil {
			t.Fatal(err)
		}
		failed := map[string]string{importflow.Direct: "a", importflow.Web: "a,b"}[name]
		r.want(t, "queued, no size; rows ; data ; importing [] failed ["+failed+"]; "+internal)
	}
}
