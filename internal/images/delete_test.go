package images_test

import (
	"context"
	"errors"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/store"
)

// twice is an image with data in both stores.
func (r *rig) twice(t *testing.T) {
	t.Helper()
	r.fill(t, queued(), "data")
	loc := r.put(t, "cheap", img1, "data")
	r.update(t, img1, func(img *glance.Image) { img.Locations = append(img.Locations, loc) })
}

func TestDelete(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
		t.Fatal(err)
	}
	r.wantDeleted(t)
	wantFault(t, r.deleter().Delete(t.Context(), boss, img1), fault{glance.NotFound, "Failed to find image " + img1 + " to delete", ""})
	_, err := r.editor().Create(t.Context(), alice, creation(func(c *glance.Image) { c.ID = img1 }))
	wantFault(t, err, fault{glance.Conflict, "Image ID " + img1 + " already exists!", ""})
}

// wantDeleted checks that nothing of the image is left.
func (r *rig) wantDeleted(t *testing.T) {
	t.Helper()
	if img := r.get(t, img1); img != nil {
		t.Errorf("the image is left: %+v", img)
	}
	if r.fast.holds(t, img1) || r.cheap.holds(t, img1) {
		t.Error("data is left")
	}
	if left := r.journal.left(); len(left) > 0 {
		t.Errorf("left in the journal: %v", left)
	}
}

// TestDeleteRefused is the table of spec images-v2 §12.1.
func TestDeleteRefused(t *testing.T) {
	tests := []struct {
		name   string
		who    *glance.Caller
		change func(*glance.Image)
		rig    func(*rig)
		want   fault
	}{
		{name: "not visible", who: carol, want: fault{glance.NotFound, "Failed to find image " + img1 + " to delete", ""}},
		{name: "policy", who: rita, want: fault{glance.Forbidden, "You are not authorized to complete delete_image action.", ""}},
		{name: "policy, may not even see", who: nora, want: fault{kind: glance.NotFound}},
		{
			name: "foreign, old defaults", who: carol, change: func(img *glance.Image) { img.Visibility = glance.VisibilityPublic },
			rig: func(r *rig) { r.policy = enforcer(t, false) }, want: fault{glance.Forbidden, "You do not own this image", ""},
		},
		{
			name: "protected", change: func(img *glance.Image) { img.Protected = true },
			want: fault{glance.Forbidden, "Image " + img1 + " is protected and cannot be deleted.", ""},
		},
		{
			name: "protected, admin", who: boss, change: func(img *glance.Image) { img.Protected = true },
			want: fault{glance.Forbidden, "Image " + img1 + " is protected and cannot be deleted.", ""},
		},
		{
			name: "in use", rig: func(r *rig) { r.fast.deletes(glance.Errorf(glance.Conflict, "The image is busy")) },
			want: fault{glance.Conflict, "Image " + img1 + " could not be deleted because it is in use: The image is busy", ""},
		},
		{
			name: "forbidden by the store", rig: func(r *rig) { r.fast.deletes(glance.Errorf(glance.Forbidden, "You cannot delete it")) },
			want: fault{glance.Forbidden, "You cannot delete it", ""},
		},
		{name: "journal", rig: func(r *rig) { r.journal.fails = errBoom }, want: fault{kind: glance.Internal}},
		{name: "store broken", rig: func(r *rig) { r.fast.deletes(errBoom) }, want: fault{kind: glance.Internal}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.twice(t)
			if tt.change != nil {
				r.update(t, img1, tt.change)
			}
			if tt.rig != nil {
				tt.rig(r)
			}
			who := tt.who
			if who == nil {
				who = alice
			}
			wantFault(t, r.deleter().Delete(t.Context(), who, img1), tt.want)
			img := r.get(t, img1)
			if img == nil || img.Status != glance.StatusActive || len(img.Locations) != 2 || !r.fast.holds(t, img1) {
				t.Errorf("not as before: %+v", img)
			}
			if left := r.journal.left(); len(left) > 0 {
				t.Errorf("left in the journal: %v", left)
			}
		})
	}
}

func (d *driver) deletes(err error) { d.delete = func(context.Context) error { return err } }

// TestDeleteAnyway: data that is gone or cannot be deleted does not matter.
func TestDeleteAnyway(t *testing.T) {
	for _, err := range []error{store.NoImage("x", nil), store.NoDelete()} {
		r := newRig(t)
		r.twice(t)
		r.fast.deletes(err)
		if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
			t.Error(err)
		}
		if r.get(t, img1) != nil || r.cheap.holds(t, img1) {
			t.Errorf("%v: something is left", err)
		}
	}
}

// TestDeleteStatus: an image can be deleted at any time of its life, with and
// without data, by its owner (spec image-states §2 and §4).
func TestDeleteStatus(t *testing.T) {
	for _, status := range []glance.Status{
		glance.StatusQueued, glance.StatusSaving, glance.StatusUploading, glance.StatusImporting, glance.StatusActive, glance.StatusDeactivated,
	} {
		r := newRig(t)
		r.add(t, queued(func(img *glance.Image) {
			img.Status, img.Locations = status, []glance.Location{r.put(t, "fast", img1, "data")}
		}))
		if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
			t.Errorf("%s: %v", status, err)
		}
		r.wantDeleted(t)
	}
}

