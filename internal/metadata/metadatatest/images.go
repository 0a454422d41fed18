package metadatatest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func imageTests() []test {
	return []test{
		{"every field is kept", everyFieldIsKept},
		{"null stays null", nullStaysNull},
		{"times are set when zero", timesAreSet},
		{"an id is used once", anIDIsUsedOnce},
		{"what does not exist", whatDoesNotExist},
		{"visible by id", visibleByID},
		{"a deleted image needs its scope", deletedNeedsScope},
		{"results are copies", resultsAreCopies},
		{"an unknown status is refused", unknownStatus},
		{"no lock comes with an image", noLockComesWithAnImage},
	}
}

func everyFieldIsKept(t *testing.T, s metadata.Store) {
	img := full(1)
	create(t, s, full(2), img, plain(3))
	if img.Locations[0].ID == 0 || img.Locations[1].ID <= img.Locations[0].ID {
		t.Errorf("locations are numbered %d, %d", img.Locations[0].ID, img.Locations[1].ID)
	}
	got := read(t, s, img.ID)
	same(t, "image", got, img)
	if got.CreatedAt.Location() != time.UTC {
		t.Errorf("created_at is in %v", got.CreatedAt.Location())
	}
}

func nullStaysNull(t *testing.T, s metadata.Store) {
	img := plain(1)
	img.Owner = ""
	create(t, s, img)
	got := read(t, s, img.ID)
	if got.Name != nil || got.Size != nil || got.VirtualSize != nil || got.Owner != "" || got.DiskFormat != "" || got.Checksum != "" {
		t.Errorf("null became something: %s", show(got))
	}
	img = plain(2)
	img.Name, img.Size, img.VirtualSize = ptr(""), ptr(int64(0)), ptr(int64(0))
	create(t, s, img)
	got = read(t, s, img.ID)
	if got.Name == nil || got.Size == nil || got.VirtualSize == nil {
		t.Errorf("an empty value became null: %s", show(got))
	}
}

func timesAreSet(t *testing.T, s metadata.Store) {
	before := time.Now().Truncate(time.Second)
	img := plain(1)
	create(t, s, img)
	after := time.Now().Add(time.Second)
	if img.CreatedAt.Before(before) || img.CreatedAt.After(after) || !img.CreatedAt.Equal(img.UpdatedAt) {
		t.Errorf("created %v, updated %v, now %v", img.CreatedAt, img.UpdatedAt, after)
	}
	got := read(t, s, img.ID)
	if !got.CreatedAt.Equal(img.CreatedAt) || !got.UpdatedAt.Equal(img.UpdatedAt) || !got.DeletedAt.IsZero() {
		t.Errorf("stored: created %v, updated %v, deleted %v", got.CreatedAt, got.UpdatedAt, got.DeletedAt)
	}
}

func anIDIsUsedOnce(t *testing.T, s metadata.Store) {
	create(t, s, full(1), plain(2))
	wants(t, s.CreateImage(t.Context(), full(1)), glance.Conflict, "Image ID "+id(1)+" already exists!")
	same(t, "the image that was there", read(t, s, id(1)).Tags, full(1).Tags)
	destroy(t, s, id(2))
	wants(t, s.CreateImage(t.Context(), plain(2)), glance.Conflict, "Image ID "+id(2)+" already exists!")
}

func whatDoesNotExist(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	for _, unknown := range []string{id(2), "", "x", strings.Repeat("a", 37), strings.ToUpper("abcdef00-0000-4000-8000-000000000000"), id(1) + "x"} {
		_, err := s.Image(t.Context(), anything(), unknown)
		wants(t, err, glance.NotFound, "No image found with ID "+unknown)
		_, err = s.UpdateImage(t.Context(), anything(), unknown, func(*glance.Image) error {
			t.Errorf("%q is changed", unknown)
			return nil
		})
		wants(t, err, glance.NotFound, "No image found with ID "+unknown)
	}
}

func visibleByID(t *testing.T, s metadata.Store) {
	n := 0
	for _, owner := range []string{"", "me", "other"} {
		for _, v := range glance.Visibilities() {
			for _, member := range []glance.MemberStatus{"", glance.MemberPending, glance.MemberAccepted, glance.MemberRejected} {
				n++
				img := plain(n)
				img.Owner, img.Visibility = owner, v
				create(t, s, img)
				if member != "" {
					addMember(t, s, img.ID, "me", member)
				}
				for _, sc := range []metadata.Scope{{}, {Project: "me"}, {Project: "third"}, {Admin: true}} {
					want := sc.Admin || img.VisibleTo(sc.Project, member != "" && sc.Project == "me")
					_, err := s.Image(t.Context(), sc, img.ID)
					if got := err == nil; got != want || err != nil && !errors.Is(err, glance.NotFound) {
						t.Errorf("%s image of %q, member %q, scope %+v: %v", v, owner, member, sc, err)
					}
				}
			}
		}
	}
}

func deletedNeedsScope(t *testing.T, s metadata.Store) {
	create(t, s, plain(1))
	destroy(t, s, id(1))
	_, err := s.Image(t.Context(), metadata.Everything(), id(1))
	wants(t, err, glance.NotFound, "No image found with ID "+id(1))
	_, err = s.UpdateImage(t.Context(), metadata.Everything(), id(1), func(*glance.Image) error { return nil })
	wants(t, err, glance.NotFound, "No image found with ID "+id(1))
	if img := read(t, s, id(1)); !img.Deleted {
		t.Error("a deleted image is not marked")
	}
}

func resultsAreCopies(t *testing.T, s metadata.Store) {
	img := full(1)
	create(t, s, img)
	want := show(read(t, s, id(1)))
	for _, mine := range []*glance.Image{img, read(t, s, id(1))} {
		*mine.Name, mine.Tags[0], mine.Properties[0].Value = "changed", "changed", "changed"
		mine.Locations[0].Metadata["store"] = "changed"
		if depth, ok := mine.Locations[0].Metadata["depth"].(map[string]any); ok {
			depth["n"] = "changed"
		}
	}
	if got := show(read(t, s, id(1))); got != want {
		t.Errorf("the store changed with its result:\n got %s\nwant %s", got, want)
	}
}

func unknownStatus(t *testing.T, s metadata.Store) {
	img := plain(1)
	img.Status = "sleeping"
	wants(t, s.CreateImage(t.Context(), img), glance.Invalid, "Invalid image status 'sleeping' for image.")
	create(t, s, plain(2))
	_, err := s.UpdateImage(t.Context(), anything(), id(2), func(img *glance.Image) error {
		img.Status = "sleeping"
		return nil
	})
	wants(t, err, glance.Invalid, "Invalid image status 'sleeping' for image.")
}

func noLockComesWithAnImage(t *testing.T, s metadata.Store) {
	img := plain(1)
	img.Properties = []glance.Property{{Name: glance.LockProperty, Value: "task"}, {Name: "a", Value: "b"}}
	create(t, s, img)
	same(t, "properties", names(read(t, s, id(1))), []string{"a"})
}
