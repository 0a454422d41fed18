package metadatatest

import (
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func metadefTagTests() []test {
	return []test{
		{"in place of the others", tagsInPlaceOfOthers},
		{"beside the others", tagsBesideOthers},
		{"a tag twice changes nothing", aTagTwiceChangesNothing},
	}
}

func tagList(names ...string) (tags []glance.MetadefTag) {
	for _, name := range names {
		tags = append(tags, glance.MetadefTag{Name: name})
	}
	return tags
}

func tagsInPlaceOfOthers(t *testing.T, s metadata.Store) {
	createSpaces(t, s, fullSpace("ns"), fullSpace("other"))
	ns := readSpace(t, s, "ns")
	tags := tagList("n", "z", "b")
	if err := s.AddMetadefTags(t.Context(), ns, tags, false); err != nil {
		t.Fatal(err)
	}
	if tags[0].CreatedAt.IsZero() || tags[2].UpdatedAt.IsZero() {
		t.Errorf("added at %v, %v", tags[0].CreatedAt, tags[2].UpdatedAt)
	}
	wantParts(t, tagKind(s), ns, "n", "z", "b")
	wantParts(t, tagKind(s), readSpace(t, s, "other"), "z", "a")
	if err := s.AddMetadefTags(t.Context(), ns, nil, false); err != nil {
		t.Fatal(err)
	}
	wantParts(t, tagKind(s), ns, "n", "z", "b")
}

func tagsBesideOthers(t *testing.T, s metadata.Store) {
	createSpaces(t, s, fullSpace("ns"))
	ns := readSpace(t, s, "ns")
	if err := s.AddMetadefTags(t.Context(), ns, tagList("n", "b"), true); err != nil {
		t.Fatal(err)
	}
	wantParts(t, tagKind(s), ns, "z", "a", "n", "b")
}

func aTagTwiceChangesNothing(t *testing.T, s metadata.Store) {
	createSpaces(t, s, fullSpace("ns"))
	ns := readSpace(t, s, "ns")
	for _, tt := range []struct {
		keep  bool
		names []string
		again string
	}{{true, []string{"n", "a", "b"}, "a"}, {true, []string{"n", "b", "n"}, "n"}, {false, []string{"n", "b", "b"}, "b"}} {
		err := s.AddMetadefTags(t.Context(), ns, tagList(tt.names...), tt.keep)
		same(t, "error", err, metadata.MetadefPartExists(metadata.PartTag, tt.again, "ns"))
		wantParts(t, tagKind(s), ns, "z", "a")
	}
}
