package metadatatest

import (
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func usageTests() []test {
	return []test{{"size times locations", sizeTimesLocations}, {"totals", totals}, {"metered update", meteredUpdate}}
}

// totals has an image of every status, and copies among them.
func totals(t *testing.T, s metadata.Store) {
	n, size := 0, int64(1)
	add := func(owner string, status glance.Status, importing string, size *int64) string {
		n++
		img := plain(n)
		img.Owner, img.Status, img.Size = owner, status, size
		img.Properties = []glance.Property{{Name: "other", Value: "x"}, {Name: glance.ImportingProperty, Value: importing}}
		create(t, s, img)
		return img.ID
	}
	for _, status := range []glance.Status{
		glance.StatusQueued, glance.StatusSaving, glance.StatusUploading, glance.StatusImporting, glance.StatusActive,
		glance.StatusDeactivated, glance.StatusKilled, glance.StatusDeleted, glance.StatusPendingDelete,
	} {
		for _, importing := range []string{"", "fast,cheap"} {
			add("me", status, importing, &size)
			size *= 2
		}
	}
	add("me", glance.StatusUploading, "", nil)
	add("me", glance.StatusUploading, "", ptr(int64(-1)))
	add("other", glance.StatusUploading, "", ptr(int64(1<<40)))
	add("", glance.StatusImporting, "x", ptr(int64(7)))
	done := add("me", glance.StatusActive, "fast", ptr(int64(1<<30)))
	update(t, s, done, func(img *glance.Image) { img.RemoveProperty(glance.ImportingProperty) })
	destroy(t, s, add("me", glance.StatusUploading, "fast", ptr(int64(1<<30))))
	for _, tt := range []struct {
		owner string
		of    metadata.Total
		want  int64
	}{
		{"me", metadata.StagedBytes, 1<<1 + 1<<3 + 1<<4 + 1<<5 + 1<<6 + 1<<7 + 1<<9 + 1<<11},
		{"me", metadata.ImageCount, 12 + 3},
		{"me", metadata.UploadingImages, 9 + 2},
		{"other", metadata.StagedBytes, 1 << 40},
		{"", metadata.StagedBytes, 7},
		{"", metadata.UploadingImages, 1},
		{"nobody", metadata.StagedBytes, 0},
		{"nobody", metadata.ImageCount, 0},
	} {
		got, err := s.Tally(t.Context(), tt.owner, tt.of)
		if err != nil || got != tt.want {
			t.Errorf("total %d of %q: %d, %v; want %d", tt.of, tt.owner, got, err, tt.want)
		}
	}
}

func meteredUpdate(t *testing.T, s metadata.Store) {
	stored := func(n int, size int64) {
		img := plain(n)
		img.Size, img.Locations = &size, []glance.Location{{URL: "file:///x"}}
		create(t, s, img)
	}
	stored(1, 100)
	stored(2, 10)
	for _, tt := range []struct {
		of   metadata.Account
		want int64
	}{{metadata.Account{Owner: "owner"}, 110}, {metadata.Account{Owner: "owner", Except: id(1)}, 10}, {metadata.Account{Owner: "nobody"}, 0}, {metadata.Account{}, 0}} {
		img, err := s.UpdateMetered(t.Context(), metadata.Everything(), id(1), tt.of, func(img *glance.Image, used int64) error {
			if used != tt.want {
				t.Errorf("%+v uses %d, want %d", tt.of, used, tt.want)
			}
			img.MinDisk++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "what an update returns, and what is stored", img, read(t, s, id(1)))
	}
	before := read(t, s, id(1))
	_, err := s.UpdateMetered(t.Context(), metadata.Everything(), id(1), metadata.Account{Owner: "owner"}, func(img *glance.Image, _ int64) error {
		img.MinDisk++
		return glance.Errorf(glance.TooLarge, "enough")
	})
	wants(t, err, glance.TooLarge, "enough")
	unchanged, err := s.UpdateMetered(t.Context(), metadata.Everything(), id(1), metadata.Account{Owner: "owner"}, func(*glance.Image, int64) error {
		return metadata.ErrUnchanged
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "an image that stayed", unchanged, before)
	_, err = s.UpdateMetered(t.Context(), metadata.Everything(), id(3), metadata.Account{Owner: "owner"}, func(*glance.Image, int64) error { return nil })
	wants(t, err, glance.NotFound, "No image found with ID "+id(3))
}

func sizeTimesLocations(t *testing.T, s metadata.Store) {
	n := 0
	add := func(owner string, status glance.Status, size *int64, locations int) string {
		n++
		img := plain(n)
		img.Owner, img.Status, img.Size = owner, status, size
		for range locations {
			img.Locations = append(img.Locations, glance.Location{URL: "file:///x"})
		}
		create(t, s, img)
		return img.ID
	}
	add("me", glance.StatusActive, ptr(int64(5)), 3)
	add("me", glance.StatusDeactivated, ptr(int64(100)), 1)
	add("me", glance.StatusSaving, ptr(int64(7)), 0)
	add("me", glance.StatusActive, nil, 2)
	add("me", glance.StatusActive, ptr(int64(-1)), 2)
	add("me", glance.StatusKilled, ptr(int64(1000)), 1)
	add("me", glance.StatusDeleted, ptr(int64(1000)), 1)
	add("other", glance.StatusActive, ptr(int64(1<<40)), 2)
	add("", glance.StatusActive, ptr(int64(3)), 1)
	waiting := add("me", glance.StatusActive, ptr(int64(10_000)), 2)
	update(t, s, waiting, func(img *glance.Image) {
		img.Locations[0].Status = glance.LocationPendingDelete
		img.Locations = append(img.Locations, glance.Location{URL: "file:///y"})
	})
	gone := add("me", glance.StatusActive, ptr(int64(1000)), 1)
	update(t, s, gone, func(img *glance.Image) {
		img.Status, img.Deleted = glance.StatusPendingDelete, true
		img.Locations[0].Status = glance.LocationPendingDelete
	})
	for _, tt := range []struct {
		owner, except string
		want          int64
	}{
		{"me", "", 30_115},
		{"me", id(1), 30_100},
		{"me", waiting, 115},
		{"other", "", 2 << 40},
		{"", "", 3},
		{"nobody", "", 0},
	} {
		got, err := s.Usage(t.Context(), tt.owner, tt.except)
		if err != nil || got != tt.want {
			t.Errorf("usage of %q without %q: %d, %v; want %d", tt.owner, tt.except, got, err, tt.want)
		}
	}
}
