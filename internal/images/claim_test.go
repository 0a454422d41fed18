package images_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/store"
)

// taking is the two calls that claim an image, with what their entries in the
// journal and their images have in between.
var taking = map[string]struct {
	take   func(*locationRig, context.Context, images.Data) error
	status glance.Status // while it is claimed
	done   glance.Status
}{
	"upload": {
		func(r *locationRig, ctx context.Context, d images.Data) error {
			return r.uploader().Upload(ctx, alice, img1, d)
		},
		glance.StatusSaving, glance.StatusActive,
	},
	"stage": {
		func(r *locationRig, ctx context.Context, d images.Data) error {
			return r.stager().Stage(ctx, alice, img1, d)
		},
		glance.StatusUploading, glance.StatusUploading,
	},
}

// otherNode has the same database and stores, and a disk of its own.
func (r *locationRig) otherNode(t *testing.T) *locationRig {
	t.Helper()
	other := newLocationRig(t)
	other.rig = r.elsewhere()
	other.journal = &journal{open: map[int]map[string]string{}}
	other.useStores(t, true)
	return other
}

// TestClaimInRow: the row says who has the image as long as somebody has it,
// and users neither see that nor change it by what they may change.
func TestClaimInRow(t *testing.T) {
	for name, tt := range taking {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.limits.MaxProperties = 1
			r.add(t, queued())
			body := midway("da", func() error {
				img, entry := r.get(t, img1), r.journal.left()[0]
				p, _ := img.Property(glance.AttemptProperty)
				if img.Status != tt.status || p.Value == "" || p.Value != entry["attempt"] || entry["claim"] != "row" {
					t.Errorf("image %+v, entry %v", img, entry)
				}
				_, err := r.editor().Patch(t.Context(), alice, img1, setProperty(images.Add, "a", "b"))
				shown, errShow := r.catalog().Show(t.Context(), alice, img1)
				old, errOld := r.catalog().Find(t.Context(), alice, img1)
				if err = errors.Join(err, errShow, errOld); err != nil {
					return err
				}
				for _, seen := range []*glance.Image{shown, old} {
					if len(seen.Properties) != 1 || seen.Properties[0].Name != "a" {
						t.Errorf("users see %+v", seen.Properties)
					}
				}
				return nil
			}, "ta")
			if err := tt.take(r, t.Context(), images.Data{Body: body, Size: 4}); err != nil {
				t.Fatal(err)
			}
			img := r.get(t, img1)
			if _, left := img.Property(glance.AttemptProperty); left || img.Status != tt.done {
				t.Errorf("image became %+v", img)
			}
		})
	}
}

// TestLateSettling: an attempt whose end was not confirmed is settled while
// another node has the image.
func TestLateSettling(t *testing.T) {
	for name, tt := range taking {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, queued())
			r.db.afterUpdate = nth(2, func() error { return errBoom }) // it is given back, but who knows
			if err := tt.take(r, t.Context(), images.Data{Body: text4(), Size: 5}); !errors.Is(err, glance.Invalid) {
				t.Fatalf("got %v", err)
			}
			other := r.otherNode(t)
			body := midway("da", func() error {
				r.crash(t)
				return nil
			}, "ta")
			if err := tt.take(other, t.Context(), images.Data{Body: body, Size: 4}); err != nil {
				t.Fatal(err)
			}
			if img := r.get(t, img1); img.Status != tt.done || img.Size == nil || *img.Size != 4 {
				t.Errorf("image became %+v", img)
			}
		})
	}
}

