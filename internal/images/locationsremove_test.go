package images_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
)

func TestPatchRemove(t *testing.T) {
	tests := []struct{ position, left, gone string }{
		{"0", "cheap", "fast"}, {"1", "fast", "cheap"}, {"-", "fast", "cheap"},
	}
	for _, tt := range tests {
		r := newLocationRig(t)
		r.stored(t, img1)
		shown, err := r.editor().Patch(t.Context(), boss, img1, removeAt(tt.position))
		if err != nil {
			t.Fatal(err)
		}
		want := "mem://" + tt.left + "/" + img1
		if got := urls(r.get(t, img1)); got != want || urls(shown) != want {
			t.Errorf("at %s: left %s, answered %s", tt.position, got, urls(shown))
		}
		for name, d := range map[string]*driver{"fast": r.fast, "cheap": r.cheap} {
			if d.has("mem://"+name+"/"+img1) != (name == tt.left) {
				t.Errorf("at %s: data in %s", tt.position, name)
			}
		}
		if left := r.journal.left(); len(left) > 0 {
			t.Errorf("left in the journal: %v", left)
		}
	}
}

// TestPatchRemoveIsWhole: what else the patch says happens as well, or nothing
// at all when a later operation is refused.
func TestPatchRemoveIsWhole(t *testing.T) {
	r := newLocationRig(t)
	r.stored(t, img1)
	changes := append(removeAt("0"), set(images.Replace, "name", text("new"))...)
	bad := append(removeAt("0"), setProperty(images.Remove, "none", "")...)
	if _, err := r.editor().Patch(t.Context(), boss, img1, bad); !errors.Is(err, glance.Conflict) {
		t.Errorf("got %v", err)
	}
	if img := r.get(t, img1); len(img.Locations) != 2 || !r.fast.holds(t, img1) {
		t.Fatalf("a refused patch left %+v", img)
	}
	if _, err := r.editor().Patch(t.Context(), boss, img1, changes); err != nil {
		t.Fatal(err)
	}
	if img := r.get(t, img1); img.Name == nil || *img.Name != "new" || len(img.Locations) != 1 {
		t.Errorf("stored %+v", img)
	}
}

// TestPatchAddAndRemove: a copy is swapped for another in one patch.
func TestPatchAddAndRemove(t *testing.T) {
	r := newLocationRig(t)
	r.stored(t, img1)
	changes := append(addAt("-", "http://web/a"), removeAt("-")...) // its own
	changes = append(changes, addAt("-", "http://web/b")...)
	changes = append(changes, removeAt("0")...)
	if _, err := r.editor().Patch(t.Context(), boss, img1, changes); err != nil {
		t.Fatal(err)
	}
	if got, want := urls(r.get(t, img1)), "mem://cheap/"+img1+" http://web/b"; got != want {
		t.Errorf("left %s, want %s", got, want)
	}
}

func TestPatchRemoveInUse(t *testing.T) {
	r := newLocationRig(t)
	r.stored(t, img1)
	r.fast.deletes(glance.Errorf(glance.Conflict, "busy"))
	_, err := r.editor().Patch(t.Context(), boss, img1, removeAt("0"))
	wantFault(t, err, fault{glance.Conflict, "The data for Image " + img1 + " could not be deleted because it is in use: busy", ""})
	img := r.get(t, img1)
	if len(img.Locations) != 2 || len(img.Locations[0].Metadata) != 1 || len(r.journal.left()) != 0 {
		t.Errorf("left %+v and %v", img.Locations, r.journal.left())
	}
}

func TestPatchRemoveDelayed(t *testing.T) {
	r := newLocationRig(t)
	r.delayed = true
	r.stored(t, img1)
	if _, err := r.editor().Patch(t.Context(), boss, img1, removeAt("0")); err != nil {
		t.Fatal(err)
	}
	if got := urls(r.get(t, img1)); got != "mem://cheap/"+img1 {
		t.Errorf("left %s", got)
	}
	if !r.fast.holds(t, img1) {
		t.Error("the data is the scrubber's")
	}
}

// TestPatchRemovesAtOnce: two requests cannot take each other the last copy.
func TestPatchRemovesAtOnce(t *testing.T) {
	r := newLocationRig(t)
	r.stored(t, img1)
	other := make(chan error, 1)
	var once sync.Once
	r.fast.delete = func(context.Context) error {
		once.Do(func() {
			_, err := r.editor().Patch(context.Background(), boss, img1, removeAt("0"))
			other <- err
		})
		return nil
	}
	if _, err := r.editor().Patch(t.Context(), boss, img1, removeAt("0")); err != nil {
		t.Fatal(err)
	}
	wantFault(t, <-other, fault{glance.Forbidden, "", "Cannot remove last location in the image."})
	if got := r.read(t, boss, img1); got != "data" {
		t.Errorf("read %q", got)
	}
}

// TestPatchRemoveCrash: the next start finishes a removal, wherever it stopped.
func TestPatchRemoveCrash(t *testing.T) {
	for _, n := range []int{1, 2} { // after the mark, and after the data
		r := newLocationRig(t)
		r.stored(t, img1)
		if n == 1 {
			r.fast.deletes(errBoom)
			r.db.beforeUpdate = nth(2, func() error { return errBoom })
		} else {
			r.db.beforeUpdate = func(now int) error {
				if now > 1 {
					return errBoom
				}
				return nil
			}
		}
		if _, err := r.editor().Patch(t.Context(), boss, img1, removeAt("0")); err == nil {
			t.Fatal("nothing broke")
		}
		if shown, err := r.catalog().Show(t.Context(), boss, img1); err != nil || len(shown.Locations) != 1 {
			t.Errorf("shown %+v, %v", shown, err)
		}
		r.fast.delete, r.db.beforeUpdate = nil, nil
		r.crash(t)
		if got := urls(r.get(t, img1)); got != "mem://cheap/"+img1 || r.fast.holds(t, img1) {
			t.Errorf("after %d: left %s", n, got)
		}
	}
}
