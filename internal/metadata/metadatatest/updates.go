package metadatatest

import (
	"errors"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func updateTests() []test {
	return []test{
		{"every field can change", everyFieldCanChange},
		{"values become null", valuesBecomeNull},
		{"what a change may not touch", whatAChangeMayNotTouch},
		{"unchanged", unchanged},
		{"an error changes nothing", anErrorChangesNothing},
		{"an invisible image is not changed", invisibleIsNotChanged},
		{"properties are revived in place", propertiesAreRevived},
		{"properties null and empty", propertiesNullAndEmpty},
		{"tags keep row order", tagsKeepRowOrder},
		{"locations are told apart by id", locationsByID},
		{"a location that waits for deletion is not shown", pendingLocations},
		{"a foreign location is refused", foreignLocation},
		{"the lock property stays as it is", lockPropertyStays},
		{"the property of an attempt comes and goes", attemptProperty},
	}
}

func everyFieldCanChange(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	want := full(1)
	got := update(t, s, id(1), func(img *glance.Image) {
		created, updated := img.CreatedAt, img.UpdatedAt
		*img = *want.Clone()
		img.CreatedAt, img.UpdatedAt = created, updated
	})
	want.CreatedAt, want.UpdatedAt = got.CreatedAt, got.UpdatedAt
	for i := range want.Locations {
		want.Locations[i].ID = got.Locations[i].ID
	}
	same(t, "image", got, want)
}

func valuesBecomeNull(t *testing.T, s metadata.Store) {
	create(t, s, full(1))
	got := update(t, s, id(1), func(img *glance.Image) {
		*img = glance.Image{Status: glance.StatusQueued, Visibility: glance.VisibilityPrivate}
	})
	want := &glance.Image{
		ID: id(1), Status: glance.StatusQueued, Visibility: glance.VisibilityPrivate,
		CreatedAt: got.CreatedAt, UpdatedAt: got.UpdatedAt,
	}
	same(t, "image", got, want)
}

func whatAChangeMayNotTouch(t *testing.T, s metadata.Store) {
	first := full(1)
	create(t, s, first, plain(2))
	before := time.Now().Truncate(time.Second)
	got := update(t, s, id(1), func(img *glance.Image) {
		img.ID, img.CreatedAt, img.UpdatedAt = id(2), time.Time{}, time.Time{}
		img.DeletedAt = time.Now()
	})
	if got.ID != id(1) || !got.CreatedAt.Equal(first.CreatedAt) || got.UpdatedAt.Before(before) || !got.DeletedAt.IsZero() {
		t.Errorf("id %s, created %v, updated %v, deleted %v", got.ID, got.CreatedAt, got.UpdatedAt, got.DeletedAt)
	}
}

func unchanged(t *testing.T, s metadata.Store) {
	first := full(1)
	create(t, s, first)
	got, err := s.UpdateImage(t.Context(), anything(), id(1), func(img *glance.Image) error {
		img.Name, img.Tags = nil, nil
		return metadata.ErrUnchanged
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "returned", got, first)
	same(t, "stored", read(t, s, id(1)), first)
}

func anErrorChangesNothing(t *testing.T, s metadata.Store) {
	first := full(1)
	create(t, s, first)
	mine := errors.New("mine")
	_, err := s.UpdateImage(t.Context(), anything(), id(1), func(img *glance.Image) error {
		img.Name, img.Tags, img.Locations, img.Deleted = nil, nil, nil, true
		img.SetProperty(glance.Property{Name: "os", Value: "plan9"})
		return mine
	})
	if !errors.Is(err, mine) {
		t.Errorf("error %v", err)
	}
	same(t, "stored", read(t, s, id(1)), first)
}

func invisibleIsNotChanged(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	_, err := s.UpdateImage(t.Context(), metadata.Scope{Project: "stranger"}, id(1), func(*glance.Image) error {
		t.Error("change is called")
		return nil
	})
	wants(t, err, glance.NotFound, "No image found with ID "+id(1))
	if _, err = s.UpdateImage(t.Context(), metadata.Scope{Project: "owner"}, id(1), func(*glance.Image) error { return nil }); err != nil {
		t.Errorf("the owner: %v", err)
	}
}

func propertiesAreRevived(t *testing.T, s metadata.Store) {
	img := plain(1)
	img.Properties = []glance.Property{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "c", Value: "3"}}
	create(t, s, img)
	got := update(t, s, id(1), func(img *glance.Image) {
		img.RemoveProperty("a")
		img.SetProperty(glance.Property{Name: "d", Value: "4"})
	})
	same(t, "names", names(got), []string{"b", "c", "d"})
	got = update(t, s, id(1), func(img *glance.Image) { img.SetProperty(glance.Property{Name: "a", Value: "5"}) })
	same(t, "names", names(got), []string{"a", "b", "c", "d"})
	if p, _ := got.Property("a"); p.Value != "5" {
		t.Errorf("the revived value is %q", p.Value)
	}
	for range 2 {
		update(t, s, id(1), func(img *glance.Image) { img.Properties = nil })
		got = update(t, s, id(1), func(img *glance.Image) { img.SetProperty(glance.Property{Name: "c", Value: "6"}) })
		same(t, "names", names(got), []string{"c"})
	}
}

func propertiesNullAndEmpty(t *testing.T, s metadata.Store) {
	img := plain(1)
	img.Properties = []glance.Property{{Name: "a"}, {Name: "b", Null: true}}
	create(t, s, img)
	got := update(t, s, id(1), func(img *glance.Image) {
		img.SetProperty(glance.Property{Name: "a", Null: true})
		img.SetProperty(glance.Property{Name: "b"})
	})
	same(t, "properties", got.Properties, []glance.Property{{Name: "a", Null: true}, {Name: "b"}})
}

func tagsKeepRowOrder(t *testing.T, s metadata.Store) {
	img := plain(1)
	img.Tags = []string{"c", "a", "b", "a"}
	create(t, s, img)
	same(t, "tags", read(t, s, id(1)).Tags, []string{"c", "a", "b"})
	got := update(t, s, id(1), func(img *glance.Image) { img.Tags = []string{"z", "b", "z", "c"} })
	same(t, "tags", got.Tags, []string{"c", "b", "z"})
	got = update(t, s, id(1), func(img *glance.Image) { img.Tags = []string{"a", "b"} })
	same(t, "tags, a new row at the end", got.Tags, []string{"b", "a"})
}

func locationsByID(t *testing.T, s metadata.Store) {
	create(t, s, full(1), full(2))
	got := update(t, s, id(1), func(img *glance.Image) {
		img.Locations[0].URL = "swift://moved"
		img.Locations[1].Metadata = map[string]any{"store": "cheap"}
		img.Locations = append(img.Locations, glance.Location{URL: "s3://new", Metadata: map[string]any{"store": "s"}})
	})
	if len(got.Locations) != 3 || got.Locations[0].URL != "swift://moved" || got.Locations[0].Store() != "fast" ||
		got.Locations[1].Store() != "cheap" || got.Locations[2].URL != "s3://new" || got.Locations[2].ID == 0 {
		t.Fatalf("locations: %s", show(got.Locations))
	}
	kept := got.Locations[2].ID
	got = update(t, s, id(1), func(img *glance.Image) { img.Locations = img.Locations[2:] })
	if len(got.Locations) != 1 || got.Locations[0].ID != kept {
		t.Errorf("locations: %s", show(got.Locations))
	}
	same(t, "another image's locations", len(read(t, s, id(2)).Locations), 2)
}

func pendingLocations(t *testing.T, s metadata.Store) {
	create(t, s, full(1))
	got := update(t, s, id(1), func(img *glance.Image) { img.Locations[0].Status = glance.LocationPendingDelete })
	if len(got.Locations) != 1 || got.Locations[0].URL != "file:///a" {
		t.Errorf("locations: %s", show(got.Locations))
	}
	got = update(t, s, id(1), func(img *glance.Image) { img.Name = nil })
	same(t, "locations", len(got.Locations), 1)
	got = destroy(t, s, id(1))
	if len(got.Locations) != 1 || got.Locations[0].URL != "file:///b" || got.Locations[0].Status != glance.LocationPendingDelete {
		t.Errorf("locations of the deleted image: %s", show(got.Locations))
	}
}

func foreignLocation(t *testing.T, s metadata.Store) {
	other, mine := full(1), full(2)
	create(t, s, other, mine)
	_, err := s.UpdateImage(t.Context(), anything(), mine.ID, func(img *glance.Image) error {
		img.Name = ptr("changed")
		img.Locations = append(img.Locations, other.Locations[0])
		return nil
	})
	if err == nil {
		t.Error("a location of another image is taken")
	}
	same(t, "image", read(t, s, mine.ID), mine)
	same(t, "other image", read(t, s, other.ID), other)
}

func lockPropertyStays(t *testing.T, s metadata.Store) {
	create(t, s, full(1), full(2))
	if err := s.Lock(t.Context(), id(1), "task"); err != nil {
		t.Fatal(err)
	}
	got := update(t, s, id(1), func(img *glance.Image) { img.Properties = nil })
	same(t, "after removal", got.Properties, []glance.Property{{Name: glance.LockProperty, Value: "task"}})
	got = update(t, s, id(1), func(img *glance.Image) { img.Properties[0].Value = "thief" })
	same(t, "after a change", got.Properties, []glance.Property{{Name: glance.LockProperty, Value: "task"}})
	got = update(t, s, id(2), func(img *glance.Image) {
		img.Properties = []glance.Property{{Name: glance.LockProperty, Value: "thief"}}
	})
	same(t, "after an addition", len(got.Properties), 0)
}

func attemptProperty(t *testing.T, s metadata.Store) {
	img := full(1)
	img.Properties = []glance.Property{{Name: "a", Value: "b"}}
	create(t, s, img)
	for _, attempt := range []string{"first", "second"} {
		with := []glance.Property{{Name: "a", Value: "b"}, {Name: glance.AttemptProperty, Value: attempt}}
		got := update(t, s, id(1), func(img *glance.Image) { img.SetProperty(with[1]) })
		same(t, "claimed", got.Properties, with)
		got = update(t, s, id(1), func(img *glance.Image) { img.Name = ptr(attempt) })
		same(t, "renamed", got.Properties, with)
		got = update(t, s, id(1), func(img *glance.Image) { img.RemoveProperty(glance.AttemptProperty) })
		same(t, "released", got.Properties, with[:1])
	}
}