// TestClaimLost: an attempt that has lost the image to another one changes
// nothing of it.
func TestClaimLost(t *testing.T) {
	for name, tt := range taking {
		for what, text := range map[string]string{"complete": "ta", "failed": ""} {
			t.Run(name+" "+what, func(t *testing.T) {
				r := newLocationRig(t)
				r.add(t, queued())
				body := midway("da", func() error {
					r.update(t, img1, func(img *glance.Image) {
						img.SetProperty(glance.Property{Name: glance.AttemptProperty, Value: "other"})
					})
					return nil
				}, text)
				err := tt.take(r, t.Context(), images.Data{Body: body, Size: 4})
				if text != "" && !errors.Is(err, glance.Gone) || err == nil {
					t.Errorf("got %v", err)
				}
				img := r.get(t, img1)
				if p, _ := img.Property(glance.AttemptProperty); p.Value != "other" || img.Status != tt.status || img.Size != nil {
					t.Errorf("image became %+v", img)
				}
				if r.fast.holds(t, img1) || r.staging.has(stagedURL) || len(r.journal.left()) > 0 {
					t.Error("something is left")
				}
			})
		}
	}
}

// TestClaimOvertaken: the image is somewhere else in its life when the attempt
// ends, and does not name it for ever.
func TestClaimOvertaken(t *testing.T) {
	for name, tt := range taking {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.add(t, queued())
			body := midway("da", func() error {
				r.update(t, img1, func(img *glance.Image) { img.Status = glance.StatusImporting })
				return nil
			}, "ta")
			if err := tt.take(r, t.Context(), images.Data{Body: body, Size: 4}); !errors.Is(err, glance.Gone) {
				t.Errorf("got %v", err)
			}
			if img := r.get(t, img1); img.Status != glance.StatusImporting || len(img.Properties) > 0 {
				t.Errorf("image became %+v", img)
			}
		})
	}
}

// TestSettleOldClaims: entries and rows of versions that did not say whose a
// claim is, beside those of this one.
func TestSettleOldClaims(t *testing.T) {
	entries := map[glance.Status]map[string]string{
		glance.StatusSaving:    {"deed": "upload", "image": img1, "store": "fast", "attempt": "mine", "size": "4"},
		glance.StatusUploading: {"deed": "stage", "image": img1, "attempt": "mine"},
	}
	for status, old := range entries {
		for _, tt := range []struct {
			name     string
			said     bool   // the entry says that the row names the attempt
			row      string // what the row says
			released bool
		}{
			{"both old", false, "", true},
			{"old entry, claimed since", false, "other", false},
			{"mine", true, "mine", true},
			{"another's", true, "other", false},
			{"of the original", true, "", false},
		} {
			t.Run(string(status)+" "+tt.name, func(t *testing.T) {
				r := newLocationRig(t)
				r.add(t, queued())
				r.update(t, img1, func(img *glance.Image) {
					img.Status = status
					if tt.row != "" {
						img.SetProperty(glance.Property{Name: glance.AttemptProperty, Value: tt.row})
					}
				})
				if old["claim"] = ""; tt.said {
					old["claim"] = "row"
				}
				for range 2 {
					if err := r.recoverer().Settle(t.Context(), old); err != nil {
						t.Fatal(err)
					}
				}
				want := status
				if tt.released {
					want = glance.StatusQueued
				}
				img := r.get(t, img1)
				_, said := img.Property(glance.AttemptProperty)
				if img.Status != want || said != (tt.row != "" && !tt.released) {
					t.Errorf("image became %+v", img)
				}
			})
		}
	}
}

// TestLeftovers: what a database out of reach keeps from being settled is when
// it comes back, without a restart.
func TestLeftovers(t *testing.T) {
	for name, from := range map[string]int{"not claimed": 1, "not given back": 2} {
		for call, tt := range taking {
			t.Run(call+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newLocationRig(t)
					r.add(t, queued())
					back := time.Now().Add(90 * time.Minute)
					var tries []time.Duration
					begun := time.Now()
					r.db.afterUpdate = func(n int) error {
						if n < from || time.Now().After(back) {
							return nil
						}
						if n > from {
							tries = append(tries, time.Since(begun))
						}
						return errBoom
					}
					r.db.beforeUpdate = func(n int) error {
						if n <= from {
							return nil
						}
						return r.db.afterUpdate(n)
					}
					r.leftovers = &images.Leftovers{Recoverer: r.recoverer(), Jobs: r.jobs}
					r.leftovers.Recoverer.Images = r.db
					if err := tt.take(r, t.Context(), images.Data{Body: text4(), Size: 5}); err == nil {
						t.Fatal("no error")
					}
					if len(r.journal.left()) != 1 {
						t.Error("a crash now would leave it for ever")
					}
					r.running.Wait()
					r.wantUntouched(t, img1)
					if len(tries) > 0 && (tries[0] != time.Second || tries[len(tries)-1]-tries[len(tries)-2] != 15*time.Second) {
						t.Errorf("tried after %v, …, %v", tries[0], tries[len(tries)-2:])
					}
				})
			})
		}
	}
}

