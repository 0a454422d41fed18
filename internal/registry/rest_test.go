package registry_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
)

// wire is the image of image() as the registry shows it.
const wire = `{
	"id": "` + img1 + `", "name": null, "status": "queued", "size": null, "virtual_size": null, "disk_format": null,
	"container_format": null, "min_disk": 0, "min_ram": 0, "is_public": false, "checksum": null, "owner": "p-alpha",
	"protected": false, "created_at": "2020-01-02T03:04:05.000006", "updated_at": "2020-01-02T03:04:05.000000",
	"deleted_at": null, "deleted": false, "properties": {}, "location": null, "location_data": []
}`

func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// shows compares {"image": …} with wire changed by more; times of the update
// are left out.
func shows(t *testing.T, a answer, more string) {
	t.Helper()
	want := decoded(t, wire)
	for key, value := range decoded(t, more) {
		want[key] = value
	}
	if a.status != 200 {
		t.Errorf("answer %d %s", a.status, a.body)
		return
	}
	got, _ := decoded(t, a.body)["image"].(map[string]any)
	for _, key := range []string{"updated_at", "deleted_at", "created_at"} {
		if want[key] != nil || key == "deleted_at" && got["deleted"] == true {
			want[key] = got[key]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestMethods is the table of spec registry §2.
func TestMethods(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"POST", "/", 200},
		{"GET", "/", 200},
		{"GET", "/images", 200},
		{"GET", "/images/detail", 200},
		{"PUT", "/images", 404},
		{"DELETE", "/images/detail", 405},
		{"POST", "/images/" + img1, 404},
		{"GET", "/shared-images/x", 200},
		{"PATCH", "/shared-images/x", 200},
		{"GET", "/images/" + img1 + "/members/x", 405},
		{"POST", "/images/" + img1 + "/members/x", 405},
		{"POST", "/images/" + img1 + "/members", 405},
		{"DELETE", "/images/" + img1 + "/members", 404},
		{"GET", "/nowhere", 404},
		{"GET", "/rpc", 404},
	} {
		a := r.send(t, "boss", tt.method, tt.path, "")
		if tt.path == "/images/detail" && tt.method == "DELETE" {
			tt.status = 404 // the image with the id detail is not there
		}
		if a.status != tt.status || tt.status == 405 && a.header.Get("Allow") != "PUT, DELETE" {
			t.Errorf("%s %s: %d, Allow %q, want %d", tt.method, tt.path, a.status, a.header.Get("Allow"), tt.status)
		}
		if kind := a.header.Get("Content-Type"); tt.status >= 400 && kind != "text/plain; charset=UTF-8" {
			t.Errorf("%s %s: an error is %s", tt.method, tt.path, kind)
		}
	}
}

func TestShow(t *testing.T) {
	r := newRig(t)
	r.add(t, image(func(img *glance.Image) {
		img.Properties = []glance.Property{{Name: "a", Value: "1"}, {Name: "b", Null: true}}
		img.Locations = []glance.Location{{URL: "file:///x", Metadata: map[string]any{"store": "s"}}}
	}))
	path := "/images/" + img1
	shows(t, r.send(t, "alice", "GET", path, ""), `{"properties": {"a": "1", "b": null}, "location": "file:///x",
		"location_data": [{"id": 1, "url": "file:///x", "metadata": {"store": "s"}, "status": "active"}]}`)
	for who, want := range map[string]int{"alice": 200, "bob": 404, "boss": 200, "anon": 404} {
		if a := r.send(t, who, "GET", path, ""); a.status != want {
			t.Errorf("%s: %d", who, a.status)
		}
	}
	r.send(t, "boss", "DELETE", path, "")
	for who, want := range map[string]int{"alice": 404, "boss": 200} {
		if a := r.send(t, who, "GET", path, ""); a.status != want {
			t.Errorf("deleted, %s: %d", who, a.status)
		}
	}
}

func TestCreate(t *testing.T) {
	r := newRig(t)
	shows(t, r.send(t, "alice", "POST", "/images", `{"image": {"id": "`+img1+`", "name": "n", "owner": "p-beta", "size": 7, "min_disk": 3,
		"is_public": true, "protected": true, "properties": {"a": "1", "b": null, "n": 5, "t": true}, "location": "file:///x",
		"created_at": "2018-01-01T00:00:00.000000", "deleted": true, "virtual_size": null, "disk_format": "raw"}}`),
		`{"name": "n", "status": "active", "size": 7, "min_disk": 3, "is_public": true, "protected": true, "disk_format": "raw",
		"properties": {"a": "1", "b": null, "n": "5", "t": "True"}, "location": "file:///x",
		"location_data": [{"id": 1, "url": "file:///x", "metadata": {}, "status": "active"}]}`)
	if got := r.get(t, img1).CreatedAt; !got.Equal(time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("created %v", got)
	}
	a := decoded(t, r.send(t, "boss", "POST", "/images", `{"image": {"owner": "p-beta", "status": "queued"}}`).body)["image"].(map[string]any)
	if a["owner"] != "p-beta" || a["status"] != "queued" || len(a["id"].(string)) != 36 {
		t.Errorf("an administrator's: %v", a)
	}
	a = decoded(t, r.send(t, "boss", "POST", "/images", `{"image": {}}`).body)["image"].(map[string]any)
	if a["owner"] != "p-admin" || a["is_public"] != false {
		t.Errorf("an administrator's own: %v", a)
	}
}

func TestCreateRefused(t *testing.T) {
	const failed = "Failed to add image metadata. Got error: "
	for _, tt := range []struct {
		who, body string
		status    int
		text      string
	}{
		{"alice", `{"image": {"id": "` + img2 + `"}}`, 409, "Image with identifier " + img2 + " already exists!"},
		{"alice", `{"image": {"id": "x"}}`, 400, "Invalid image id format"},
		{"alice", `{"image": {"status": "sleeping"}}`, 400, failed + "Invalid image status 'sleeping' for image."},
		{"alice", `{"image": {"status": null}}`, 400, failed + "Image status is required."},
		{"alice", `{"image": {"min_ram": 2147483648}}`, 400, failed + "'min_ram' value out of range, must not exceed 2147483647."},
		{"alice", `{"image": {"size": "x"}}`, 400, failed + "Invalid value for size."},
		{"alice", `{"image": {"name": 1}}`, 400, failed + "Invalid value for name."},
		{"alice", `{"image": {"created_at": "x"}}`, 400, failed + "Invalid value for created_at."},
		{"alice", `{"image": {"properties": []}}`, 400, failed + "Invalid value for properties."},
		{"alice", `{"image": {"locations": "x"}}`, 400, "Invalid value for locations."},
		{"alice", `{"image": {"location_data": [{"url": "x", "status": "asleep"}]}}`, 400, failed + "Invalid location status asleep."},
		{"alice", `{}`, 400, "The body has no image."},
		{"alice", `[]`, 400, "Unexpected body type. Expected list/dict."},
		{"alice", `{`, 400, "Malformed JSON in request body."},
		{"anon", `{"image": {}}`, 403, "Access was denied to this resource."},
	} {
		r := newRig(t)
		r.add(t, image(func(img *glance.Image) { img.ID = img2 }))
		if a := r.send(t, tt.who, "POST", "/images", tt.body); a.status != tt.status || a.text() != tt.text {
			t.Errorf("%s: answer %d %q, want %d %q", tt.body, a.status, a.text(), tt.status, tt.text)
		}
	}
}

func TestUpdate(t *testing.T) {
	first := func(img *glance.Image) {
		img.Properties = []glance.Property{{Name: "a", Value: "1"}}
		img.Locations = []glance.Location{{URL: "file:///x"}, {URL: "file:///y"}}
	}
	const old = `{"id": 1, "url": "file:///x", "metadata": {}, "status": "active"}, {"id": 2, "url": "file:///y", "metadata": {}, "status": "active"}`
	for _, tt := range []struct{ name, who, body, purge, want string }{
		{"nothing", "alice", `{"image": {}}`, "", `{"properties": {"a": "1"}, "location": "file:///x", "location_data": [` + old + `]}`},
		{"merge", "alice", `{"image": {"properties": {"b": "2"}}}`, "True", `{"properties": {"a": "1", "b": "2"}, "location": "file:///x", "location_data": [` + old + `]}`},
		{"purge", "alice", `{"image": {"properties": {"b": "2"}}}`, "true", `{"properties": {"b": "2"}, "location": "file:///x", "location_data": [` + old + `]}`},
		{
			"status and state", "alice", `{"image": {"status": "saving", "owner": "p-x", "id": "x", "deleted": true}, "from_state": "queued"}`, "",
			`{"status": "saving", "properties": {"a": "1"}, "location": "file:///x", "location_data": [` + old + `]}`,
		},
		{"owner", "boss", `{"image": {"owner": "p-x"}}`, "", `{"owner": "p-x", "properties": {"a": "1"}, "location": "file:///x", "location_data": [` + old + `]}`},
		{"one location", "alice", `{"image": {"location": "file:///z"}}`, "", `{"properties": {"a": "1"}, "location": "file:///z",
			"location_data": [{"id": 3, "url": "file:///z", "metadata": {}, "status": "active"}]}`},
		{
			"location and its data", "alice", `{"image": {"location": "file:///z", "location_data": [{"url": "file:///z", "metadata": {"m": 1}, "status": "active"}]}}`, "",
			`{"properties": {"a": "1"}, "location": "file:///z", "location_data": [{"id": 3, "url": "file:///z", "metadata": {"m": 1}, "status": "active"}]}`,
		},
		{
			"keep one", "alice", `{"image": {"location_data": [{"id": 2, "url": "file:///y", "metadata": {}, "status": "active"}]}}`, "",
			`{"properties": {"a": "1"}, "location": "file:///y", "location_data": [{"id": 2, "url": "file:///y", "metadata": {}, "status": "active"}]}`,
		},
		{"no location", "alice", `{"image": {"location": null}}`, "", `{"properties": {"a": "1"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, image(first))
			shows(t, r.send(t, tt.who, "PUT", "/images/"+img1, tt.body, "X-Glance-Registry-Purge-Props", tt.purge), tt.want)
		})
	}
}

// TestAttemptIsNoMatterOfUsers: they neither see nor make, change or remove the
// property that says who gives the image data.
func TestAttemptIsNoMatterOfUsers(t *testing.T) {
	mine := glance.Property{Name: glance.AttemptProperty, Value: "mine"}
	r := newRig(t)
	r.add(t, image(func(img *glance.Image) { img.Properties = []glance.Property{mine} }))
	theirs := `"properties": {"a": "1", "` + mine.Name + `": "theirs"}`
	for _, purge := range []string{"false", "true"} {
		a := r.send(t, "alice", "PUT", "/images/"+img1, `{"image": {`+theirs+`}}`, "X-Glance-Registry-Purge-Props", purge)
		shows(t, a, `{"properties": {"a": "1"}}`)
		if p, _ := r.get(t, img1).Property(mine.Name); p != mine {
			t.Errorf("it became %+v", p)
		}
	}
	if a := r.send(t, "alice", "GET", "/images/detail", ""); strings.Contains(a.body, mine.Name) {
		t.Errorf("the list has %s", a.body)
	}
	a := r.send(t, "alice", "POST", "/images", `{"image": {"id": "`+img2+`", "status": "queued", `+theirs+`}}`)
	if _, made := r.get(t, img2).Property(mine.Name); made || a.status != 200 {
		t.Errorf("answer %d %s", a.status, a.body)
	}
}

func TestUpdateRefused(t *testing.T) {
	for _, tt := range []struct {
		name, who, id, body string
		change              func(*glance.Image)
		status              int
		text                string
	}{
		{"unknown", "alice", unknown, `{"image": {}}`, nil, 404, "Image not found"},
		{"not visible", "bob", img1, `{"image": {}}`, nil, 404, "Image not found"},
		{"public of others", "bob", img1, `{"image": {}}`, public, 403, "Access was denied to this resource."},
		{"community of others", "bob", img1, `{"image": {}}`, func(img *glance.Image) { img.Visibility = glance.VisibilityCommunity }, 404, "Image not found"},
		{"another state", "alice", img1, `{"image": {"status": "active"}, "from_state": "saving"}`, nil, 409, "Image operation conflicts"},
		{"status", "alice", img1, `{"image": {"status": "x"}}`, nil, 400, "Failed to update image metadata. Got error: Invalid image status 'x' for image."},
		{"location of nobody", "alice", img1, `{"image": {"location_data": [{"id": 77, "url": "x"}]}}`, nil, 404, "Image not found"},
		{"read only", "anon", img1, `{"image": {}}`, public, 403, "Access was denied to this resource."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			img := image()
			if tt.change != nil {
				tt.change(img)
			}
			r.add(t, img)
			r.send(t, tt.who, "PUT", "/images/"+tt.id, tt.body).wants(t, tt.status, tt.text)
		})
	}
}

func TestDelete(t *testing.T) {
	r := newRig(t)
	r.add(t, image(func(img *glance.Image) { img.Properties = []glance.Property{{Name: "a", Value: "1"}} }))
	r.add(t, image(public, func(img *glance.Image) { img.ID = img2 }))
	r.send(t, "bob", "DELETE", "/images/"+img1, "").wants(t, 404, "The resource could not be found.")
	r.send(t, "bob", "DELETE", "/images/"+img2, "").wants(t, 403, "Access was denied to this resource.")
	r.send(t, "bob", "DELETE", "/images/"+unknown, "").wants(t, 404, "The resource could not be found.")
	a := r.send(t, "alice", "DELETE", "/images/"+img1, "")
	shows(t, a, `{"deleted": true}`) // the status stays
	if !strings.Contains(a.body, `"deleted_at":"20`) || !r.get(t, img1).Deleted {
		t.Errorf("not deleted: %s", a.body)
	}
}

// TestLists: filters and texts are those of API v1, which tests them all.
func TestLists(t *testing.T) {
	r := newRig(t)
	for n := range 28 {
		r.add(t, image(func(img *glance.Image) {
			img.ID = fmt.Sprintf("%08d-0000-4000-8000-000000000000", n)
			if n == 0 {
				img.Visibility, img.Status = glance.VisibilityPublic, glance.StatusActive
			}
		}))
	}
	r.send(t, "alice", "DELETE", "/images/00000005-0000-4000-8000-000000000000", "")
	count := func(who, query string) int {
		var doc struct{ Images []map[string]any }
		a := r.send(t, who, "GET", "/images"+query, "")
		if err := json.Unmarshal([]byte(a.body), &doc); err != nil || a.status != 200 {
			t.Fatalf("%s: %d %s", query, a.status, a.body)
		}
		return len(doc.Images)
	}
	for _, tt := range []struct {
		who, query string
		want       int
	}{
		{"alice", "", 25},
		{"alice", "?limit=28", 27},
		{"alice", "?status=active", 1},
		{"bob", "", 1},
		{"boss", "", 1},
		{"boss", "?is_public=none&limit=30", 27},
		{"boss", "?is_public=none&deleted=true", 1},
		{"alice", "?deleted=true&limit=30", 27},
		{"alice", "?changes-since=2020-01-02T03:04:06", 1},
		{"alice", "?size_min=0", 0},
	} {
		if got := count(tt.who, tt.query); got != tt.want {
			t.Errorf("%s %s: %d images, want %d", tt.who, tt.query, got, tt.want)
		}
	}
	r.send(t, "alice", "GET", "/images?size_min=x", "").wants(t, 400, "Unable to filter on a range with a non-numeric value.")
	r.send(t, "alice", "GET", "/images?marker="+unknown, "").wants(t, 400, "Invalid marker. Image could not be found.")
	r.send(t, "alice", "GET", "/images?marker=1", "").wants(t, 400, "Invalid marker format")
	a := r.send(t, "bob", "GET", "/images", "")
	if want := `{"images":[{"id":"00000000-0000-4000-8000-000000000000","name":null,"size":null,"disk_format":null,"container_format":null,"checksum":null}]}`; a.body != want {
		t.Errorf("brief: %s", a.body)
	}
	if a := r.send(t, "bob", "GET", "/images/detail", ""); !strings.Contains(a.body, `"location_data":[]`) {
		t.Errorf("detail: %s", a.body)
	}
}

func TestMembers(t *testing.T) {
	const path = "/images/" + img1 + "/members"
	r := newRig(t)
	r.add(t, image())
	for _, s := range []struct {
		who, method, path, body string
		status                  int
		text, after             string
	}{
		{"alice", "PUT", path + "/p-beta", "", 204, "", `{"member_id":"p-beta","can_share":false}`},
		{"bob", "PUT", path + "/p-gamma", "", 403, "No permission to share that image", `{"member_id":"p-beta","can_share":false}`},
		{"carol", "PUT", path + "/p-gamma", "", 404, "The resource could not be found.", `{"member_id":"p-beta","can_share":false}`},
		{"anon", "PUT", path + "/p-gamma", "", 401, "No authenticated user", `{"member_id":"p-beta","can_share":false}`},
		{"alice", "PUT", path + "/p-beta", `{"member": {"can_share": "yes"}}`, 204, "", `{"member_id":"p-beta","can_share":true}`},
		{"alice", "PUT", path + "/p-beta", `{"member": {}}`, 400, "Invalid membership association: 'can_share'", `{"member_id":"p-beta","can_share":true}`},
		{"alice", "PUT", path + "/p-beta", `{}`, 400, "Invalid membership association: 'member'", `{"member_id":"p-beta","can_share":true}`},
		{"bob", "PUT", path + "/p-gamma", "", 204, "", `{"member_id":"p-beta","can_share":true},{"member_id":"p-gamma","can_share":false}`},
		{"alice", "DELETE", path + "/p-x", "", 404, "Membership could not be found.", `{"member_id":"p-beta","can_share":true},{"member_id":"p-gamma","can_share":false}`},
		{"alice", "DELETE", path + "/p-beta", "", 204, "", `{"member_id":"p-gamma","can_share":false}`},
		{
			"alice", "PUT", path, `{"memberships": [{"member_id": "p-beta"}, {"member_id": "p-gamma", "can_share": true}]}`, 204, "",
			`{"member_id":"p-beta","can_share":false},{"member_id":"p-gamma","can_share":true}`,
		},
		{
			"alice", "PUT", path, `{"memberships": [{}]}`, 400, "Invalid membership association: 'member_id'",
			`{"member_id":"p-beta","can_share":false},{"member_id":"p-gamma","can_share":true}`,
		},
		{
			"alice", "PUT", path, `{}`, 400, "Invalid membership association: 'memberships'",
			`{"member_id":"p-beta","can_share":false},{"member_id":"p-gamma","can_share":true}`,
		},
	} {
		r.send(t, s.who, s.method, s.path, s.body).wants(t, s.status, s.text)
		if a := r.send(t, "alice", "GET", path, ""); a.body != `{"members":[`+s.after+`]}` {
			t.Errorf("after %s %s %s: %s", s.method, s.path, s.body, a.body)
		}
	}
	if a := r.send(t, "bob", "GET", path, ""); a.body != `{"members":[{"member_id":"p-beta","can_share":false}]}` {
		t.Errorf("a member sees %s", a.body)
	}
	r.send(t, "anon", "GET", path, "").wants(t, 404, "The resource could not be found.")
	for who, want := range map[string]string{
		"carol": `{"image_id":"` + img1 + `","can_share":true}`, "boss": `{"image_id":"` + img1 + `","can_share":true}`,
		"alice": `{"image_id":"` + img1 + `","can_share":true}`, "bob": "", "anon": "",
	} {
		if a := r.send(t, who, "GET", "/shared-images/p-gamma", ""); a.body != `{"shared_images":[`+want+`]}` {
			t.Errorf("%s sees %s", who, a.body)
		}
	}
}
