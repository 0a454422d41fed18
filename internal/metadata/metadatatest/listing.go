package metadatatest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func listingTests() []test {
	return []test{
		{"limits", limits},
		{"children of a page", childrenOfAPage},
		{"properties and tags", propertiesAndTags},
		{"nothing in an empty list", nothingInAnEmptyList},
		{"an impossible query is refused", impossibleQuery},
		{"conditions agree with the naive filter", conditionsAgree},
	}
}

func limits(t *testing.T, s metadata.Store) {
	w := &world{}
	for n := range 5 {
		w.images = append(w.images, plain(n))
	}
	w.store(t, s)
	for _, limit := range []int{-1, 0, 1, 4, 5, 6} {
		w.agree(t, s, metadata.Everything(), metadata.Query{Limit: limit, Sort: byID()})
	}
	w.agree(t, s, metadata.Everything(), metadata.Query{Sort: byID()})
}

// childrenOfAPage lists more images than one padded IN list holds.
func childrenOfAPage(t *testing.T, s metadata.Store) {
	const many = 230
	want := map[string]string{}
	for n := range many {
		img := full(n)
		if n%3 == 0 {
			img.Properties, img.Tags, img.Locations = nil, nil, nil
		}
		img.Tags = append(img.Tags, fmt.Sprint("tag", n))
		create(t, s, img)
		want[img.ID] = show(img)
	}
	for _, limit := range []int{1, 3, 7, 19, 60, 101, -1} {
		page, err := s.Images(t.Context(), metadata.Everything(), metadata.Query{Limit: limit, Sort: byID()})
		if err != nil {
			t.Fatal(err)
		}
		for _, img := range page {
			if got := show(img); got != want[img.ID] {
				t.Fatalf("limit %d:\n got %s\nwant %s", limit, got, want[img.ID])
			}
		}
		if limit < 0 && len(page) != many {
			t.Errorf("%d images, want %d", len(page), many)
		}
	}
}

func propertiesAndTags(t *testing.T, s metadata.Store) {
	w := &world{images: []*glance.Image{full(1), full(2), full(3), plain(4), full(5)}}
	w.images[1].SetProperty(glance.Property{Name: "os", Value: "plan9"})
	w.images[2].Tags = []string{"alpha"}
	w.images[4].Deleted = true
	w.store(t, s)
	for _, properties := range [][]metadata.PropertyIs{
		{{Name: "os", Value: "linux"}},
		{{Name: "os", Value: "plan9"}, {Name: "empty", Value: ""}},
		{{Name: "none", Value: ""}},
		{{Name: "os", Value: "Linux"}},
		{{Name: "os", Value: "linux"}, {Name: "os", Value: "plan9"}},
		{{Name: "absent", Value: "x"}},
	} {
		w.agree(t, s, anything(), metadata.Query{Limit: -1, Sort: byID(), Properties: properties})
	}
	for _, tags := range [][]string{{"alpha"}, {"alpha", "zeta"}, {"alpha", "alpha"}, {"none"}, {"Alpha"}} {
		w.agree(t, s, anything(), metadata.Query{Limit: -1, Sort: byID(), Tags: tags})
	}
	update(t, s, id(1), func(img *glance.Image) { img.Properties, img.Tags = nil, nil })
	w.images[0].Properties, w.images[0].Tags = nil, nil
	w.agree(t, s, anything(), metadata.Query{Limit: -1, Sort: byID(), Properties: []metadata.PropertyIs{{Name: "os", Value: "linux"}}})
	w.agree(t, s, anything(), metadata.Query{Limit: -1, Sort: byID(), Tags: []string{"alpha"}})
}

func nothingInAnEmptyList(t *testing.T, s metadata.Store) {
	w := &world{images: []*glance.Image{full(1)}}
	w.store(t, s)
	for _, texts := range [][]string{nil, {"nobody"}, {"image 1", "nobody", "image 1"}} {
		w.agree(t, s, anything(), metadata.Query{
			Limit: -1, Sort: byID(), Where: []metadata.Condition{{Column: metadata.ColumnName, Op: metadata.In, Texts: texts}},
		})
	}
}

func impossibleQuery(t *testing.T, s metadata.Store) {
	create(t, s, full(1))
	for _, q := range []metadata.Query{
		{Limit: 1, Sort: []metadata.SortKey{{Column: "password"}}},
		{Limit: 1, Sort: byID(), Where: []metadata.Condition{{Column: "1=1 --", Texts: []string{"x"}}}},
		{Limit: 1, Sort: byID(), Where: []metadata.Condition{{Column: metadata.ColumnName}}},
		{Limit: 1, Sort: byID(), Where: []metadata.Condition{{Column: metadata.ColumnSize, Op: metadata.In}}},
		{Limit: 1, Sort: byID(), Tags: make([]string, 1000)},
	} {
		_, err := s.Images(t.Context(), anything(), q)
		wants(t, err, glance.Invalid, "")
	}
}