// TestLeftoversAtTheEnd: what is still left when the process ends is a matter
// of the next start.
func TestLeftoversAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLocationRig(t)
		r.add(t, queued())
		r.staging.abandon = store.Unreachable(nil)
		r.db.beforeUpdate = nth(2, func() error { return errBoom })
		r.leftovers = &images.Leftovers{Recoverer: r.recoverer(), Jobs: r.jobs}
		if err := r.stager().Stage(t.Context(), alice, img1, images.Data{Body: text4(), Size: 5}); err == nil {
			t.Fatal("no error")
		}
		time.Sleep(time.Hour)
		r.stop(t)
		if img := r.get(t, img1); img.Status != glance.StatusUploading {
			t.Errorf("image is %+v", img)
		}
		r.staging.abandon = nil
		r.crash(t)
		r.wantUntouched(t, img1)
		if err := r.jobs.Beside(func(context.Context) {}); !errors.Is(err, glance.Unavailable) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestDeleteRefusedForGood: a deletion that a store refused does not happen
// after a power failure.
func TestDeleteRefusedForGood(t *testing.T) {
	r := newRig(t)
	r.fill(t, queued(), "data")
	r.fast.deletes(glance.Errorf(glance.Conflict, "busy"))
	if err := r.deleter().Delete(t.Context(), alice, img1); !errors.Is(err, glance.Conflict) {
		t.Errorf("got %v", err)
	}
	if left := r.journal.disk; len(left) > 0 {
		t.Errorf("a power failure leaves %v", left)
	}
}

// TestDeleteLeftover: a deletion that has removed the data is ended when the
// database is back.
func TestDeleteLeftover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newLocationRig(t)
		r.fill(t, queued(), "data")
		r.db.beforeUpdate = nth(3, func() error { return errBoom })
		r.leftovers = &images.Leftovers{Recoverer: r.recoverer(), Jobs: r.jobs}
		if err := r.deleter().Delete(t.Context(), alice, img1); !errors.Is(err, errBoom) {
			t.Errorf("got %v", err)
		}
		r.running.Wait()
		if r.get(t, img1) != nil || len(r.journal.left()) > 0 {
			t.Errorf("left %+v and %v", r.get(t, img1), r.journal.left())
		}
	})
}

// TestAddLocationUnconfirmed: nobody heard whether the image got the location.
// A task that gave it one ends as after a crash, without a restart.
func TestAddLocationUnconfirmed(t *testing.T) {
	weak, _ := hashes("aaaa")
	for _, tt := range []struct {
		name   string
		claim  map[string]string
		saved  bool
		status glance.Status
		task   glance.TaskStatus
	}{
		{"saved", nil, true, glance.StatusActive, glance.TaskSuccess},
		{"not saved", nil, false, glance.StatusQueued, glance.TaskFailure},
		{"to be verified", claim("md5", weak), true, glance.StatusQueued, glance.TaskFailure},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newLocationRig(t)
				r.add(t, queued())
				broken := nth(1, func() error { return errBoom })
				if r.db.afterUpdate = broken; !tt.saved {
					r.db.afterUpdate, r.db.beforeUpdate = nil, broken
				}
				r.leftovers = &images.Leftovers{Recoverer: r.recoverer(), Jobs: r.jobs}
				img, task := r.addAll(t, alice, "http://web/a", tt.claim)
				if img.Status != tt.status || img.HashAlgo != "" || len(img.Properties) > 0 || task.Status != tt.task || len(r.journal.left()) > 0 {
					t.Errorf("image %+v, task %+v, journal %v", img, task, r.journal.left())
				}
			})
		})
	}
}
