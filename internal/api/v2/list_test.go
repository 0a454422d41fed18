package v2_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
)

// shelf holds n images of p-alpha with the names 0, 1 …, older ones first.
func shelf(t *testing.T, n int) *rig {
	t.Helper()
	r := newRig(t)
	for i := range n {
		name := fmt.Sprint(i)
		r.add(t, image(func(img *glance.Image) {
			img.ID, img.Name = fmt.Sprintf("00000000-0000-4000-8000-%012d", i), &name
			img.CreatedAt = time.Date(2020, 1, 1, 0, 0, i, 0, time.UTC)
			img.Tags = []string{"x", "y"}
		}))
	}
	return r
}

// names gives the names of a page, and where the next one is.
func (r *rig) names(t *testing.T, path string) (names, next string) {
	t.Helper()
	a := r.get(t, path)
	if a.status != 200 {
		t.Fatalf("%s: %d %s", path, a.status, a.body)
	}
	doc := a.decode(t)
	for _, item := range doc["images"].([]any) {
		names += item.(map[string]any)["name"].(string)
	}
	next, _ = doc["next"].(string)
	return names, next
}

// TestListParameters is the table of spec images-v2 §8.2 as far as the door
// reads it; the page has 2 rows by default and 4 at most.
func TestListParameters(t *testing.T) {
	r := shelf(t, 6)
	for query, want := range map[string]string{
		"": "54", "limit=3": "543", "limit=+3": "543", "limit=99": "5432", "limit=99999999999": "5432", "limit=0": "",
		"limit=1&limit=3": "543", "limit=x&limit=3": "543",
		"marker=00000000-0000-4000-8000-000000000002": "10",
		"name=3": "3", "name=in:1,4&limit=4": "41", "name=1&name=3": "3",
		"tag=x&tag=y": "54", "tag=%20x%20": "54", "tag=x&tag=z": "", "deleted=true": "54", "deleted=nonsense": "54",
		"sort=name:asc": "01", "sort=name": "54", "sort=%20name%20:%20asc%20": "01", "sort=id:desc&sort=id:asc": "01", "sort_key=name&sort_dir=asc": "01",
		"sort_dir=asc": "01", "sort_key=status&sort_key=name&sort_dir=asc&sort_dir=desc": "54", "os_hidden=true": "", "os_hidden=FALSE": "54",
		"visibility=shared": "54", "visibility=": "", "visibility=public&visibility=all": "54", "custom=x": "", "changes-since=": "",
		"member_status=all": "54", "limit=3&&": "543",
	} {
		if got, _ := r.names(t, "/v2/images?"+query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"limit=x": "limit param must be an integer", "limit=": "limit param must be an integer", "limit=1.5": "limit param must be an integer",
		"limit=-1":                              "limit param must be positive",
		"marker=" + unknown:                     "No image found with ID " + unknown,
		"marker=":                               "No image found with ID ",
		"changes-since=2020-01-01":              `The "changes-since" filter is no longer available on v2.`,
		"sort=name&sort_key=name":               "Old and new sorting syntax cannot be combined",
		"sort=name&sort_dir=asc":                "Old and new sorting syntax cannot be combined",
		"sort=name:up":                          "Invalid sort direction: up",
		"sort=name:":                            "Invalid sort direction: ",
		"sort=":                                 "Invalid sort key: . It must be one of the following: …",
		"sort_key=x":                            "Invalid sort key: x. It must be one of the following: …",
		"sort_key=id&sort_dir=a&sort_dir=b":     "Invalid sort direction: a",
		"sort_key=id&sort_dir=asc&sort_dir=asc": "Number of sort dirs does not match the number of sort keys",
		"member_status=x":                       "Invalid status: x", "visibility=x": "Invalid visibility value: x",
		"os_hidden=x": "Invalid value 'x' for 'os_hidden' filter. Valid values are 'true' or 'false'.",
		"protected=":  "Invalid value '' for 'protected' filter. Valid values are 'true' or 'false'.",
		"name=a:b":    "Unable to filter by unknown operator 'a'.",
	} {
		r.get(t, "/v2/images?"+query).want(t, fault{400, want, ""})
	}
	r.get(t, "/v2/images?name=%FF").want(t, fault{
		400, "Error decoding your request. Either the URL or the request body contained characters that could not be decoded by Glance", "",
	})
}

// TestListLinks is spec images-v2 §8.4.
func TestListLinks(t *testing.T) {
	r := shelf(t, 6)
	const last = "00000000-0000-4000-8000-00000000000"
	tests := []struct{ query, first, next string }{
		{"", "/v2/images", "/v2/images?marker=" + last + "4"},
		{"limit=3", "/v2/images?limit=3", "/v2/images?limit=3&marker=" + last + "3"},
		{"limit=99", "/v2/images?limit=99", "/v2/images?limit=99&marker=" + last + "2"},
		{"limit=0", "/v2/images?limit=0", ""},
		{"marker=" + last + "5&limit=1", "/v2/images?limit=1", "/v2/images?limit=1&marker=" + last + "4"},
		{"marker=" + last + "1", "/v2/images", ""},
		{"tag=x&tag=y&limit=1", "/v2/images?tag=x&tag=y&limit=1", "/v2/images?tag=x&tag=y&limit=1&marker=" + last + "5"},
		{"name=in:5,%22a+b%22&limit=1", "/v2/images?name=in%3A5%2C%22a+b%22&limit=1", "/v2/images?name=in%3A5%2C%22a+b%22&limit=1&marker=" + last + "5"},
		{"name=%C3%A9%26%3D", "/v2/images?name=%C3%A9%26%3D", ""},
		{"sort=name:asc,id:desc&limit=1", "/v2/images?sort=name%3Aasc%2Cid%3Adesc&limit=1", "/v2/images?sort=name%3Aasc%2Cid%3Adesc&limit=1&marker=" + last + "0"},
	}
	for _, tt := range tests {
		doc := r.get(t, "/v2/images?"+tt.query).decode(t)
		next, _ := doc["next"].(string)
		if doc["first"] != tt.first || next != tt.next || doc["schema"] != "/v2/schemas/images" {
			t.Errorf("%s: first %v, next %q", tt.query, doc["first"], next)
		}
	}
}

// TestListWalk follows the links, with parameters that must not get lost.
func TestListWalk(t *testing.T) {
	r := shelf(t, 6)
	r.update(t, "00000000-0000-4000-8000-000000000003", func(img *glance.Image) { img.Tags = []string{"x"} })
	var pages []string
	for next := "/v2/images?tag=x&tag=y&limit=2&sort=name:asc"; next != ""; {
		if _, err := url.Parse(next); err != nil {
			t.Fatal(err)
		}
		var page string
		page, next = r.names(t, next)
		pages = append(pages, page)
	}
	if got := strings.Join(pages, " "); got != "01 24 5" {
		t.Errorf("pages %q", got)
	}
}
