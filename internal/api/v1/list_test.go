package v1_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
)

const sortKeys = "name, status, container_format, disk_format, size, id, created_at, updated_at"

// TestBadLists is the table of spec images-v1 §3: each is 400.
func TestBadLists(t *testing.T) {
	r := newRig(t)
	r.add(t, image(func(img *glance.Image) { img.Owner = "p-beta" }))
	for _, tt := range []struct{ query, text string }{
		{"size_min=x", "Bad value passed to filter size_min got x"},
		{"size_max=-1", "Bad value passed to filter size_max got -1"},
		{"min_ram=1.5", "Bad value passed to filter min_ram got 1.5"},
		{"protected=maybe", "Bad value passed to filter protected got maybe"},
		{"is_public=maybe", "Bad value passed to filter is_public got maybe"},
		{"limit=x&size_min=y", "Bad value passed to filter size_min got y"},
		{"protected=none", "protected must be True, or False"},
		{"changes-since=x", "Unrecognized changes-since value"},
		{"limit=x", "limit param must be an integer"},
		{"limit=", "limit param must be an integer"},
		{"limit=-1", "limit param must be positive"},
		{"sort_key=owner", "Unsupported sort_key. Acceptable values: " + sortKeys},
		{"sort_key=", "Unsupported sort_key. Acceptable values: " + sortKeys},
		{"sort_dir=up", "Unsupported sort_dir. Acceptable values: asc, desc"},
		{"marker=x", "Invalid marker format"},
		{"marker=" + unknown, "Invalid marker. Image could not be found."},
		{"marker=" + img1, "Invalid marker. Image could not be found."},
		{"marker=", "Invalid marker. Image could not be found."},
		{"name=no:such", "Unable to filter by unknown operator 'no'."},
	} {
		for _, path := range []string{"/images?", "/images/detail?"} {
			t.Run(path+tt.query, func(t *testing.T) {
				r.send(t, call{who: "alice", method: "GET", path: path + tt.query}).wants(t, 400, tt.text)
			})
		}
	}
}

// world is a set of images named by letters, created in that order.
func world(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	for n, letter := range "abcdefgh" {
		img := image(named(letterID(letter), string(letter)), status(glance.StatusActive))
		img.Size = new(int64(10 * n))
		img.CreatedAt = time.Date(2020, 1, 1, 0, 0, n, 0, time.UTC)
		img.UpdatedAt = img.CreatedAt
		switch letter {
		case 'b':
			img.Visibility, img.Owner = glance.VisibilityPublic, "p-beta"
		case 'c':
			img.Owner = "p-beta" // shared with alice
		case 'd':
			img.Owner = "p-beta"
		case 'e':
			img.Visibility, img.Owner = glance.VisibilityCommunity, "p-beta"
		case 'f':
			img.Status = glance.StatusKilled
		case 'g':
			img.Protected, img.MinRAM, img.DiskFormat = true, 7, "qcow2"
			img.Properties = []glance.Property{{Name: "os", Value: "linux"}, {Name: "x_owned", Value: "secret"}}
		}
		r.add(t, img)
	}
	if _, err := r.db.AddMember(t.Context(), glance.Member{ImageID: letterID('c'), Member: "p-alpha", Status: glance.MemberRejected},
		func(int) error { return nil }); err != nil {
		t.Fatal(err)
	}
	r.update(t, letterID('h'), func(img *glance.Image) { img.Deleted, img.Status = true, glance.StatusDeleted })
	return r
}

func letterID(letter rune) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", letter-'a') }

// names gives the letters of a list.
func names(t *testing.T, a answer) string {
	t.Helper()
	var out strings.Builder
	for _, id := range a.ids(t) {
		out.WriteByte(id[7] - '0' + 'a')
	}
	return out.String()
}

