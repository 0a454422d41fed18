package metadatatest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"glance/internal/metadata"
)

func sortingTests() []test {
	return []test{
		{"pages by every key", pagesByEveryKey},
		{"null counts as empty", nullCountsAsEmpty},
	}
}

// pagesByEveryKey walks the pages of each order, last image to next marker;
// every image must come once, in the naive order.
func pagesByEveryKey(t *testing.T, s metadata.Store) {
	w := randomWorld(rand.New(rand.NewPCG(3, 4)), 40)
	w.store(t, s)
	for _, sc := range []metadata.Scope{metadata.Everything(), {Project: "p"}} {
		for _, c := range metadata.Columns() {
			for turn := range 4 {
				if turn&1 != 0 && !sc.Admin {
					continue
				}
				first, rest := turn&1 != 0, turn&2 != 0
				q := metadata.Query{Limit: 15, AllVisibilities: true, Sort: []metadata.SortKey{
					{Column: c, Desc: first},
					{Column: metadata.ColumnCreatedAt, Desc: rest},
					{Column: metadata.ColumnID, Desc: rest},
				}}
				t.Run(fmt.Sprintf("%s %d admin %v", c, turn, sc.Admin), func(t *testing.T) { walk(t, s, w, sc, q) })
			}
		}
	}
}

func walk(t *testing.T, s metadata.Store, w *world, sc metadata.Scope, q metadata.Query) {
	t.Helper()
	all := q
	all.Limit = -1
	want := w.list(sc, all)
	got := []string{}
	for {
		page := w.agree(t, s, sc, q)
		for _, img := range page {
			got = append(got, img.ID)
		}
		if len(page) < q.Limit || len(got) > len(want) {
			break
		}
		q.After = page[len(page)-1]
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages give\n%v\nwant\n%v", got, want)
	}
}

func nullCountsAsEmpty(t *testing.T, s metadata.Store) {
	w := &world{}
	for n, size := range []*int64{ptr(int64(5)), nil, ptr(int64(0)), ptr(int64(-5)), nil, ptr(int64(5))} {
		img := plain(n)
		img.Size = size
		if n%2 == 0 {
			img.Name = ptr(string(rune('a' + n)))
		}
		w.images = append(w.images, img)
	}
	w.store(t, s)
	for _, desc := range []bool{false, true} {
		for _, c := range []metadata.Column{metadata.ColumnSize, metadata.ColumnName} {
			q := metadata.Query{Limit: 1, Sort: []metadata.SortKey{{Column: c, Desc: desc}, {Column: metadata.ColumnID}}}
			walk(t, s, w, metadata.Everything(), q)
		}
	}
}