// conditionsAgree compares many random queries with the naive answer.
func conditionsAgree(t *testing.T, s metadata.Store) {
	r := rand.New(rand.NewPCG(20, 26))
	w := randomWorld(r, 60)
	w.store(t, s)
	for range 200 {
		sc := oneOf(r, metadata.Scope{Admin: true}, metadata.Scope{Admin: true, Project: "p"}, metadata.Scope{Project: "p"},
			metadata.Scope{Project: "q"}, metadata.Scope{})
		sc.Deleted = r.IntN(4) == 0
		w.agree(t, s, sc, randomQuery(r, w))
	}
}

func oneOf[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// randomWorld makes images of few values, so that ties, nulls and matches abound.
func randomWorld(r *rand.Rand, size int) *world {
	w := &world{members: map[string]map[string]glance.MemberStatus{}}
	for n := range size {
		img := plain(n)
		img.Owner = oneOf(r, "p", "q", "")
		img.Visibility = oneOf(r, glance.Visibilities()...)
		img.Status = oneOf(r, glance.Statuses()...)
		img.Name = oneOf(r, nil, ptr(""), ptr("a"), ptr("b"), ptr("B"), ptr("ü"))
		img.Size, img.VirtualSize = oneOf(r, nil, ptr(int64(0)), ptr(int64(7))), oneOf(r, nil, ptr(int64(-1)), ptr(int64(1<<40)))
		img.DiskFormat, img.ContainerFormat = oneOf(r, "", "raw", "qcow2"), oneOf(r, "", "bare", "ovf")
		img.Checksum, img.HashAlgo, img.HashValue = oneOf(r, "", "c1", "c2"), oneOf(r, "", "sha512"), oneOf(r, "", "h1", "h2")
		img.MinDisk, img.MinRAM = int64(r.IntN(3)), int64(r.IntN(2))
		img.Protected, img.Hidden, img.Deleted = r.IntN(2) == 0, r.IntN(3) == 0, r.IntN(6) == 0
		img.CreatedAt = randomTime(r)
		img.UpdatedAt = randomTime(r)
		if r.IntN(2) == 0 {
			img.Properties = []glance.Property{{Name: oneOf(r, "k", "l"), Value: oneOf(r, "v", "w"), Null: r.IntN(5) == 0}}
		}
		if r.IntN(2) == 0 {
			img.Tags = []string{oneOf(r, "t", "u")}
		}
		w.members[img.ID] = map[string]glance.MemberStatus{}
		for _, project := range []string{"p", "q"} {
			if status := oneOf(r, "", glance.MemberPending, glance.MemberAccepted, glance.MemberRejected); status != "" {
				w.members[img.ID][project] = status
			}
		}
		w.images = append(w.images, img)
	}
	return w
}

func randomTime(r *rand.Rand) time.Time {
	return time.Date(2020, 1, 1, 0, 0, r.IntN(3), r.IntN(3)*1000, time.UTC)
}

func randomQuery(r *rand.Rand, w *world) metadata.Query {
	q := metadata.Query{
		Limit: oneOf(r, -1, 1, 5, 25), Visibility: oneOf(r, "", "", oneOf(r, glance.Visibilities()...)),
		AllVisibilities: r.IntN(3) == 0, AnyMemberStatus: r.IntN(3) == 0,
		MemberStatus: oneOf(r, "", glance.MemberPending, glance.MemberRejected),
		Deleted:      oneOf(r, nil, ptr(false), ptr(true)), Public: oneOf(r, nil, nil, nil, ptr(false), ptr(true)),
	}
	for range r.IntN(3) {
		q.Sort = append(q.Sort, metadata.SortKey{Column: oneOf(r, metadata.Columns()...), Desc: r.IntN(2) == 0})
	}
	q.Sort = append(q.Sort, metadata.SortKey{Column: metadata.ColumnID, Desc: r.IntN(2) == 0})
	for range r.IntN(3) {
		q.Where = append(q.Where, randomCondition(r, w))
	}
	if r.IntN(6) == 0 {
		q.Properties = []metadata.PropertyIs{{Name: oneOf(r, "k", "l"), Value: oneOf(r, "v", "w", "")}}
	}
	if r.IntN(6) == 0 {
		q.Tags = []string{oneOf(r, "t", "u")}
	}
	if r.IntN(2) == 0 {
		q.After = oneOf(r, w.images...)
	}
	return q
}

func randomCondition(r *rand.Rand, w *world) metadata.Condition {
	c := metadata.Condition{
		Column: oneOf(r, metadata.Columns()...), Int: oneOf(r, int64(-1), 0, 1, 7, 1<<40), Bool: r.IntN(2) == 0, Time: randomTime(r),
		Op: oneOf(r, metadata.Eq, metadata.NotEq, metadata.Less, metadata.LessEq, metadata.Greater, metadata.GreaterEq),
	}
	texts := []string{"", "a", "b", "B", "raw", "bare", "c1", "h1", "p", "q", "active", "sha512", oneOf(r, w.images...).ID}
	c.Texts = []string{oneOf(r, texts...)}
	if c.Column.Type() == metadata.Text && r.IntN(4) == 0 {
		c.Op = metadata.In
		for range r.IntN(4) {
			c.Texts = append(c.Texts, oneOf(r, texts...))
		}
	}
	return c
}
