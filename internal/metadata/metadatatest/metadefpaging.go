package metadatatest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func metadefPagingTests() []test {
	return []test{
		{"pages of namespaces", pagesOfNamespaces},
		{"which namespaces", whichNamespaces},
		{"associations of a page", associationsOfAPage},
		{"the marker of namespaces", namespaceMarkers},
		{"pages of tags", pagesOfTags},
		{"columns", metadefColumns},
	}
}

// assortment makes namespaces with ties and nulls in every column.
func assortment(t *testing.T, s metadata.Store) (names []string) {
	t.Helper()
	for n := range 12 {
		ns := space(fmt.Sprintf("ns %02d", n*7%12))
		if n%3 > 0 {
			ns.DisplayName, ns.Description = ptr(strings.Repeat("x", n%3-1)), ptr(fmt.Sprint(n%2))
		}
		ns.Protected = []*bool{nil, ptr(false), ptr(true)}[n/2%3]
		if n%4 == 0 {
			ns.Visibility, ns.Owner = glance.VisibilityPrivate, "another"
		}
		createSpaces(t, s, ns)
		names = append(names, ns.Name)
	}
	return names
}

// turn goes through all pages of a listing and gives the names, each page
// beginning after the last name of the one before.
func turn(t *testing.T, s metadata.Store, sc metadata.Scope, q metadata.NamespaceQuery, size int) (names []string) {
	t.Helper()
	q.Limit = size
	for range 50 {
		page, err := s.Namespaces(t.Context(), sc, q)
		if err != nil || len(page) > size {
			t.Fatalf("%+v: page of %d, %v", q, len(page), err)
		}
		if len(page) == 0 {
			return names
		}
		for _, ns := range page {
			names = append(names, ns.Name)
		}
		q.Marker = page[len(page)-1].Name
	}
	t.Fatalf("%+v: it never ends: %q", q, names)
	return nil
}

