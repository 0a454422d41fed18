package images_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
)

// hashing adds a location and stops while its data is read; run lets go on.
func (r *locationRig) hashing(t *testing.T, claim map[string]string) (release func()) {
	t.Helper()
	reached, goOn := make(chan struct{}), make(chan struct{})
	r.web.open = func(ctx context.Context) error {
		close(reached)
		select {
		case <-goOn:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if err := r.locator().Add(t.Context(), alice, img1, images.NewLocation{URL: "http://web/a", Validation: claim}); err != nil {
		t.Fatal(err)
	}
	<-reached
	return func() { close(goOn) }
}

// TestAddLocationMeanwhile has what others see while the data is hashed.
func TestAddLocationMeanwhile(t *testing.T) {
	weak, _ := hashes("aaaa")
	for _, c := range []map[string]string{nil, claim("md5", weak)} {
		r := newLocationRig(t)
		r.add(t, queued())
		release := r.hashing(t, c)
		img := r.get(t, img1)
		want, algo := glance.StatusActive, "sha256"
		if c != nil {
			want, algo = glance.StatusImporting, "md5"
		}
		host, _ := img.Property(glance.HashHostProperty)
		if img.Status != want || img.HashAlgo != algo || img.HashValue != "" || host.Value != "http://self" || r.task(t, img1).Status != glance.TaskProcessing {
			t.Errorf("image is %+v", img)
		}
		shown, err := r.catalog().Show(t.Context(), alice, img1)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := shown.Property(glance.HashHostProperty); ok {
			t.Error("the host is shown")
		}
		err = r.locator().Add(t.Context(), alice, img1, images.NewLocation{URL: "http://web/b"})
		wantFault(t, err, fault{glance.Conflict, "It's not allowed to add locations if image status is " + string(want) + ".", ""})
		if err := r.uploader().Upload(t.Context(), alice, img1, data("x")); !errors.Is(err, glance.Conflict) {
			t.Errorf("an upload meanwhile: %v", err)
		}
		release()
		r.running.Wait()
		if got := r.get(t, img1); got.Checksum != weak || got.Status != glance.StatusActive {
			t.Errorf("image became %+v", got)
		}
	}
}

// TestDeleteDuringHashing: deleting the image ends the hashing and waits for it.
func TestDeleteDuringHashing(t *testing.T) {
	for _, c := range []map[string]string{nil, claim("md5", hex64[:32])} {
		r := newLocationRig(t)
		r.add(t, queued())
		r.hashing(t, c)
		if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
			t.Fatal(err)
		}
		r.running.Wait()
		if img := r.get(t, img1); img != nil {
			t.Errorf("the image lives: %+v", img)
		}
		if left := r.journal.left(); len(left) > 0 {
			t.Errorf("left in the journal: %v", left)
		}
	}
}

// TestAddLocationLockBroken: whose lock was broken changes nothing any more.
func TestAddLocationLockBroken(t *testing.T) {
	weak, _ := hashes("aaaa")
	for _, c := range []map[string]string{nil, claim("md5", weak)} {
		r := newLocationRig(t)
		r.add(t, queued())
		release := r.hashing(t, c)
		before := r.get(t, img1)
		if err := errors.Join(r.db.Unlock(t.Context(), img1, r.task(t, img1).ID), r.db.Lock(t.Context(), img1, "other")); err != nil {
			t.Fatal(err)
		}
		release()
		r.running.Wait()
		after := r.get(t, img1)
		if after.Status != before.Status || after.HashValue != "" || after.Checksum != "" {
			t.Errorf("image became %+v", after)
		}
		if p, _ := after.Property(glance.LockProperty); p.Value != "other" {
			t.Errorf("the lock is held by %q", p.Value)
		}
	}
}

// TestAddLocationStopped: the end of the process takes back what was not
// verified, and leaves the hash of what was active to the next start.
func TestAddLocationStopped(t *testing.T) {
	weak, _ := hashes("aaaa")
	for _, c := range []map[string]string{nil, claim("md5", weak)} {
		r := newLocationRig(t)
		r.add(t, queued())
		r.hashing(t, c)
		r.stop(t)
		if c != nil {
			r.wantEnded(t, true)
			err := r.locator().Add(t.Context(), alice, img1, images.NewLocation{URL: "http://web/a"})
			if !errors.Is(err, glance.Unavailable) {
				t.Errorf("after the end: %v", err)
			}
			continue
		}
		r.wantHashing(t)
		r.restart(t)
		r.running.Wait()
		r.wantHashed(t)
	}
}

// wantEnded checks an image whose hashing ended early.
func (r *locationRig) wantEnded(t *testing.T, verifying bool) {
	t.Helper()
	want, task := glance.StatusActive, glance.TaskSuccess
	if verifying {
		want, task = glance.StatusQueued, glance.TaskFailure
	}
	img := r.get(t, img1)
	if img.Status != want || img.HashAlgo != "" || img.HashValue != "" || len(img.Properties) != 0 {
		t.Errorf("image is %+v", img)
	}
	if got := r.task(t, img1).Status; got != task {
		t.Errorf("task is %s", got)
	}
	if left := r.journal.left(); len(left) > 0 {
		t.Errorf("left in the journal: %v", left)
	}
}

// TestAddLocationCrash: the next start ends what a crash interrupted.
func TestAddLocationCrash(t *testing.T) {
	weak, _ := hashes("aaaa")
	for _, c := range []map[string]string{nil, claim("md5", weak)} {
		r := newLocationRig(t)
		r.add(t, queued())
		release := r.hashing(t, c)
		left := r.journal.left()
		if len(left) != 1 || left[0]["image"] != img1 {
			t.Fatalf("journalled %v", left)
		}
		r.crash(t)
		r.wantEnded(t, c != nil)
		release()
	}
}

// TestAddLocationCrashEarly: a crash before the location was saved.
func TestAddLocationCrashEarly(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued())
	entry := map[string]string{"deed": "location", "image": img1, "task": "task"}
	if _, err := r.journal.Begin(entry); err != nil {
		t.Fatal(err)
	}
	if err := r.db.Lock(t.Context(), img1, "task"); err != nil {
		t.Fatal(err)
	}
	r.crash(t)
	if img := r.get(t, img1); img.Status != glance.StatusQueued || len(img.Properties) > 0 {
		t.Errorf("image is %+v", img)
	}
}

