package images_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/metadata"
)

// restart is the next start of the node: what is in the journal is settled, or
// gone on with as jobs of the new process.
func (r *locationRig) restart(t *testing.T) {
	t.Helper()
	r.restartWith(t, nil, nil)
}

// restartWith is restart with what happens when the data is opened and read.
func (r *locationRig) restartWith(t *testing.T, open func(context.Context) error, pause func()) {
	t.Helper()
	r.running.Wait() // the old process is gone
	r.web.open, r.web.pause = open, pause
	r.jobs = images.NewJobs(context.Background(), 2, r.hold)
	t.Cleanup(func() { _ = r.jobs.Close() })
	left := r.journal.open
	r.journal.open = map[int]map[string]string{}
	rec := r.recoverer()
	rec.Resume = func(entry map[string]string) error {
		done, err := r.journal.Begin(entry)
		if err != nil {
			return err
		}
		return r.locator().Resume(entry, done)
	}
	for _, n := range slices.Sorted(maps.Keys(left)) {
		if err := rec.Settle(context.Background(), left[n]); err != nil {
			t.Fatal(err)
		}
	}
}

// wantHashing checks that somebody has the hash of the image still to make.
func (r *locationRig) wantHashing(t *testing.T) {
	t.Helper()
	img, task := r.get(t, img1), r.task(t, img1)
	lock, _ := img.Property(glance.LockProperty)
	if img.Status != glance.StatusActive || img.HashAlgo != "sha256" || img.HashValue != "" || lock.Value != task.ID ||
		task.Status != glance.TaskProcessing || len(r.journal.left()) != 1 {
		t.Fatalf("image %+v, task %+v, journal %v", img, task, r.journal.left())
	}
}

// wantHashed checks that the image has its hash and nothing is left to do.
func (r *locationRig) wantHashed(t *testing.T) {
	t.Helper()
	weak, strong := hashes("aaaa")
	img := r.get(t, img1)
	if img.Checksum != weak || img.HashAlgo != "sha256" || img.HashValue != strong || len(img.Properties) > 0 {
		t.Errorf("image is %+v", img)
	}
	if task := r.task(t, img1); task.Status != glance.TaskSuccess || string(task.Result) != `{"image_id":"`+img1+`"}` {
		t.Errorf("task is %+v", task)
	}
	if left := r.journal.left(); len(left) > 0 {
		t.Errorf("left in the journal: %v", left)
	}
}

// killed adds a location and lets the process die while the data is hashed:
// nothing that it still does gets anywhere.
func (r *locationRig) killed(t *testing.T) {
	t.Helper()
	r.add(t, queued())
	release := r.hashing(t, nil)
	r.wantHashing(t)
	dead := r.rig
	r.rig = dead.elsewhere()
	r.journal = &journal{open: maps.Clone(dead.journal.open)}
	dead.db.beforeUpdate = func(int) error { return errBoom }
	dead.db.Store = deadTasks{dead.db.Store}
	release()
	r.running.Wait()
	r.wantHashing(t)
}

// deadTasks is the database that a dead process cannot reach.
type deadTasks struct{ metadata.Store }

func (deadTasks) UpdateTask(context.Context, metadata.Scope, string, func(*glance.Task) error) (*glance.Task, error) {
	return nil, errBoom
}

