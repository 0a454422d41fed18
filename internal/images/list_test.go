package images_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/images"
)

func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// page lists and gives the last digits of the ids.
func (r *rig) page(t *testing.T, who *glance.Caller, want images.Listing) (ids, next string) {
	t.Helper()
	p, err := r.catalog().List(t.Context(), who, want)
	if err != nil {
		t.Fatal(err)
	}
	for _, img := range p.Images {
		ids += img.ID[35:]
	}
	if p.Last != "" {
		next = p.Last[35:]
	}
	return ids, next
}

// shelf holds images of p-alpha, older ones first, with the names a, b, a, b …
func shelf(t *testing.T, n int) *rig {
	t.Helper()
	r := newRig(t)
	for i := range n {
		r.add(t, queued(func(img *glance.Image) {
			img.ID, img.Name = id(i), ptr(string(rune('a'+i%2)))
			img.CreatedAt = time.Date(2020, 1, 1, 0, 0, i/3, 0, time.UTC)
		}))
	}
	return r
}

// TestListSort is spec images-v2 §8.3: what completes an order.
func TestListSort(t *testing.T) {
	r := shelf(t, 6)
	tests := []struct {
		keys, dirs []string
		want       string
	}{
		{nil, nil, "543210"},
		{nil, []string{"asc"}, "012345"},
		{[]string{"name"}, nil, "531420"},
		{[]string{"name"}, []string{"asc"}, "024135"},
		{[]string{"name", "id"}, []string{"asc"}, "024135"},
		{[]string{"name", "id"}, []string{"asc", "desc"}, "420531"},
		{[]string{"name", "created_at"}, []string{"desc", "asc"}, "153204"},
		{[]string{"created_at"}, []string{"asc"}, "012345"},
		{[]string{"id"}, []string{"desc"}, "543210"},
	}
	for _, tt := range tests {
		got, _ := r.page(t, alice, images.Listing{Limit: 10, FromStart: true, SortKeys: tt.keys, SortDirs: tt.dirs})
		if got != tt.want {
			t.Errorf("%v %v: %s, want %s", tt.keys, tt.dirs, got, tt.want)
		}
	}
}

// TestListPages walks over the pages of every size.
func TestListPages(t *testing.T) {
	r := shelf(t, 6)
	for limit := range 8 {
		var got []string
		want := images.Listing{Limit: limit, FromStart: true}
		for {
			ids, next := r.page(t, alice, want)
			got = append(got, ids)
			if next == "" {
				break
			}
			want.FromStart, want.Marker = false, id(int(next[0]-'0'))
		}
		wants := map[int][]string{
			0: {""}, 1: {"5", "4", "3", "2", "1", "0", ""}, 2: {"54", "32", "10", ""}, 3: {"543", "210", ""},
			4: {"5432", "10"}, 5: {"54321", "0"}, 6: {"543210", ""}, 7: {"543210"},
		}
		if diff := cmp.Diff(wants[limit], got); diff != "" {
			t.Errorf("limit %d: -want +got:\n%s", limit, diff)
		}
	}
}

// TestListSoftFilter: what policy hides leaves a page shorter, and the next
// page begins behind the last image that is shown.
func TestListSoftFilter(t *testing.T) {
	r := shelf(t, 4)
	for i := range 2 {
		r.update(t, id(i), func(img *glance.Image) { img.Owner, img.Visibility = "", "private" })
	}
	r.update(t, id(0), func(img *glance.Image) { img.Visibility = "public" })
	r.update(t, id(1), func(img *glance.Image) { img.Owner = "p-alpha" })
	if got, next := r.page(t, alice, images.Listing{Limit: 2, FromStart: true}); got != "32" || next != "2" {
		t.Errorf("first page %s, next %s", got, next)
	}
}

// TestListDeletedMarker: an administrator may go on from a deleted image.
func TestListDeletedMarker(t *testing.T) {
	r := shelf(t, 4)
	r.update(t, id(2), func(img *glance.Image) { img.Deleted, img.Status = true, glance.StatusDeleted })
	if got, _ := r.page(t, boss, images.Listing{Limit: 5, Marker: id(2)}); got != "10" {
		t.Errorf("got %s", got)
	}
}

