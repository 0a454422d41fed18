package importflow_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/importflow"
)

// TestCrash ends the process after every single thing that it does to the
// outside. The next start leaves an image that is whole, and nothing else.
func TestCrash(t *testing.T) {
	for _, name := range []string{importflow.Direct, importflow.Web, importflow.Copy} {
		for _, tolerant := range []bool{false, true} {
			for _, parallel := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s, tolerant %v, %d at once", name, tolerant, parallel), func(t *testing.T) {
					seen := map[glance.Status]bool{}
					for limit := 1; ; limit++ {
						r := newRig(t, true)
						r.im.Parallel = parallel
						r.ready(t, name)
						r.fuse.mu.Lock()
						r.fuse.steps, r.fuse.limit = 0, limit
						r.fuse.mu.Unlock()
						want := request(name, "b", "c")
						want.Tolerant = tolerant
						_ = r.run(boss, want)
						over := r.fuse.steps > limit
						r.restart(t)
						r.wantSettled(t, name, limit)
						seen[r.get(t).Status] = true
						if t.Failed() || !over {
							break
						}
					}
					if name != importflow.Copy && !(seen[glance.StatusQueued] && seen[glance.StatusActive]) {
						t.Errorf("only %v were seen", seen)
					}
				})
			}
		}
	}
}

// wantSettled: rows and data agree, nothing is staged that nobody waits for, no
// list, lock or task is open.
func (r *rig) wantSettled(t *testing.T, name string, limit int) {
	t.Helper()
	img := r.get(t)
	var rows []string
	for _, loc := range img.Locations {
		id, _ := r.stores.StoreOf(loc)
		rows = append(rows, id)
	}
	slices.Sort(rows)
	if img.Status == glance.StatusUploading && name == importflow.Direct {
		rows = append(rows, "staging") // it never began
	}
	_, lock := img.Property(glance.LockProperty)
	_, host := img.Property(glance.StageHostProperty)
	if r.held() != strings.Join(rows, ",") || lock || len(img.StoreList(glance.ImportingProperty)) > 0 ||
		host != (img.Status == glance.StatusUploading) && name == importflow.Direct {
		t.Errorf("after %d steps: rows %v, data %s, %+v", limit, rows, r.held(), img)
	}
	tasks, err := r.db.TasksOf(t.Context(), scopeAll, img1, img.CreatedAt)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		success := task.Status == glance.TaskSuccess
		if !success && task.Status != glance.TaskFailure || success && !(slices.Contains(rows, "b") && slices.Contains(rows, "c")) {
			t.Errorf("after %d steps: %+v", limit, task)
		}
	}
	switch {
	case name == importflow.Copy && (img.Status != glance.StatusActive || !slices.Contains(rows, "a")):
		t.Errorf("after %d steps: %+v", limit, img)
	case img.Status == glance.StatusQueued && len(rows) > 0, img.Status == glance.StatusActive && len(rows) == 0:
		t.Errorf("after %d steps: %+v", limit, img)
	}
	if img.Status == glance.StatusActive || img.Status == glance.StatusQueued {
		r.wantWhole(t)
	}
}

// TestLeftovers: what cannot be settled while the database is down is settled
// when it is back.
func TestLeftovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, true)
		r.ready(t, importflow.Web)
		re := importflow.Recoverer{
			Images: r.db, Tasks: r.db, Locks: r.db, Stores: r.stores, Staging: r.place(), TaskLife: time.Hour, Log: r.im.Log,
		}
		r.im.Leftovers = &images.Leftovers{Recoverer: &images.Recoverer{Log: r.im.Log, Others: re.Settle}, Jobs: r.jobs}
		r.web.body = func() io.Reader {
			r.fuse.mu.Lock()
			r.fuse.limit = r.fuse.steps // from now on
			r.fuse.mu.Unlock()
			return strings.NewReader("data")
		}
		if _, err := r.im.Import(t.Context(), alice, img1, request(importflow.Web, "a")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // for the job; what is left is a job beside
		if img := r.get(t); img.Status != glance.StatusImporting {
			t.Fatalf("image is %+v", img)
		}
		time.Sleep(10 * time.Minute)
		r.fuse.mu.Lock()
		r.fuse.limit = 0
		r.fuse.mu.Unlock()
		time.Sleep(2 * time.Minute)
		r.want(t, "queued, no size; rows ; data ; importing [] failed [a]; "+internal)
		_ = r.jobs.Close()
	})
}
