package metadatatest

import (
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func visibilityTests() []test {
	return []test{{"candidate sets", candidateSets}, {"a removed member sees nothing", aRemovedMemberSeesNothing}}
}

// candidateSets tries every kind of image against every kind of caller and
// query (spec images-v2 §8.1).
func candidateSets(t *testing.T, s metadata.Store) {
	w := &world{members: map[string]map[string]glance.MemberStatus{}}
	for _, owner := range []string{"p", "q", ""} {
		for _, v := range glance.Visibilities() {
			for _, status := range []glance.MemberStatus{"", glance.MemberPending, glance.MemberAccepted, glance.MemberRejected} {
				img := plain(len(w.images))
				img.Owner, img.Visibility = owner, v
				w.images = append(w.images, img)
				if status != "" {
					w.members[img.ID] = map[string]glance.MemberStatus{"p": status, "third": glance.MemberAccepted}
				}
			}
		}
	}
	w.store(t, s)
	scopes := []metadata.Scope{{Admin: true}, {Admin: true, Project: "p"}, {Project: "p"}, {Project: "q"}, {Project: "third"}, {}}
	for _, sc := range scopes {
		for _, v := range append(glance.Visibilities(), "", "all") {
			for _, status := range []glance.MemberStatus{"", glance.MemberPending, "all"} {
				for _, public := range []*bool{nil, ptr(true), ptr(false)} {
					q := metadata.Query{Limit: -1, Sort: byID(), Public: public, Visibility: v, MemberStatus: status}
					if v == "all" {
						q.Visibility, q.AllVisibilities = "", true
					}
					if status == "all" {
						q.MemberStatus, q.AnyMemberStatus = "", true
					}
					w.agree(t, s, sc, q)
					if public != nil {
						continue
					}
					q.Sort = []metadata.SortKey{{Column: metadata.ColumnCreatedAt, Desc: true}, {Column: metadata.ColumnID, Desc: true}}
					w.agree(t, s, sc, q)
				}
			}
		}
	}
}

func aRemovedMemberSeesNothing(t *testing.T, s metadata.Store) {
	w := &world{images: []*glance.Image{plain(1), plain(2)}}
	w.store(t, s)
	addMember(t, s, id(1), "m", glance.MemberAccepted)
	if err := s.RemoveMember(t.Context(), id(1), "m"); err != nil {
		t.Fatal(err)
	}
	w.agree(t, s, metadata.Scope{Project: "m"}, metadata.Query{Limit: -1, Sort: byID(), AnyMemberStatus: true})
	_, err := s.Image(t.Context(), metadata.Scope{Project: "m"}, id(1))
	wants(t, err, glance.NotFound, "No image found with ID "+id(1))
}
