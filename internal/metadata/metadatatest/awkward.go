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
		{"case in filters", caseInFilters},
		{"other spellings of a property", otherSpellings},
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

// caseInFilters: a filter finds what the database finds equal, names of
// properties too. On MySQL the original's do the same, whose clients may rely on
// it (spec database §3); protection of properties does not depend on filters.
func caseInFilters(t *testing.T, s metadata.Store) {
	img := plain(1)
	img.Name, img.Tags, img.Properties = ptr("Name"), []string{"Tag"}, []glance.Property{{Name: "Key", Value: "Value"}}
	create(t, s, img)
	for _, as := range []func(string) string{func(text string) string { return text }, strings.ToLower, func(text string) string { return text + " " }} {
		for _, q := range []metadata.Query{
			{Where: []metadata.Condition{{Column: metadata.ColumnName, Texts: []string{as("Name")}}}},
			{Tags: []string{as("Tag")}},
			{Properties: []metadata.PropertyIs{{Name: as("Key"), Value: "Value"}}},
			{Properties: []metadata.PropertyIs{{Name: "Key", Value: as("Value")}}},
		} {
			q.Limit, q.Sort = -1, byID()
			page, err := s.Images(t.Context(), metadata.Everything(), q)
			if want := engineOf(s).fold(as("Name")) == engineOf(s).fold("Name"); err != nil || (len(page) == 1) != want {
				t.Errorf("%+v: %d images, %v; want them: %v", q, len(page), err, want)
			}
		}
	}
}

// caseTellsApart: where it does not, tags are kept as they are spelled, and
// members are the same.
func caseTellsApart(t *testing.T, s metadata.Store) {
	fold := engineOf(s).fold("a") == engineOf(s).fold("A ")
	img := plain(1)
	img.Tags = []string{"a", "A", "a "}
	create(t, s, img)
	same(t, "image", read(t, s, id(1)), img)
	update(t, s, id(1), func(img *glance.Image) { img.Tags = []string{"A", "a "} })
	same(t, "tags", read(t, s, id(1)).Tags, []string{"A", "a "})
	addMember(t, s, id(1), "m", "")
	if _, err := s.AddMember(t.Context(), glance.Member{ImageID: id(1), Member: "M"}, admitAll); fold != errors.Is(err, glance.Conflict) || !fold && err != nil {
		t.Errorf("members m and M: %v", err)
	}
}

// otherSpellings: who may write one spelling of a name may not be the one who
// may write another. Where the database finds them equal, they cannot be on
// one image at once, and none is changed for the other.
func otherSpellings(t *testing.T, s metadata.Store) {
	for n, pair := range [][2]string{{"x_billing", "X_BILLING"}, {"k", "k "}, {"é", "É"}} {
		held, other := pair[0], pair[1]
		equal := engineOf(s).fold(held) == engineOf(s).fold(other)
		both, img := plain(100+n), plain(n)
		both.Properties = []glance.Property{{Name: held, Value: "1"}, {Name: other, Value: "2"}}
		if err := s.CreateImage(t.Context(), both); equal != errors.Is(err, glance.Invalid) || !equal && err != nil {
			t.Errorf("created with %q and %q: %v", held, other, err)
		}
		img.Properties = both.Properties[:1]
		create(t, s, img)
		before := read(t, s, img.ID)
		_, err := s.UpdateImage(t.Context(), anything(), img.ID, func(img *glance.Image) error {
			img.Name = ptr("changed")
			img.SetProperty(both.Properties[1])
			return nil
		})
		if !equal {
			same(t, "with both", read(t, s, img.ID).Properties, both.Properties)
			continue
		}
		var e *glance.Error
		if !errors.As(err, &e) || e.Kind != glance.Conflict || e.Detail != "Property "+other+" already present." {
			t.Errorf("%q beside %q: %v", other, held, err)
		}
		same(t, "after a refusal", read(t, s, img.ID), before)
		got := update(t, s, img.ID, func(img *glance.Image) { img.Properties = both.Properties[1:] })
		same(t, "in another spelling", got.Properties, both.Properties[1:])
		update(t, s, img.ID, func(img *glance.Image) { img.Properties = nil })
		got = update(t, s, img.ID, func(img *glance.Image) { img.Properties = both.Properties[:1] })
		same(t, "revived in another spelling", got.Properties, both.Properties[:1])
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
