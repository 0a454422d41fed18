package metadatatest

import (
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func deletionTests() []test {
	return []test{
		{"children go with the image", childrenGoWithTheImage},
		{"delayed deletion and the scrubber", delayedDeletion},
		{"an image comes back", anImageComesBack},
		{"deleted for good", deletedForGood},
	}
}

func childrenGoWithTheImage(t *testing.T, s metadata.Store) {
	create(t, s, full(1), full(2))
	addMember(t, s, id(1), "friend", glance.MemberAccepted)
	before := time.Now().Truncate(time.Second)
	got := destroy(t, s, id(1))
	if got.DeletedAt.Before(before) || !got.DeletedAt.Equal(got.UpdatedAt) || got.Status != glance.StatusDeleted {
		t.Errorf("deleted %v, updated %v, status %s", got.DeletedAt, got.UpdatedAt, got.Status)
	}
	same(t, "children", []int{len(got.Properties), len(got.Tags), len(got.Locations)}, []int{0, 0, 0})
	members, err := s.Members(t.Context(), id(1))
	if err != nil || len(members) != 0 {
		t.Errorf("members: %v, %v", members, err)
	}
	_, err = s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: "late"}, admitAll)
	wants(t, err, glance.NotFound, "No image found with ID "+id(1))
	same(t, "another image's children", len(read(t, s, id(2)).Tags), 3)
}

func delayedDeletion(t *testing.T, s metadata.Store) {
	create(t, s, full(1), plain(2))
	got := update(t, s, id(1), func(img *glance.Image) {
		img.Status, img.Deleted = glance.StatusPendingDelete, true
		img.Locations[0].Status = glance.LocationPendingDelete
	})
	if len(got.Locations) != 1 || got.Locations[0].URL != "file:///b" || got.Locations[0].Status != glance.LocationPendingDelete {
		t.Fatalf("locations: %s", show(got.Locations))
	}
	q := metadata.Query{
		Limit: -1, Deleted: ptr(true), AllVisibilities: true, Sort: []metadata.SortKey{{Column: metadata.ColumnID}},
		Where: []metadata.Condition{{Column: metadata.ColumnStatus, Texts: []string{string(glance.StatusPendingDelete)}}},
	}
	page, err := s.Images(t.Context(), anything(), q)
	if err != nil || len(page) != 1 || len(page[0].Locations) != 1 {
		t.Fatalf("the scrubber finds %s, %v", show(page), err)
	}
	got = update(t, s, id(1), func(img *glance.Image) {
		img.Status = glance.StatusDeleted
		img.Locations[0].Status = glance.LocationDeleted
	})
	if len(got.Locations) != 0 || !got.DeletedAt.Equal(page[0].DeletedAt) {
		t.Errorf("locations %s, deleted %v, first %v", show(got.Locations), got.DeletedAt, page[0].DeletedAt)
	}
}

func anImageComesBack(t *testing.T, s metadata.Store) {
	create(t, s, full(1))
	want := read(t, s, id(1))
	addMember(t, s, id(1), "friend", glance.MemberAccepted)
	if engineOf(s).Precision == 0 { // else it may be the moment of the deletion
		addMember(t, s, id(1), "foe", glance.MemberAccepted)
		if err := s.RemoveMember(t.Context(), id(1), "foe"); err != nil {
			t.Fatal(err)
		}
		want = update(t, s, id(1), func(img *glance.Image) {
			img.RemoveProperty("empty")
			img.Tags = img.Tags[:2]
		})
	}
	update(t, s, id(1), func(img *glance.Image) {
		img.Status, img.Deleted = glance.StatusPendingDelete, true
		img.Locations[0].Status = glance.LocationPendingDelete
	})
	got := update(t, s, id(1), func(img *glance.Image) {
		img.Status, img.Deleted = glance.StatusActive, false
		img.Locations[0].Status = glance.LocationActive
	})
	if got.Deleted || !got.DeletedAt.IsZero() || len(got.Locations) != 1 || got.Locations[0].URL != "file:///b" {
		t.Errorf("restored: %s", show(got))
	}
	if _, err := s.Image(t.Context(), metadata.Scope{}, id(1)); err != nil {
		t.Errorf("the public image: %v", err)
	}
	same(t, "properties and tags", []any{got.Properties, got.Tags}, []any{want.Properties, want.Tags})
	members, err := s.Members(t.Context(), id(1))
	if err != nil || len(members) != 1 || members[0].Member != "friend" || members[0].Status != glance.MemberAccepted {
		t.Errorf("members: %s, %v", show(members), err)
	}
}

func deletedForGood(t *testing.T, s metadata.Store) {
	create(t, s, full(1))
	first := destroy(t, s, id(1))
	second := update(t, s, id(1), func(img *glance.Image) { img.Name = nil })
	if !second.DeletedAt.Equal(first.DeletedAt) {
		t.Errorf("deleted %v, then %v", first.DeletedAt, second.DeletedAt)
	}
	page, err := s.Images(t.Context(), metadata.Everything(), metadata.Query{Limit: -1, AllVisibilities: true, Sort: byID()})
	if err != nil || len(page) != 0 {
		t.Errorf("listed: %s, %v", show(page), err)
	}
}