func spaceNames(t *testing.T, s metadata.Store, sc metadata.Scope, q metadata.NamespaceQuery) (names []string) {
	t.Helper()
	page, err := s.Namespaces(t.Context(), sc, q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	for _, ns := range page {
		names = append(names, ns.Name)
	}
	return names
}

func pagesOfNamespaces(t *testing.T, s metadata.Store) {
	made := assortment(t, s)
	for _, column := range []string{"id", "namespace", "display_name", "description", "visibility", "protected", "owner", "created_at", "updated_at"} {
		for _, asc := range []bool{true, false} {
			q := metadata.NamespaceQuery{Limit: -1, Sort: column, Asc: asc}
			all := spaceNames(t, s, metadata.Everything(), q)
			if len(all) != len(made) {
				t.Fatalf("%s: %d of %d", column, len(all), len(made))
			}
			for _, size := range []int{1, 5, 12} {
				same(t, fmt.Sprint(column, asc, size), turn(t, s, metadata.Everything(), q, size), all)
			}
			q.Asc = !asc
			other := spaceNames(t, s, metadata.Everything(), q)
			slices.Reverse(other)
			same(t, column+" the other way", other, all)
		}
	}
	q := metadata.NamespaceQuery{Limit: -1, Sort: "id", Asc: true}
	same(t, "in row order", spaceNames(t, s, metadata.Everything(), q), made)
	q.Sort = "namespace"
	same(t, "by name", spaceNames(t, s, metadata.Everything(), q), slices.Sorted(slices.Values(made)))
	q.Limit = 0
	same(t, "none", len(spaceNames(t, s, metadata.Everything(), q)), 0)
	q.Limit = 3
	same(t, "three", spaceNames(t, s, metadata.Everything(), q), []string{"ns 00", "ns 01", "ns 02"})
}

func whichNamespaces(t *testing.T, s metadata.Store) {
	private, foreign, nobodys := space("private"), space("foreign"), space("nobody's")
	private.Visibility, foreign.Visibility, nobodys.Visibility = glance.VisibilityPrivate, glance.VisibilityPrivate, glance.VisibilityPrivate
	foreign.Owner, nobodys.Owner = "other", ""
	public := space("public")
	public.Associations = []glance.MetadefAssociation{{ResourceType: "A"}, {ResourceType: "B"}}
	private.Associations = []glance.MetadefAssociation{{ResourceType: "B"}}
	createSpaces(t, s, private, foreign, nobodys, public)
	owner := metadata.Scope{Project: "owner"}
	for _, tt := range []struct {
		sc   metadata.Scope
		q    metadata.NamespaceQuery
		want string
	}{
		{metadata.Everything(), metadata.NamespaceQuery{}, "foreign nobody's private public"},
		{owner, metadata.NamespaceQuery{}, "nobody's private public"},
		{metadata.Scope{Project: "other"}, metadata.NamespaceQuery{}, "foreign nobody's public"},
		{metadata.Scope{}, metadata.NamespaceQuery{}, "nobody's public"},
		{owner, metadata.NamespaceQuery{Visibility: glance.VisibilityPrivate}, "nobody's private"},
		{owner, metadata.NamespaceQuery{Visibility: glance.VisibilityPublic}, "public"},
		{owner, metadata.NamespaceQuery{ResourceTypes: []string{"A"}}, "public"},
		{owner, metadata.NamespaceQuery{ResourceTypes: []string{"A", "B", "unknown"}}, "private public"},
		{metadata.Scope{}, metadata.NamespaceQuery{ResourceTypes: []string{"B"}}, "public"},
		{owner, metadata.NamespaceQuery{ResourceTypes: []string{"unknown"}}, ""},
		{owner, metadata.NamespaceQuery{ResourceTypes: []string{"B"}, Visibility: glance.VisibilityPrivate, Marker: "nobody's"}, "private"},
	} {
		tt.q.Limit, tt.q.Sort, tt.q.Asc = -1, "namespace", true
		same(t, fmt.Sprintf("%+v", tt), strings.Join(spaceNames(t, s, tt.sc, tt.q), " "), tt.want)
	}
}

func associationsOfAPage(t *testing.T, s metadata.Store) {
	createSpaces(t, s, fullSpace("a"), space("b"), fullSpace("c"))
	page, err := s.Namespaces(t.Context(), metadata.Everything(), metadata.NamespaceQuery{Limit: 10, Sort: "namespace", Asc: true})
	if err != nil || len(page) != 3 {
		t.Fatalf("page of %d, %v", len(page), err)
	}
	for _, ns := range page {
		want := readSpace(t, s, ns.Name)
		if want.Associations, err = s.Associations(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		sameSpace(t, ns.Name, ns, want)
	}
}

func namespaceMarkers(t *testing.T, s metadata.Store) {
	private := space("m")
	private.Visibility = glance.VisibilityPrivate
	createSpaces(t, s, space("a"), private, space("z"))
	q := metadata.NamespaceQuery{Limit: -1, Sort: "namespace", Asc: true, Marker: "m", Visibility: glance.VisibilityPublic}
	same(t, "after one that is no part of the list", spaceNames(t, s, metadata.Everything(), q), []string{"z"})
	_, err := s.Namespaces(t.Context(), metadata.Scope{Project: "other"}, q)
	same(t, "hidden", err, metadata.HiddenNamespace("m"))
	q.Marker = "unknown"
	_, err = s.Namespaces(t.Context(), metadata.Everything(), q)
	same(t, "unknown", err, metadata.NoNamespace("unknown"))
}

func pagesOfTags(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"), fullSpace("other"))
	ns := readSpace(t, s, "ns")
	var made []string
	for n := range 9 {
		made = append(made, fmt.Sprintf("t%d", n*5%9))
	}
	if err := s.AddMetadefTags(t.Context(), ns, tagList(made...), false); err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"id", "namespace_id", "name", "created_at", "updated_at"} {
		for _, asc := range []bool{true, false} {
			want := slices.Clone(made)
			if column == "name" {
				slices.Sort(want)
			}
			if !asc {
				slices.Reverse(want)
			}
			for _, limit := range []int{-1, 4} {
				var got []string
				q := metadata.TagQuery{Limit: limit, Sort: column, Asc: asc}
				for range 10 {
					page, err := tagNames(s.MetadefTags(t.Context(), ns, q))
					if err != nil {
						t.Fatal(err)
					}
					if got = append(got, page...); len(page) == 0 {
						break
					}
					q.Marker = page[len(page)-1]
				}
				same(t, fmt.Sprint(column, asc, limit), got, want)
			}
		}
	}
	none, err := s.MetadefTags(t.Context(), ns, metadata.TagQuery{Sort: "name"})
	if err != nil || len(none) != 0 {
		t.Errorf("limit 0: %d, %v", len(none), err)
	}
	_, err = s.MetadefTags(t.Context(), ns, metadata.TagQuery{Limit: 1, Sort: "name", Marker: "z"})
	same(t, "a marker of another namespace", err, metadata.NoMetadefPart(metadata.PartTag, "z"))
}

// metadefColumns: what is no column is refused before any database hears of it.
func metadefColumns(t *testing.T, s metadata.Store) {
	createSpaces(t, s, space("ns"))
	for _, column := range []string{"", "name", "prefix", "id; DROP TABLE metadef_tags", "json_schema"} {
		_, err := s.Namespaces(t.Context(), metadata.Everything(), metadata.NamespaceQuery{Limit: 1, Sort: column})
		wants(t, err, glance.Invalid, "")
		if column != "name" {
			_, err = s.MetadefTags(t.Context(), readSpace(t, s, "ns"), metadata.TagQuery{Limit: 1, Sort: column})
			wants(t, err, glance.Invalid, "")
		}
	}
	many := metadata.NamespaceQuery{Limit: 1, Sort: "id", ResourceTypes: slices.Repeat([]string{"R"}, 501)}
	_, err := s.Namespaces(t.Context(), metadata.Everything(), many)
	wants(t, err, glance.Invalid, "")
}
