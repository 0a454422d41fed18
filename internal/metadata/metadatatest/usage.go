package metadatatest

import (
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func usageTests() []test {
	return []test{{"size times locations", sizeTimesLocations}}
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