func TestLists(t *testing.T) {
	r := world(t)
	for _, tt := range []struct{ who, query, want string }{
		{"alice", "", "gcba"},
		{"alice", "sort_dir=asc", "abcg"},
		{"alice", "sort_key=size&sort_dir=asc&limit=2", "ab"},
		{"alice", "sort_dir=asc&marker=" + letterID('b'), "cg"},
		{"alice", "limit=0", ""},
		{"alice", "name=a", "a"},
		{"alice", "name=in:a,b", "ba"},
		{"alice", "status=eq:active", "gcba"},
		{"alice", "disk_format=qcow2", "g"},
		{"alice", "container_format=ovf", ""},
		{"alice", "min_ram=7", "g"},
		{"alice", "min_disk=x", ""},
		{"alice", "size_min=10&size_max=20", "cb"},
		{"alice", "protected=TRUE", "g"},
		{"alice", "protected=0", "cba"},
		{"alice", "property-os=linux", "g"},
		{"alice", "property-os=plan9", ""},
		{"alice", "is_public=none", "gcba"},
		{"alice", "deleted=true", "gcba"},
		{"alice", "whatever=x", "gcba"},
		{"alice", "name=x&name=a", "a"},
		{"bob", "", "edcb"},
		{"boss", "", "b"},
		{"boss", "is_public=True", "b"},
		{"boss", "is_public=None", "gedcba"},
		{"boss", "is_public=0", "gdca"},
		{"boss", "is_public=none&deleted=true", "gedcba"},
		// The deleted image is gone for those who saw it only as its project's.
		{"alice", "changes-since=2020-01-01T00:00:01Z&sort_dir=asc", "cfgh"},
		{"alice", "changes-since=2020-01-01T00:00:06", "h"},
		{"carol", "changes-since=2019-01-01", "b"},
	} {
		t.Run(tt.who+" "+tt.query, func(t *testing.T) {
			a := r.send(t, call{who: tt.who, method: "GET", path: "/images?" + tt.query})
			if got := names(t, a); a.status != 200 || got != tt.want {
				t.Errorf("%d %s, want %s", a.status, got, tt.want)
			}
		})
	}
}

func TestListLimits(t *testing.T) {
	r := newRig(t)
	for n := range 32 {
		r.add(t, image(named(fmt.Sprintf("%08d-0000-4000-8000-000000000000", n), "x")))
	}
	for query, want := range map[string]int{"": 25, "?limit=28": 28, "?limit=99": 30, "?limit= 3 ": 3} {
		a := r.send(t, call{who: "alice", method: "GET", path: "/images" + strings.ReplaceAll(query, " ", "%20")})
		if got := len(a.ids(t)); got != want {
			t.Errorf("%q gives %d images, want %d", query, got, want)
		}
	}
}

func TestListShapes(t *testing.T) {
	r := world(t)
	keys := func(path string) (list []string) {
		var doc struct{ Images []map[string]any }
		if err := json.Unmarshal([]byte(r.send(t, call{who: "alice", method: "GET", path: path}).body), &doc); err != nil {
			t.Fatal(err)
		}
		for key := range doc.Images[0] {
			list = append(list, key)
		}
		slices.Sort(list)
		return list
	}
	brief := []string{"checksum", "container_format", "disk_format", "id", "name", "size"}
	if got := keys("/images"); !slices.Equal(got, brief) {
		t.Errorf("brief: %v", got)
	}
	full := append(slices.Clone(brief), "created_at", "deleted", "deleted_at", "is_public", "min_disk", "min_ram", "owner",
		"properties", "protected", "status", "updated_at", "virtual_size")
	slices.Sort(full)
	if got := keys("/images/detail"); !slices.Equal(got, full) {
		t.Errorf("detail: %v", got)
	}
	if a := r.send(t, call{who: "alice", method: "GET", path: "/images/detail"}); strings.Contains(a.body, "secret") {
		t.Error("a protected property is shown")
	}
	if a := r.send(t, call{who: "boss", method: "GET", path: "/images/detail?is_public=none"}); !strings.Contains(a.body, "secret") {
		t.Error("a protected property is kept from administrators")
	}
	r.send(t, call{who: "nora", method: "GET", path: "/images"}).
		wants(t, 403, "You are not authorized to complete get_images action.")
}
