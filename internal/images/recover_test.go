package images_test

import (
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/store"
)

// uploadOf is what the journal says of an upload to the store fast, of the
// attempt that rig.put makes.
func uploadOf(change ...string) map[string]string {
	entry := map[string]string{"deed": "upload", "image": img1, "store": "fast", "attempt": "earlier", "size": "4"}
	for i := 0; i < len(change); i += 2 {
		entry[change[i]] = change[i+1]
	}
	return entry
}

// TestSettle has every state in which a crash can leave a node. An entry may
// be settled again and again.
func TestSettle(t *testing.T) {
	deletion := map[string]string{"deed": "delete", "image": img1}
	tests := []struct {
		name   string
		entry  map[string]string
		status glance.Status // empty is an unknown image
		data   bool          // in the store, of the attempt of the entry
		row    bool          // the image knows of the data
		change func(*glance.Image)
		rig    func(*rig)
		want   fault
		to     glance.Status // of the image afterwards; empty is deleted or unknown
		left   bool          // whether the data is
	}{
		{name: "claimed", entry: uploadOf(), status: glance.StatusSaving, to: glance.StatusQueued},
		{name: "written", entry: uploadOf(), status: glance.StatusSaving, data: true, to: glance.StatusQueued},
		{name: "size unknown", entry: uploadOf("size", "-1"), status: glance.StatusSaving, data: true, to: glance.StatusQueued},
		{name: "size lost", entry: uploadOf("size", ""), status: glance.StatusSaving, data: true, to: glance.StatusQueued},
		{name: "committed", entry: uploadOf(), status: glance.StatusActive, data: true, row: true, to: glance.StatusActive, left: true},
		{name: "committed, then blocked", entry: uploadOf(), status: glance.StatusDeactivated, data: true, row: true, to: glance.StatusDeactivated, left: true},
		{name: "given back", entry: uploadOf(), status: glance.StatusQueued, to: glance.StatusQueued},
		{name: "given back, data left", entry: uploadOf(), status: glance.StatusQueued, data: true, to: glance.StatusQueued},
		{name: "staged since", entry: uploadOf(), status: glance.StatusUploading, data: true, to: glance.StatusUploading},
		{name: "deleted meanwhile", entry: uploadOf(), status: glance.StatusDeleted, data: true},
		{
			name: "waits for the scrubber", entry: uploadOf(), status: glance.StatusPendingDelete, data: true, row: true, left: true,
			change: func(img *glance.Image) { img.Locations[0].Status = glance.LocationPendingDelete },
		},
		{name: "purged", entry: uploadOf(), data: true},
		{name: "data of another attempt", entry: uploadOf("attempt", "mine"), status: glance.StatusSaving, data: true, to: glance.StatusQueued, left: true},
		{
			name: "store unknown", entry: uploadOf("store", "nope"), status: glance.StatusSaving, data: true, to: glance.StatusSaving, left: true,
			want: fault{glance.Invalid, "Store for identifier nope not found", ""},
		},

		{name: "deletion begun", entry: deletion, status: glance.StatusActive, data: true, row: true},
		{name: "deletion, data gone", entry: deletion, status: glance.StatusActive, row: true},
		{name: "deletion of a queued one", entry: deletion, status: glance.StatusQueued},
		{name: "deletion done", entry: deletion, status: glance.StatusDeleted},
		{name: "deletion, purged", entry: deletion},
		{
			name: "deletion, in use now", entry: deletion, status: glance.StatusActive, data: true, row: true, to: glance.StatusActive, left: true,
			rig:  func(r *rig) { r.fast.deletes(glance.Errorf(glance.Conflict, "busy")) },
			want: fault{glance.Conflict, "Image " + img1 + " could not be deleted because it is in use: busy", ""},
		},
		{
			name: "deletion, protected since", entry: deletion, status: glance.StatusActive, data: true, row: true, to: glance.StatusActive, left: true,
			change: func(img *glance.Image) { img.Protected = true },
		},

		{name: "of a later version", entry: map[string]string{"deed": "juggle", "image": img1}, status: glance.StatusQueued, to: glance.StatusQueued, want: fault{kind: glance.Internal}},
		{name: "empty", entry: map[string]string{}, status: glance.StatusQueued, to: glance.StatusQueued, want: fault{kind: glance.Internal}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			var at glance.Location
			if at = r.put(t, "fast", img1, "data"); !tt.data {
				if err := r.stores.Delete(t.Context(), at); err != nil {
					t.Fatal(err)
				}
			}
			if tt.status != "" {
				r.leave(t, tt.status, tt.row, at, tt.change)
			}
			if tt.rig != nil {
				tt.rig(r)
			}
			for range 2 {
				if err := r.recoverer().Settle(t.Context(), tt.entry); err != nil || tt.want != (fault{}) {
					wantFault(t, err, tt.want)
				}
			}
			to := glance.Status("")
			if img := r.get(t, img1); img != nil {
				to = img.Status
			}
			if left := r.fast.holds(t, img1); to != tt.to || left != tt.left {
				t.Errorf("status %q, data %v; want %q, %v", to, left, tt.to, tt.left)
			}
		})
	}
}

// leave makes an image in the state in which somebody left it.
func (r *rig) leave(t *testing.T, status glance.Status, row bool, at glance.Location, change func(*glance.Image)) {
	t.Helper()
	r.add(t, queued())
	r.update(t, img1, func(img *glance.Image) {
		img.Status = status
		img.Deleted = status == glance.StatusDeleted || status == glance.StatusPendingDelete
		if row {
			img.Locations = []glance.Location{at}
		}
		if change != nil {
			change(img)
		}
	})
}

// TestSettleWithoutDatabase: nothing is touched while nobody can say what the
// image is.
func TestSettleWithoutDatabase(t *testing.T) {
	for _, entry := range []map[string]string{uploadOf(), {"deed": "delete", "image": img1}} {
		r := newRig(t)
		r.leave(t, glance.StatusSaving, false, r.put(t, "fast", img1, "data"), nil)
		r.db.beforeRead = func() error { return errBoom }
		if err := r.recoverer().Settle(t.Context(), entry); err == nil {
			t.Errorf("%v: no error", entry)
		}
		if img := r.get(t, img1); img == nil || img.Status != glance.StatusSaving || !r.fast.holds(t, img1) {
			t.Errorf("%v: got %+v", entry, img)
		}
	}
}

// TestSettleCannotAbandon: the image stays saving while the store cannot be
// reached, so that nobody meets what is left of the data.
func TestSettleCannotAbandon(t *testing.T) {
	r := newRig(t)
	r.leave(t, glance.StatusSaving, false, r.put(t, "fast", img1, "data"), nil)
	r.fast.abandon = store.Unreachable(nil)
	if err := r.recoverer().Settle(t.Context(), uploadOf()); glance.KindOf(err) != glance.Unavailable {
		t.Errorf("got %v", err)
	}
	if img, err := r.db.Image(t.Context(), metadata.Everything(), img1); err != nil || img.Status != glance.StatusSaving {
		t.Errorf("got %+v, %v", img, err)
	}
}