// TestListRefused is the table of spec images-v2 §8.2 as far as the verb
// decides it.
func TestListRefused(t *testing.T) {
	invalid := func(text string) fault { return fault{glance.Invalid, text, ""} }
	filter := func(name, value string) images.Listing {
		return images.Listing{FromStart: true, Filters: []images.Filter{{Name: name, Value: value}}}
	}
	tests := []struct {
		name string
		who  *glance.Caller
		ask  images.Listing
		want fault
	}{
		{name: "policy", who: nora, ask: images.Listing{FromStart: true}, want: fault{glance.Forbidden, "You are not authorized to complete get_images action.", ""}},
		{name: "marker", ask: images.Listing{Marker: unknown}, want: invalid("No image found with ID " + unknown)},
		{name: "marker empty", ask: images.Listing{}, want: invalid("No image found with ID ")},
		{name: "marker deleted", ask: images.Listing{Marker: id(0)}, want: invalid("No image found with ID " + id(0))},
		{name: "marker not visible", who: carol, ask: images.Listing{Marker: id(1)}, want: fault{glance.Forbidden, "Forbidding request, image " + id(1) + " not visible", ""}},
		{name: "member_status", ask: images.Listing{FromStart: true, MemberStatus: ptr("maybe")}, want: invalid("Invalid status: maybe")},
		{name: "visibility", ask: images.Listing{FromStart: true, HasVisibility: true, Visibility: "secret"}, want: invalid("Invalid visibility value: secret")},
		{
			name: "os_hidden", ask: images.Listing{FromStart: true, Hidden: ptr("yes")},
			want: invalid("Invalid value 'yes' for 'os_hidden' filter. Valid values are 'true' or 'false'."),
		},
		{
			name: "protected", ask: images.Listing{FromStart: true, Protected: ptr("True")},
			want: invalid("Invalid value 'True' for 'protected' filter. Valid values are 'true' or 'false'."),
		},
		{name: "operator", ask: filter("name", "like:a"), want: invalid("Unable to filter by unknown operator 'like'.")},
		{name: "time", ask: filter("created_at", "soon"), want: invalid(`Bad "created_at" query filter format. Use ISO 8601 DateTime notation.`)},
		{name: "time operator", ask: filter("updated_at", "near:2020-01-01"), want: invalid("Unable to filter on a unknown operator.")},
		{name: "range", ask: filter("size_min", "x"), want: invalid("Unable to filter on a range with a non-numeric value.")},
		{
			name: "sort key", ask: images.Listing{FromStart: true, SortKeys: []string{"owner"}},
			want: invalid("Invalid sort key: owner. It must be one of the following: name, status, container_format, disk_format, size, id, created_at, updated_at."),
		},
		{name: "sort direction", ask: images.Listing{FromStart: true, SortDirs: []string{"up"}}, want: invalid("Invalid sort direction: up")},
		{
			name: "sort directions", ask: images.Listing{FromStart: true, SortKeys: []string{"name"}, SortDirs: []string{"asc", "desc"}},
			want: invalid("Number of sort dirs does not match the number of sort keys"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := shelf(t, 2)
			r.update(t, id(0), func(img *glance.Image) { img.Deleted, img.Status = true, glance.StatusDeleted })
			who := tt.who
			if who == nil {
				who = alice
			}
			tt.ask.Limit = 5
			_, err := r.catalog().List(t.Context(), who, tt.ask)
			wantFault(t, err, tt.want)
		})
	}
}

// TestListFilters is spec images-v2 §8.1 and §8.2: what a list holds.
func TestListFilters(t *testing.T) {
	r := newRig(t)
	all := images.Listing{}
	with := func(change func(*images.Listing)) images.Listing {
		l := all
		change(&l)
		return l
	}
	add := func(n int, change func(*glance.Image)) {
		r.add(t, queued(func(img *glance.Image) { img.ID = id(n); change(img) }))
	}
	add(0, func(img *glance.Image) { img.Visibility = "private" })
	add(1, func(img *glance.Image) { img.Visibility = "public" })
	add(2, func(img *glance.Image) { img.Visibility = "community" })
	add(3, func(img *glance.Image) { img.Hidden = true })
	add(4, func(img *glance.Image) { img.Protected, img.Tags = true, []string{"x", "y"} })
	add(5, func(img *glance.Image) { img.Visibility, img.Owner = "community", "p-beta" })
	add(6, func(img *glance.Image) { img.Status = glance.StatusKilled })
	add(7, func(img *glance.Image) { img.Visibility, img.Owner = "private", "" })
	tests := []struct {
		name string
		who  *glance.Caller
		ask  images.Listing
		want string
	}{
		{"default", alice, all, "4210"},
		{"admin", boss, all, "7410"},
		{"all", alice, with(func(l *images.Listing) { l.Visibility, l.HasVisibility = "all", true }), "54210"},
		{"all as admin", boss, with(func(l *images.Listing) { l.Visibility, l.HasVisibility = "all", true }), "754210"},
		{"community", alice, with(func(l *images.Listing) { l.Visibility, l.HasVisibility = "community", true }), "52"},
		{"private", bob, with(func(l *images.Listing) { l.Visibility, l.HasVisibility = "private", true }), ""},
		{"empty visibility", alice, with(func(l *images.Listing) { l.HasVisibility = true }), ""},
		{"hidden", alice, with(func(l *images.Listing) { l.Hidden = ptr("TRUE") }), "3"},
		{"hidden, false", alice, with(func(l *images.Listing) { l.Hidden = ptr("False") }), "4210"},
		{"protected", alice, with(func(l *images.Listing) { l.Protected = ptr("true") }), "4"},
		{"not protected", alice, with(func(l *images.Listing) { l.Protected = ptr("false") }), "210"},
		{"tags", alice, with(func(l *images.Listing) { l.Tags = []string{"x", "y"} }), "4"},
		{"tags, not all", alice, with(func(l *images.Listing) { l.Tags = []string{"x", "z"} }), ""},
		{"owner does not widen", carol, with(func(l *images.Listing) { l.Filters = []images.Filter{{Name: "owner", Value: "p-alpha"}} }), "1"},
	}
	for _, tt := range tests {
		tt.ask.Limit, tt.ask.FromStart = 20, true
		tt.ask.SortKeys, tt.ask.SortDirs = []string{"id"}, []string{"desc"}
		if got, _ := r.page(t, tt.who, tt.ask); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