// TestResume: what became of the image, the task and the store while the
// process was down, and what the next start makes of it.
func TestResume(t *testing.T) {
	end := func(status glance.TaskStatus) func(*testing.T, *locationRig) {
		return func(t *testing.T, r *locationRig) {
			_, err := r.db.UpdateTask(t.Context(), metadata.Everything(), r.task(t, img1).ID, func(task *glance.Task) error {
				task.Status = status
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name      string
		meanwhile func(*testing.T, *locationRig)
		hashed    bool
		task      glance.TaskStatus
	}{
		{"nothing", nil, true, glance.TaskSuccess},
		{"deactivated", func(t *testing.T, r *locationRig) {
			r.update(t, img1, func(img *glance.Image) { img.Status = glance.StatusDeactivated })
		}, true, glance.TaskSuccess},
		{"another copy", func(t *testing.T, r *locationRig) {
			more := r.put(t, "fast", img1, "aaaa")
			r.update(t, img1, func(img *glance.Image) {
				img.Locations = slices.Insert(img.Locations, 0, more)
			})
		}, true, glance.TaskSuccess},
		{"metadata of the location", func(t *testing.T, r *locationRig) {
			r.update(t, img1, func(img *glance.Image) { img.Locations[0].Metadata = map[string]any{"store": "web", "a": "b"} })
		}, true, glance.TaskSuccess},
		{"location gone", func(t *testing.T, r *locationRig) {
			more := r.put(t, "fast", img1, "aaaa")
			r.update(t, img1, func(img *glance.Image) { img.Locations = []glance.Location{more} })
		}, false, glance.TaskSuccess},
		{"ended by somebody", end(glance.TaskFailure), false, glance.TaskFailure},
		{"store fails", func(_ *testing.T, r *locationRig) {
			r.web.mu.Lock()
			defer r.web.mu.Unlock()
			r.web.pages = nil
		}, false, glance.TaskSuccess},
		{"URL of the node unknown", func(t *testing.T, r *locationRig) {
			r.update(t, img1, func(img *glance.Image) { img.RemoveProperty(glance.HashHostProperty) })
		}, true, glance.TaskSuccess},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newLocationRig(t)
			r.killed(t)
			if tt.meanwhile != nil {
				tt.meanwhile(t, r)
			}
			r.restart(t)
			r.running.Wait()
			weak, strong := hashes("aaaa")
			want := &glance.Image{}
			if tt.hashed {
				want.Checksum, want.HashAlgo, want.HashValue = weak, "sha256", strong
			}
			img := r.get(t, img1)
			if img.Checksum != want.Checksum || img.HashAlgo != want.HashAlgo || img.HashValue != want.HashValue || len(img.Properties) > 0 {
				t.Errorf("image is %+v", img)
			}
			if ended := r.task(t, img1).Status; ended != tt.task || len(r.journal.left()) > 0 {
				t.Errorf("task is %s, left in the journal: %v", ended, r.journal.left())
			}
		})
	}
}

// TestResumeLockLost: another task has the image now, and stays with it.
func TestResumeLockLost(t *testing.T) {
	r := newLocationRig(t)
	r.killed(t)
	if err := errors.Join(r.db.Unlock(t.Context(), img1, r.task(t, img1).ID), r.db.Lock(t.Context(), img1, "other")); err != nil {
		t.Fatal(err)
	}
	r.restart(t)
	r.running.Wait()
	img := r.get(t, img1)
	if p, _ := img.Property(glance.LockProperty); p.Value != "other" || img.HashValue != "" || len(r.journal.left()) > 0 {
		t.Errorf("image is %+v, left in the journal: %v", img, r.journal.left())
	}
}

// TestResumeDeleted: an image that was deleted before the start, or is while
// its hash is made again.
func TestResumeDeleted(t *testing.T) {
	for name, during := range map[string]bool{"before": false, "during": true} {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.killed(t)
			if !during {
				if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
					t.Fatal(err)
				}
			}
			reached := make(chan struct{})
			r.restartWith(t, func(ctx context.Context) error {
				close(reached)
				<-ctx.Done()
				return ctx.Err()
			}, nil)
			if during {
				<-reached
				if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
					t.Fatal(err)
				}
			}
			r.running.Wait()
			if r.get(t, img1) != nil || len(r.journal.left()) > 0 {
				t.Errorf("image %+v, left in the journal: %v", r.get(t, img1), r.journal.left())
			}
		})
	}
}

// TestResumeAgain: the second process dies or ends too, and the third one has
// the configuration of another address.
func TestResumeAgain(t *testing.T) {
	r := newLocationRig(t)
	r.killed(t)
	reached := make(chan struct{})
	r.restartWith(t, func(ctx context.Context) error {
		close(reached)
		<-ctx.Done()
		return ctx.Err()
	}, nil)
	<-reached
	r.stop(t)
	r.wantHashing(t)
	r.update(t, img1, func(img *glance.Image) {
		img.SetProperty(glance.Property{Name: glance.HashHostProperty, Value: "http://before"})
	})
	reached, goOn := make(chan struct{}), make(chan struct{})
	r.restartWith(t, func(context.Context) error {
		close(reached)
		<-goOn
		return nil
	}, nil)
	<-reached
	if host, _ := r.get(t, img1).Property(glance.HashHostProperty); host.Value != "http://self" {
		t.Errorf("other nodes find it at %q", host.Value)
	}
	close(goOn)
	r.running.Wait()
	r.wantHashed(t)
}

// TestResumeAlive: the lock, which was stale after hours without a process, is
// not when the work goes on.
func TestResumeAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLocationRig(t)
		r.killed(t)
		time.Sleep(5 * time.Hour)
		begun := time.Now()
		var beats []time.Duration
		r.restartWith(t, nil, func() {
			beats = append(beats, r.task(t, img1).UpdatedAt.Sub(begun))
			time.Sleep(50 * time.Second)
		})
		r.running.Wait()
		if want := []time.Duration{0, 0, 100 * time.Second, 100 * time.Second}; !slices.Equal(beats, want) {
			t.Errorf("alive at %v", beats)
		}
		r.wantHashed(t)
	})
}

// TestResumeDatabaseDown: the entry stays for the next start.
func TestResumeDatabaseDown(t *testing.T) {
	r := newLocationRig(t)
	r.killed(t)
	rec := r.recoverer()
	rec.Images = r.db
	rec.Resume = func(map[string]string) error { return errors.New("resumed what nobody could look at") }
	r.db.beforeRead = func() error { return errBoom }
	if err := rec.Settle(t.Context(), r.journal.left()[0]); !errors.Is(err, errBoom) {
		t.Errorf("got %v", err)
	}
	r.db.beforeRead = nil
	r.wantHashing(t)
}

// TestEntryHasNoSecrets: the journal is a plain file.
func TestEntryHasNoSecrets(t *testing.T) {
	r := newLocationRig(t)
	r.killed(t)
	for _, value := range r.journal.left()[0] {
		if strings.Contains(value, "web") {
			t.Errorf("the journal says %q", value)
		}
	}
}
