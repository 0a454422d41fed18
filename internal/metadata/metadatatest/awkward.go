package metadatatest

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func awkwardTests() []test {
	return []test{
		{"texts", awkwardTexts},
		{"numbers", awkwardNumbers},
		{"times", awkwardTimes},
		{"case tells apart", caseTellsApart},
		{"metadata of locations", locationMetadata},
	}
}

func awkwardTexts(t *testing.T, s metadata.Store) {
	for n, text := range []string{
		"😀 four bytes", strings.Repeat("é", 254), "", " ", " a ", "'quoted\"", "%_\\", "a\x00b", "?1 $1 :name", "line\nbreak\ttab",
		"\u202eright to left", "\ufeffbom", "'; DROP TABLE images; --",
	} {
		img := plain(n)
		img.Name, img.Tags = &text, []string{text + "t"}
		img.Properties = []glance.Property{{Name: text + "n", Value: text}, {Name: "long", Value: strings.Repeat("x", 60_000)}}
		img.Locations = []glance.Location{{URL: text + "u", Metadata: map[string]any{text + "k": text}}}
		if engineOf(s).refuses(text) {
			wants(t, s.CreateImage(t.Context(), img), glance.Invalid, "")
			continue
		}
		create(t, s, img)
		same(t, "image", read(t, s, img.ID), img)
		addMember(t, s, img.ID, text+"m", "")
		same(t, "members", memberNames(t, s, img.ID), []string{text + "m"})
		page, err := s.Images(t.Context(), metadata.Everything(), metadata.Query{
			Limit: -1, Sort: byID(), Tags: img.Tags, Properties: []metadata.PropertyIs{{Name: text + "n", Value: text}},
			Where: []metadata.Condition{{Column: metadata.ColumnName, Texts: []string{text}}},
		})
		if err != nil || len(page) != 1 || page[0].ID != img.ID {
			t.Errorf("%q is found %d times, %v", text, len(page), err)
		}
	}
}

func awkwardNumbers(t *testing.T, s metadata.Store) {
	for n, size := range []int64{0, -1, math.MaxInt32, math.MaxInt32 + 1, math.MaxInt64} {
		img := plain(n)
		img.Size, img.VirtualSize = ptr(size), ptr(size)
		img.MinDisk, img.MinRAM = min(max(size, 0), math.MaxInt32), math.MaxInt32
		create(t, s, img)
		same(t, "image", read(t, s, img.ID), img)
	}
	page, err := s.Images(t.Context(), metadata.Everything(), metadata.Query{
		Limit: -1, Sort: byID(),
		Where: []metadata.Condition{{Column: metadata.ColumnSize, Op: metadata.GreaterEq, Int: math.MaxInt64}},
	})
	if err != nil || len(page) != 1 {
		t.Errorf("%d images are as large as can be, %v", len(page), err)
	}
}

func awkwardTimes(t *testing.T, s metadata.Store) {
	east := time.FixedZone("east", 7*3600)
	for n, at := range []time.Time{
		time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(2026, 3, 29, 2, 30, 0, 0, east),
		time.Date(2024, 2, 29, 0, 0, 0, 1000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		img := plain(n)
		img.CreatedAt, img.UpdatedAt = at, at
		create(t, s, img)
		at = engineOf(s).stored(at)
		if got := read(t, s, img.ID); !got.CreatedAt.Equal(at) || !got.UpdatedAt.Equal(at) || got.CreatedAt.Location() != time.UTC {
			t.Errorf("%v was stored as %v and %v", at, got.CreatedAt, got.UpdatedAt)
		}
		page, err := s.Images(t.Context(), metadata.Everything(), metadata.Query{
			Limit: -1, Sort: byID(), Where: []metadata.Condition{{Column: metadata.ColumnCreatedAt, Time: at}},
		})
		if err != nil || len(page) != 1 {
			t.Errorf("%d images were created at %v, %v", len(page), at, err)
		}
	}
}

// caseTellsApart: where it does not, the last property of several equal ones
// counts, tags are kept as they are spelled, and members are the same.
func caseTellsApart(t *testing.T, s metadata.Store) {
	fold := engineOf(s).fold("a") == engineOf(s).fold("A ")
	img := plain(1)
	img.Tags = []string{"a", "A", "a "}
	img.Properties = []glance.Property{{Name: "k", Value: "1"}, {Name: "K", Value: "2"}, {Name: "k ", Value: "3"}}
	create(t, s, img)
	if fold {
		img.Properties = img.Properties[2:]
	}
	same(t, "image", read(t, s, id(1)), img)
	update(t, s, id(1), func(img *glance.Image) { img.Tags = []string{"A", "a "} })
	same(t, "tags", read(t, s, id(1)).Tags, []string{"A", "a "})
	addMember(t, s, id(1), "m", "")
	if _, err := s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: "M"}, admitAll); fold != errors.Is(err, glance.Conflict) || !fold && err != nil {
		t.Errorf("members m and M: %v", err)
	}
}

func locationMetadata(t *testing.T, s metadata.Store) {
	for n, object := range []map[string]any{
		nil,
		{},
		{"store": "fast"},
		{"backend": "of old", "n": nil, "list": []any{"a", true, map[string]any{"é😀": "<&>"}}},
	} {
		img := plain(n)
		img.Locations = []glance.Location{{URL: "file:///x", Metadata: object}}
		create(t, s, img)
		got := read(t, s, img.ID)
		same(t, "location", got, img)
		if got.Locations[0].Metadata == nil {
			t.Error("metadata is nil")
		}
	}
}