// TestAddLocationPulse: a task that reads for long says that it is alive, and
// hears when somebody ended it.
func TestAddLocationPulse(t *testing.T) {
	for _, aborted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, queued())
			begun := time.Now()
			var beats []time.Duration
			r.web.pause = func() {
				time.Sleep(50 * time.Second)
				beats = append(beats, r.task(t, img1).UpdatedAt.Sub(begun))
				if aborted && len(beats) == 2 {
					_, err := r.db.UpdateTask(t.Context(), metadata.Everything(), r.task(t, img1).ID, func(task *glance.Task) error {
						task.Status = glance.TaskFailure
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			}
			if err := r.locator().Add(t.Context(), alice, img1, images.NewLocation{URL: "http://web/a"}); err != nil {
				t.Fatal(err)
			}
			r.running.Wait()
			img, task := r.get(t, img1), r.task(t, img1)
			if aborted {
				if len(beats) != 2 || img.HashValue != "" || task.Status != glance.TaskFailure || r.web.opens != 1 {
					t.Errorf("went on: %v, %+v, %+v", beats, img, task)
				}
				return
			}
			if want := []time.Duration{0, 0, 100 * time.Second, 100 * time.Second}; !slices.Equal(beats, want) || img.HashValue == "" {
				t.Errorf("alive at %v", beats)
			}
		})
	}
}