// TestDeleteDelayed leaves the data to the scrubber.
func TestDeleteDelayed(t *testing.T) {
	tests := []struct {
		from     glance.Status
		data     bool
		protect  bool // while deleting
		want     fault
		to       glance.Status
		dataLeft bool
	}{
		{from: glance.StatusActive, data: true, to: glance.StatusPendingDelete, dataLeft: true},
		{from: glance.StatusDeactivated, data: true, to: glance.StatusPendingDelete, dataLeft: true},
		{from: glance.StatusQueued, to: glance.StatusDeleted},
		{from: glance.StatusSaving, to: glance.StatusDeleted},
		{
			from: glance.StatusImporting, data: true, to: glance.StatusImporting, dataLeft: true,
			want: fault{glance.Invalid, "Image status transition from importing to pending_delete is not allowed", ""},
		},
		{
			from: glance.StatusActive, data: true, protect: true, to: glance.StatusActive, dataLeft: true,
			want: fault{glance.Forbidden, "Image " + img1 + " is protected and cannot be deleted.", ""},
		},
	}
	for _, tt := range tests {
		t.Run(string(tt.from), func(t *testing.T) {
			r := newRig(t)
			img := queued(func(img *glance.Image) { img.Status = tt.from })
			if tt.data {
				img.Locations = []glance.Location{r.put(t, "fast", img1, "data")}
			}
			r.add(t, img)
			if tt.protect {
				r.db.beforeUpdate = nth(1, func() error {
					r.update(t, img1, func(img *glance.Image) { img.Protected = true })
					return nil
				})
			}
			d := r.deleter()
			d.Delayed = true
			if err := d.Delete(t.Context(), alice, img1); err != nil || tt.want != (fault{}) {
				wantFault(t, err, tt.want)
			}
			got, err := r.db.Store.Image(t.Context(), metadata.Scope{Admin: true, Deleted: true}, img1)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != tt.to || got.Deleted != (tt.to != tt.from) || r.fast.holds(t, img1) != tt.dataLeft {
				t.Errorf("got %+v", got)
			}
			for _, loc := range got.Locations {
				if got.Deleted && loc.Status != glance.LocationPendingDelete {
					t.Errorf("the scrubber does not find %+v", loc)
				}
			}
		})
	}
}

// TestDeleteUncancelled: once data goes, all of it goes.
func TestDeleteUncancelled(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	ctx, cancel := context.WithCancel(t.Context())
	r.fast.delete = func(ctx context.Context) error { cancel(); return ctx.Err() }
	r.cheap.delete = context.Context.Err
	if err := r.deleter().Delete(ctx, alice, img1); err != nil {
		t.Error(err)
	}
	r.wantDeleted(t)
}

// TestDeleteMeetsUpload: the data arrives between the look at the image and
// its end.
func TestDeleteMeetsUpload(t *testing.T) {
	r := newRig(t)
	r.add(t, queued())
	r.db.beforeUpdate = nth(1, func() error {
		return r.elsewhere().uploader().Upload(t.Context(), alice, img1, data("late"))
	})
	if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
		t.Error(err)
	}
	r.wantDeleted(t)
}

// TestDeleteMeetsProtection: the image is protected when its data is gone.
// There is nothing left to protect.
func TestDeleteMeetsProtection(t *testing.T) {
	r := newRig(t)
	r.fill(t, queued(), "data")
	r.fast.delete = func(context.Context) error {
		r.update(t, img1, func(img *glance.Image) { img.Protected = true })
		return nil
	}
	if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
		t.Error(err)
	}
	r.wantDeleted(t)
}

// TestDeletesAtOnce: the one that comes late hears that there is no image, and
// leaves no journal entry that would hit whoever gets the id next.
func TestDeletesAtOnce(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	r.fast.delete = func(context.Context) error {
		r.fast.delete = nil
		return r.elsewhere().deleter().Delete(t.Context(), alice, img1)
	}
	wantFault(t, r.deleter().Delete(t.Context(), alice, img1), fault{glance.NotFound, "Failed to find image " + img1 + " to delete", ""})
	r.wantDeleted(t)
}

// TestDeleteMarkFails: the data is gone and the row cannot be changed. The next
// start finishes.
func TestDeleteMarkFails(t *testing.T) {
	r := newRig(t)
	r.twice(t)
	r.db.beforeUpdate = func(int) error { return errBoom }
	if err := r.deleter().Delete(t.Context(), alice, img1); !errors.Is(err, errBoom) {
		t.Errorf("got %v", err)
	}
	if img := r.get(t, img1); img == nil || img.Status != glance.StatusActive {
		t.Errorf("got %+v", img)
	}
	r.restart(t)
	r.wantDeleted(t)
}
