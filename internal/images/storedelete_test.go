package images_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"glance/internal/glance"
	"glance/internal/store"
)

// TestDeleteCopyRefused has the rows of spec images-v2 §12.2 in order; each case
// also breaks rows further down.
func TestDeleteCopyRefused(t *testing.T) {
	tests := []struct {
		name     string
		who      *glance.Caller
		from, id string
		prepare  func(*testing.T, *locationRig)
		want     fault
	}{
		{"single store", alice, "nope", unknown, func(t *testing.T, r *locationRig) { r.useStores(t, false) }, fault{glance.NotFound, "", ""}},
		{"unknown store", alice, "nope", unknown, nil, fault{glance.Conflict, "The selected store nope is not available on this node.", ""}},
		{"unknown image", alice, "fast", unknown, nil, fault{glance.NotFound, "Failed to find image " + unknown, ""}},
		{"not visible", bob, "fast", img1, nil, fault{glance.NotFound, "Failed to find image " + img1, ""}},
		{"policy, not even seen", nora, "fast", img1, nil, fault{glance.NotFound, "", ""}},
		{"policy", alice, "fast", img1, nil, fault{glance.Forbidden, "You are not authorized to complete delete_image_location action.", ""}},
		{"status", boss, "web", img1, func(t *testing.T, r *locationRig) {
			r.update(t, img1, func(img *glance.Image) {
				img.Status = glance.StatusDeactivated
				img.Locations = img.Locations[:1]
			})
		}, fault{glance.Conflict, "It's not allowed to remove image data from store if image status is not 'active'", ""}},
		{"the only one", boss, "web", img1, func(t *testing.T, r *locationRig) {
			r.update(t, img1, func(img *glance.Image) { img.Locations = img.Locations[:1] })
		}, fault{glance.Forbidden, "Cannot delete image data from the only store containing it. Consider deleting the image instead.", ""}},
		{"not there", boss, "web", img1, nil, fault{glance.NotFound, "Image " + img1 + " is not stored in store web.", ""}},
		{
			"reserved store", boss, store.StagingStore, img1, nil,
			fault{glance.NotFound, "Image " + img1 + " is not stored in store os_glance_staging_store.", ""},
		},
		{
			"in use", boss, "fast", img1, func(_ *testing.T, r *locationRig) { r.fast.deletes(glance.Errorf(glance.Conflict, "it has clones")) },
			fault{glance.Conflict, "The data for Image " + img1 + " could not be deleted because it is in use: it has clones", ""},
		},
		{"store fails", boss, "fast", img1, func(_ *testing.T, r *locationRig) { r.fast.deletes(errBoom) }, fault{kind: glance.Internal}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newLocationRig(t)
			r.stored(t, img1)
			if tt.prepare != nil {
				tt.prepare(t, r)
			}
			before := r.get(t, img1)
			wantFault(t, r.copyDeleter().Delete(t.Context(), tt.who, tt.from, tt.id), tt.want)
			if after := r.get(t, img1); urls(after) != urls(before) || len(r.journal.left()) > 0 || len(after.Locations[0].Metadata) != 1 {
				t.Errorf("left %+v and %v", after.Locations, r.journal.left())
			}
			if !r.fast.holds(t, img1) || !r.cheap.holds(t, img1) {
				t.Error("data is gone")
			}
		})
	}
}

func TestDeleteCopy(t *testing.T) {
	gone := func(r *locationRig) { r.fast.deletes(store.NoImage("x", nil)) }
	stuck := func(r *locationRig) { r.fast.deletes(store.NoDelete()) }
	for _, prepare := range []func(*locationRig){nil, gone, stuck} {
		r := newLocationRig(t)
		r.stored(t, img1)
		if prepare != nil {
			prepare(r)
		}
		if err := r.copyDeleter().Delete(t.Context(), boss, "fast", img1); err != nil {
			t.Fatal(err)
		}
		if got := urls(r.get(t, img1)); got != "mem://cheap/"+img1 || len(r.journal.left()) > 0 {
			t.Errorf("left %s and %v", got, r.journal.left())
		}
		if prepare == nil && r.fast.holds(t, img1) {
			t.Error("the data is still there")
		}
	}
}

// TestDeleteCopiesAtOnce: of two requests for two copies one is refused.
func TestDeleteCopiesAtOnce(t *testing.T) {
	r := newLocationRig(t)
	r.stored(t, img1)
	var once sync.Once
	other := make(chan error, 1)
	r.fast.delete = func(context.Context) error {
		once.Do(func() { other <- r.copyDeleter().Delete(context.Background(), boss, "cheap", img1) })
		return nil
	}
	if err := r.copyDeleter().Delete(t.Context(), boss, "fast", img1); err != nil {
		t.Fatal(err)
	}
	wantFault(t, <-other, fault{
		glance.Forbidden,
		"Cannot delete image data from the only store containing it. Consider deleting the image instead.", "",
	})
	if got := r.read(t, boss, img1); got != "data" {
		t.Errorf("read %q", got)
	}
}

// TestDeleteImageDuringRemoval: the image takes everything with it.
func TestDeleteImageDuringRemoval(t *testing.T) {
	r := newLocationRig(t)
	r.stored(t, img1)
	inside := false
	r.fast.delete = func(context.Context) error {
		if inside {
			return nil
		}
		inside = true
		return r.deleter().Delete(context.Background(), boss, img1)
	}
	if err := r.copyDeleter().Delete(t.Context(), boss, "fast", img1); err != nil {
		t.Error(err)
	}
	if r.get(t, img1) != nil || r.fast.holds(t, img1) || r.cheap.holds(t, img1) || len(r.journal.left()) > 0 {
		t.Errorf("left %+v and %v", r.get(t, img1), r.journal.left())
	}
}

// TestRemovalUncertain: the database marks a location and only its confirmation
// gets lost. A mark that stayed would hide the location for ever.
func TestRemovalUncertain(t *testing.T) {
	for name, remove := range map[string]func(*locationRig) error{
		"store": func(r *locationRig) error { return r.copyDeleter().Delete(t.Context(), boss, "fast", img1) },
		"patch": func(r *locationRig) error {
			_, err := r.editor().Patch(t.Context(), boss, img1, removeAt("0"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLocationRig(t)
			r.stored(t, img1)
			r.db.mu.Lock()
			r.db.updates = 0
			r.db.mu.Unlock()
			r.db.afterUpdate = nth(1, func() error { return errBoom })
			if err := remove(r); !errors.Is(err, errBoom) {
				t.Errorf("got %v", err)
			}
			for _, loc := range r.get(t, img1).Locations {
				if len(loc.Metadata) != 1 {
					t.Errorf("left the mark: %v", loc.Metadata)
				}
			}
			if !r.fast.holds(t, img1) || !r.cheap.holds(t, img1) || len(r.journal.left()) > 0 {
				t.Errorf("data is gone, or left in the journal: %v", r.journal.left())
			}
		})
	}
}
