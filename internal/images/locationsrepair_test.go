package images_test

import (
	"testing"

	"glance/internal/glance"
	"glance/internal/images"
)

// TestRepair: locations without a store, or with one that is gone, get theirs
// when they are read (spec images-v2 §5).
func TestRepair(t *testing.T) {
	rows := func(img *glance.Image) {
		img.Status = glance.StatusActive
		img.Locations = []glance.Location{
			at("mem://cheap/" + img1), at("mem://fast/"+img1, "store", "gone", "k", "v"), at("gopher://nowhere"), at("http://web/a", "store", "web"),
		}
	}
	tests := []struct {
		name  string
		who   *glance.Caller
		multi bool
		saved bool
	}{
		{"owner", alice, true, true},
		{"admin", boss, true, true},
		{"somebody", bob, true, false},
		{"reader", rita, true, false},
		{"single store", alice, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newLocationRig(t)
			r.useStores(t, tt.multi)
			r.add(t, queued(rows, func(img *glance.Image) { img.Visibility = glance.VisibilityPublic }))
			before := r.get(t, img1)
			c := r.catalog()
			c.Log = r.log
			page, err := c.List(t.Context(), tt.who, images.Listing{Limit: 5, FromStart: true})
			if err != nil || len(page.Images) != 1 {
				t.Fatalf("listed %+v, %v", page, err)
			}
			if after := r.get(t, img1); after.UpdatedAt != before.UpdatedAt {
				t.Error("a list wrote")
			}
			shown, err := c.Show(t.Context(), tt.who, img1)
			if err != nil {
				t.Fatal(err)
			}
			for _, img := range []*glance.Image{page.Images[0], shown} {
				if got := stores(img); tt.multi && got != "fast cheap - web" || !tt.multi && got != "- gone - web" {
					t.Errorf("shown in %s", got)
				}
			}
			after := r.get(t, img1)
			if got := stores(after); tt.saved && got != "cheap fast - web" || !tt.saved && got != "- gone - web" {
				t.Errorf("saved %s", got)
			}
			if (after.UpdatedAt != before.UpdatedAt) != tt.saved || after.Locations[1].Metadata["k"] != "v" {
				t.Errorf("saved %+v", after)
			}
			writes := r.db.updates
			if _, err := c.Show(t.Context(), alice, img1); err != nil {
				t.Fatal(err)
			}
			if tt.saved && r.db.updates != writes {
				t.Error("a second look wrote again")
			}
		})
	}
}

// TestRepairFails: who only looks is not bothered.
func TestRepairFails(t *testing.T) {
	r := newLocationRig(t)
	r.add(t, queued(status(glance.StatusActive), lying("mem://fast/"+img1)))
	r.db.beforeUpdate = func(int) error { return errBoom }
	c := r.catalog()
	c.Log = r.log
	if img, err := c.Show(t.Context(), alice, img1); err != nil || stores(img) != "fast" {
		t.Errorf("shown %+v, %v", img, err)
	}
}

// stores gives the stores that the locations of an image name, in order.
func stores(img *glance.Image) string {
	text := ""
	for i, loc := range img.Locations {
		id := loc.Store()
		if id == "" {
			id = "-"
		}
		if i > 0 {
			text += " "
		}
		text += id
	}
	return text
}
