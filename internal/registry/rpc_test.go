package registry_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/registry"
)

// run sends one command and gives its result.
func (r *rig) run(t testing.TB, who, command, kwargs string) string {
	t.Helper()
	a := r.send(t, who, "POST", "/rpc", `[{"command": "`+command+`", "kwargs": `+kwargs+`}]`)
	var results []json.RawMessage
	if err := json.Unmarshal([]byte(a.body), &results); err != nil || a.status != 200 || len(results) != 1 {
		t.Fatalf("%s: %d %s", command, a.status, a.body)
	}
	return string(results[0])
}

// fails checks the exception that a command ends with.
func (r *rig) fails(t testing.TB, who, command, kwargs, class, text string) {
	t.Helper()
	want := `{"_error":{"cls":"glance.common.exception.` + class + `","val":` + quoted(text) + `}}`
	if got := r.run(t, who, command, kwargs); got != want {
		t.Errorf("%s %s by %s:\n got %s\nwant %s", command, kwargs, who, got, want)
	}
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestRequests is the table of spec registry §3.
func TestRequests(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct {
		body   string
		status int
		text   string
	}{
		{"", 400, "Malformed JSON in request body."},
		{"[", 400, "Malformed JSON in request body."},
		{"{}", 400, "Request must be a list of commands"},
		{"null", 400, "Request must be a list of commands"},
		{`"x"`, 400, "Request must be a list of commands"},
		{"[]", 200, ""},
		{"[1]", 400, "Bad Command: 1"},
		{`[["image_get"]]`, 400, `Bad Command: ["image_get"]`},
		{`[{}]`, 400, `Wrong command structure: {}`},
		{`[{"command": ""}]`, 400, `Wrong command structure: {"command": ""}`},
		{`[{"command": 1}]`, 400, `Wrong command structure: {"command": 1}`},
		{`[{"command": "image_get", "kwargs": [1]}]`, 400, `Wrong command structure: {"command": "image_get", "kwargs": [1]}`},
		{`[{"command": "image_get", "kwargs": {}, "exact": 1}]`, 400, `Wrong command structure: {"command": "image_get", "kwargs": {}, "exact": 1}`},
		{`[{"command": "purge_deleted_rows"}]`, 404, "Command not found"},
		{`[{"command": "get_engine", "kwargs": {}}]`, 404, "Command not found"},
		{`[{"command": "metadef_namespace_get_all"}]`, 200, ""},
		{`[{"command": "metadef_everything_delete"}]`, 404, "Command not found"},
		{`[{"command": "image_get"}, {"command": "nonsense"}]`, 404, "Command not found"},
		{`[{"command": "image_get", "kwargs": []}]`, 200, ""},
	} {
		if a := r.send(t, "boss", "POST", "/rpc", tt.body); a.status != tt.status || tt.status >= 400 && a.text() != tt.text {
			t.Errorf("%s: answer %d %q, want %d %q", tt.body, a.status, a.text(), tt.status, tt.text)
		}
	}
}

// TestOrder: commands run in order, each for itself, and are answered in order.
func TestOrder(t *testing.T) {
	r := newRig(t)
	a := r.send(t, "boss", "POST", "/rpc", `[
		{"command": "image_create", "kwargs": {"values": {"id": "`+img1+`", "status": "queued"}}},
		{"command": "image_get", "kwargs": {"image_id": "`+unknown+`"}},
		{"command": "image_tag_create", "kwargs": {"image_id": "`+img1+`", "value": "b"}},
		{"command": "image_tag_create", "kwargs": {"image_id": "`+img1+`", "value": "a"}},
		{"command": "image_tag_get_all", "kwargs": {"image_id": "`+img1+`"}}]`)
	_, rest, _ := strings.Cut(a.body, "},{")
	if want := `"_error":{"cls":"glance.common.exception.ImageNotFound","val":"No image found with ID ` + unknown + `"}},"b","a",["b","a"]]`; rest != want {
		t.Errorf("%d %s, want %s", a.status, rest, want)
	}
}

func TestImageCommands(t *testing.T) {
	r := newRig(t)
	created := r.run(t, "alice", "image_create", `{"values": {"id": "`+img1+`", "name": "n", "status": "queued", "min_disk": 1,
		"properties": {"b": null, "a": "1"}, "created_at": {"_type": "datetime", "_value": "2020-01-02T03:04:05.000006"},
		"updated_at": {"_type": "datetime", "_value": "2020-01-02T03:04:05"}, "locations": [{"url": "file:///x", "metadata": {}, "status": "active"}]}}`)
	want := `{"id":"` + img1 + `","name":"n","size":null,"disk_format":null,"container_format":null,"checksum":null,"status":"queued",` +
		`"virtual_size":null,"min_disk":1,"min_ram":0,"visibility":"shared","owner":null,"protected":false,"os_hidden":false,` +
		`"os_hash_algo":null,"os_hash_value":null,"created_at":{"_type":"datetime","_value":"2020-01-02T03:04:05.000006"},` +
		`"updated_at":{"_type":"datetime","_value":"2020-01-02T03:04:05"},"deleted_at":null,"deleted":false,` +
		`"properties":[{"name":"a","value":"1","deleted":false},{"name":"b","value":null,"deleted":false}],` +
		`"locations":[{"id":1,"url":"file:///x","metadata":{},"status":"active"}],"tags":[],"_version":"`
	if !strings.HasPrefix(created, want) {
		t.Errorf("created\n%s, want\n%s", created, want)
	}
	if got := r.run(t, "boss", "image_get", `{"image_id": "`+img1+`"}`); got != created {
		t.Errorf("read\n%s, want\n%s", got, created)
	}
	if got := r.run(t, "boss", "image_get", `{"image_id": "`+img1+`", "v1_mode": true}`); strings.Contains(got, "visibility") || !strings.Contains(got, `"is_public":false`) {
		t.Errorf("in v1_mode: %s", got)
	}
	r.run(t, "boss", "image_update", `{"image_id": "`+img1+`", "values": {"status": "saving", "owner": "p-alpha", "properties": {"c": "3"}}, "from_state": "queued"}`)
	img := r.get(t, img1)
	if img.Status != glance.StatusSaving || len(img.Properties) != 3 || len(img.Locations) != 1 || *img.Name != "n" {
		t.Errorf("updated: %+v", img)
	}
	r.run(t, "alice", "image_update", `{"image_id": "`+img1+`", "values": {"properties": {"c": "4"}, "locations": []}, "purge_props": true}`)
	if img = r.get(t, img1); len(img.Properties) != 1 || len(img.Locations) != 0 {
		t.Errorf("purged: %+v", img)
	}
	if got := r.run(t, "alice", "image_destroy", `{"image_id": "`+img1+`"}`); !strings.Contains(got, `"deleted":true`) {
		t.Errorf("destroyed: %s", got)
	}
	r.fails(t, "alice", "image_get", `{"image_id": "`+img1+`"}`, "ImageNotFound", "No image found with ID "+img1)
	if got := r.run(t, "alice", "image_get", `{"image_id": "`+img1+`", "force_show_deleted": true}`); !strings.Contains(got, `"deleted":true`) {
		t.Errorf("deleted: %s", got)
	}
}

// TestRefusals: which exception stands for which error.
func TestRefusals(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	r.add(t, image(public, func(img *glance.Image) { img.ID = img2 }))
	r.member(t, "p-beta", false)
	id, other := `"image_id": "`+img1+`"`, `"image_id": "`+img2+`"`
	for _, tt := range []struct{ who, command, kwargs, class, text string }{
		{"boss", "image_get", `{}`, "Invalid", "image_id is missing."},
		{"carol", "image_get", `{` + id + `}`, "ImageNotFound", "No image found with ID " + img1},
		{"boss", "image_create", `{"values": {"id": "` + img1 + `", "status": "queued"}}`, "Duplicate", "Image ID " + img1 + " already exists!"},
		{"boss", "image_create", `{"values": {}}`, "Invalid", "Image status is required."},
		{"anon", "image_create", `{"values": {"status": "queued"}}`, "Forbidden", "Read-only access"},
		{"bob", "image_update", `{` + id + `, "values": {}}`, "Forbidden", "You do not own this image"},
		{"bob", "image_update", `{` + other + `, "values": {}}`, "ForbiddenPublicImage", "You do not own this image"},
		{"carol", "image_update", `{` + id + `, "values": {}}`, "ImageNotFound", "No image found with ID " + img1},
		{"anon", "image_update", `{` + other + `, "values": {}}`, "Forbidden", "Read-only access"},
		{
			"alice", "image_update", `{` + id + `, "values": {"status": "active"}, "from_state": "saving"}`, "Conflict",
			"cannot transition from queued to active in update (wanted from_state=saving)",
		},
		{"alice", "image_update", `{` + id + `, "values": {"visibility": "secret"}}`, "Invalid", "Invalid visibility value: secret"},
		{"bob", "image_destroy", `{` + id + `}`, "Forbidden", "You do not own this image"},
		{"boss", "image_restore", `{` + id + `}`, "Conflict", "cannot restore the image from queued to active (wanted from_state=pending_delete)"},
		{"boss", "image_property_create", `{"values": {` + id + `}}`, "Invalid", "name is missing."},
		{"boss", "image_property_delete", `{"prop_ref": "x", "image_ref": "` + img1 + `"}`, "NotFound", "Property x does not exist."},
		{"boss", "image_tag_delete", `{` + id + `, "value": "x"}`, "NotFound", "not found"},
		{"boss", "image_tag_set_all", `{` + id + `, "tags": [1]}`, "Invalid", "Invalid value for tags."},
		{"boss", "image_location_update", `{` + id + `, "location": {"id": 9, "url": "x"}}`, "NotFound", "No location found with ID 9 from image " + img1},
		{
			"boss", "image_location_delete", `{` + id + `, "location_id": 9, "status": "active"}`, "Invalid",
			"The status of deleted image location can only be set to 'pending_delete' or 'deleted'",
		},
		{"boss", "image_member_create", `{"values": {` + id + `, "member": "p-beta"}}`, "Duplicate", "Member p-beta is duplicated for image " + img1},
		{"boss", "image_member_create", `{"values": {"image_id": "` + unknown + `", "member": "x"}}`, "ImageNotFound", "No image found with ID " + unknown},
		{"bob", "image_member_create", `{"values": {` + id + `, "member": "x"}}`, "Forbidden", "No permission to share that image"},
		{"bob", "image_member_update", `{"memb_id": "` + img1 + `:p-beta", "values": {"can_share": true}}`, "Forbidden", "No permission to share that image"},
		{"carol", "image_member_update", `{"memb_id": "` + img1 + `:p-beta", "values": {"status": "accepted"}}`, "ImageNotFound", "No image found with ID " + img1},
		{"boss", "image_member_update", `{"memb_id": 7, "values": {}}`, "NotFound", "No member found with ID "},
		{"boss", "image_member_update", `{"memb_id": "` + img1 + `:p-beta", "values": {"status": "x"}}`, "Invalid", "Invalid status: x"},
		{"bob", "image_member_delete", `{"memb_id": "` + img1 + `:p-beta"}`, "Forbidden", "No permission to share that image"},
		{"boss", "image_member_find", `{}`, "Invalid", "image_id or member is missing."},
		{"alice", "user_get_storage_usage", `{"owner_id": "p-beta"}`, "Forbidden", "The usage of another project is not told."},
		{"boss", "image_set_property_atomic", `{` + id + `, "name": "x", "value": "t"}`, "Invalid", "Only os_glance_import_task is set like this."},
		{"bob", "image_set_property_atomic", `{` + id + `, "name": "os_glance_import_task", "value": "t"}`, "Forbidden", "You do not own this image"},
		{"boss", "image_delete_property_atomic", `{` + id + `, "name": "os_glance_import_task", "value": "t"}`, "NotFound", "Image " + img1 + " is not locked by task t"},
		{"boss", "task_get", `{"task_id": "x"}`, "TaskNotFound", "No task found with ID x"},
		{"boss", "task_get_all", `{"sort_key": "input"}`, "Invalid", "Invalid sort key: input"},
		{"boss", "task_get_all", `{"limit": -1}`, "Invalid", "Invalid value for limit."},
		{"boss", "task_get_all", `{"marker": "x"}`, "TaskNotFound", "No task found with ID x"},
		{"boss", "image_get_all", `{"limit": -1}`, "Invalid", "limit param must be positive"},
		{"boss", "image_get_all", `{"sort_key": ["password"]}`, "Invalid", `There is no column "password" to sort by.`},
		{"boss", "image_get_all", `{"sort_dir": ["up"]}`, "Invalid", "Unknown sort direction, must be one of: asc, desc"},
		{"boss", "image_get_all", `{"marker": "` + unknown + `"}`, "ImageNotFound", "No image found with ID " + unknown},
		{"boss", "image_get_all", `{"filters": {"visibility": "secret"}}`, "Invalid", "Invalid visibility value: secret"},
		{"boss", "image_get_all", `{"filters": {"size_min": "x"}}`, "Invalid", "Unable to filter on a range with a non-numeric value."},
		{"boss", "image_get_all", `{"filters": {"changes-since": "x"}}`, "Invalid", "Unrecognized changes-since value"},
	} {
		r.fails(t, tt.who, tt.command, tt.kwargs, tt.class, tt.text)
	}
}

// TestModules: exceptions of other modules stand in the text of one that every
// client knows.
func TestModules(t *testing.T) {
	r := newRig(t, func(d *registry.Door) { d.Modules = []string{"builtins"} })
	r.fails(t, "boss", "image_get", `{"image_id": "`+unknown+`"}`, "RPCError",
		"glance.common.exception.ImageNotFound exception was raised in the last rpc call: No image found with ID "+unknown)
}

// broken is a database that fails.
type broken struct {
	metadata.Store
	err error
}

func (b broken) Members(context.Context, string) ([]glance.Member, error) { return nil, b.err }

func TestFailures(t *testing.T) {
	r := newRig(t, func(d *registry.Door) { d.DB = broken{d.DB, glance.Internal} })
	r.fails(t, "boss", "image_member_count", `{"image_id": "x"}`, "RPCError", "An unknown exception occurred.")
	r = newRig(t, func(d *registry.Door) { d.DB = broken{d.DB, glance.Errorf(glance.Unavailable, "down")} })
	r.send(t, "boss", "POST", "/rpc", `[{"command": "image_member_count", "kwargs": {"image_id": "x"}}]`).wants(t, 503, "down")
}

func TestChildCommands(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	id := `"image_id": "` + img1 + `"`
	for _, tt := range []struct{ who, command, kwargs, want string }{
		{"alice", "image_tag_set_all", `{` + id + `, "tags": ["b", "a", "b"]}`, "null"},
		{"alice", "image_tag_delete", `{` + id + `, "value": "b"}`, "null"},
		{"alice", "image_tag_create", `{` + id + `, "value": "c"}`, `"c"`},
		{"alice", "image_tag_get_all", `{` + id + `}`, `["a","c"]`},
		{"alice", "image_property_create", `{"values": {` + id + `, "name": "p", "value": "1"}}`, `{"deleted":false,"image_id":"` + img1 + `","name":"p","value":"1"}`},
		{"alice", "image_property_delete", `{"prop_ref": "p", "image_ref": "` + img1 + `"}`, `{"deleted":true,"image_id":"` + img1 + `","name":"p"}`},
		{"alice", "image_location_add", `{` + id + `, "location": {"url": "file:///x", "metadata": {"a": 1.50}, "status": "active"}}`, "null"},
		{"alice", "image_location_update", `{` + id + `, "location": {"id": 1, "url": "file:///y", "metadata": {"a": 1.50}, "status": "active"}}`, "null"},
		{"alice", "image_member_create", `{"values": {` + id + `, "member": "p-beta", "can_share": true}}`, ""},
		{"alice", "image_member_count", `{` + id + `}`, "1"},
		{"alice", "user_get_storage_usage", `{"owner_id": "p-alpha"}`, "0"},
		{"alice", "image_set_property_atomic", `{` + id + `, "name": "os_glance_import_task", "value": "t"}`, "null"},
		{"alice", "image_delete_property_atomic", `{` + id + `, "name": "os_glance_import_task", "value": "t"}`, "null"},
	} {
		if got := r.run(t, tt.who, tt.command, tt.kwargs); tt.want != "" && got != tt.want {
			t.Errorf("%s: %s, want %s", tt.command, got, tt.want)
		}
	}
	img := r.get(t, img1)
	if len(img.Locations) != 1 || img.Locations[0].URL != "file:///y" || img.Locations[0].Metadata["a"] != json.Number("1.50") || len(img.Properties) != 0 {
		t.Errorf("image: %+v", img)
	}
	r.run(t, "alice", "image_location_delete", `{`+id+`, "location_id": 1, "status": "pending_delete"}`)
	if got := r.get(t, img1); len(got.Locations) != 0 {
		t.Errorf("locations: %+v", got.Locations)
	}
}

func TestMemberCommands(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	row := r.run(t, "alice", "image_member_create", `{"values": {"image_id": "`+img1+`", "member": "p-beta"}}`)
	if want := `{"id":"` + img1 + `:p-beta","image_id":"` + img1 + `","member":"p-beta","can_share":false,"status":"pending","created_at":{"_type":"datetime"`; !strings.HasPrefix(row, want) {
		t.Errorf("created %s", row)
	}
	r.run(t, "bob", "image_member_update", `{"memb_id": "`+img1+`:p-beta", "values": {"status": "accepted"}}`)
	r.member(t, "p-gamma", false)
	for _, tt := range []struct {
		who, kwargs string
		want        int
	}{
		{"alice", `{"image_id": "` + img1 + `"}`, 2},
		{"bob", `{"image_id": "` + img1 + `"}`, 1},
		{"anon", `{"image_id": "` + img1 + `"}`, 0},
		{"alice", `{"image_id": "` + img1 + `", "member": "p-gamma"}`, 1},
		{"boss", `{"image_id": "` + img1 + `", "status": "accepted"}`, 1},
		{"boss", `{"image_id": "` + img1 + `", "status": "all"}`, 2},
		{"boss", `{"member": "p-beta"}`, 1},
		{"bob", `{"member": "p-beta"}`, 1},
		{"carol", `{"member": "p-beta"}`, 0},
		{"boss", `{"image_id": "` + unknown + `"}`, 0},
	} {
		var rows []map[string]any
		if text := r.run(t, tt.who, "image_member_find", tt.kwargs); json.Unmarshal([]byte(text), &rows) != nil || len(rows) != tt.want {
			t.Errorf("%s finds by %s: %s", tt.who, tt.kwargs, text)
		}
	}
	r.run(t, "alice", "image_member_delete", `{"memb_id": "`+img1+`:p-beta"}`)
	if got := r.run(t, "alice", "image_member_count", `{"image_id": "`+img1+`"}`); got != "1" {
		t.Errorf("%s members are left", got)
	}
}

func TestTaskCommands(t *testing.T) {
	r := newRig(t)
	row := r.run(t, "alice", "task_create", `{"values": {"id": "t1", "type": "import", "image_id": "`+img1+`", "owner": "p-x",
		"input": {"z": 1, "a": [1.50]}, "expires_at": {"_type": "datetime", "_value": "2099-01-01T00:00:00"}}}`)
	if !strings.HasPrefix(row, `{"id":"t1","type":"import","status":"pending","owner":"p-alpha","image_id":"`+img1+`","request_id":null,"user_id":null,"input":{"z":1,"a":[1.50]},`) {
		t.Errorf("created %s", row)
	}
	r.fails(t, "alice", "task_create", `{"values": {"id": "t1", "type": "import"}}`, "Duplicate", "Task ID t1 already exists!")
	r.fails(t, "bob", "task_update", `{"task_id": "t1", "values": {}}`, "TaskNotFound", "No task found with ID t1")
	row = r.run(t, "alice", "task_update", `{"task_id": "t1", "values": {"status": "success", "result": {"n": 1}, "owner": "p-x", "message": "m"}}`)
	if !strings.Contains(row, `"status":"success","owner":"p-alpha"`) || !strings.Contains(row, `"result":{"n":1},"message":"m"`) {
		t.Errorf("updated %s", row)
	}
	if list := r.run(t, "alice", "task_get_all", `{"filters": {"image_id": "`+img1+`", "deleted": false}}`); !strings.HasPrefix(list, `[{"id":"t1"`) {
		t.Errorf("listed %s", list)
	}
	r.run(t, "alice", "task_delete", `{"task_id": "t1"}`)
	r.fails(t, "alice", "task_get", `{"task_id": "t1"}`, "TaskNotFound", "No task found with ID t1")
	if row := r.run(t, "alice", "task_get", `{"task_id": "t1", "force_show_deleted": true}`); !strings.Contains(row, `"deleted":true`) {
		t.Errorf("deleted %s", row)
	}
}

// TestRestore takes back a delayed deletion with its data.
func TestRestore(t *testing.T) {
	r := newRig(t)
	r.add(t, image(func(img *glance.Image) { img.Locations = []glance.Location{{URL: "file:///x"}} }))
	_, err := r.db.UpdateImage(t.Context(), metadata.Everything(), img1, func(img *glance.Image) error {
		img.Status, img.Deleted, img.Locations[0].Status = glance.StatusPendingDelete, true, glance.LocationPendingDelete
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.run(t, "boss", "image_restore", `{"image_id": "`+img1+`"}`); got != "null" {
		t.Fatal(got)
	}
	if img := r.get(t, img1); img.Deleted || img.Status != glance.StatusActive || len(img.Locations) != 1 {
		t.Errorf("restored: %+v", img)
	}
}

// TestImageGetAll: the filters of the original, in its words.
func TestImageGetAll(t *testing.T) {
	r := newRig(t)
	for n, letter := range "abcdef" {
		name := string(letter)
		img := image(func(img *glance.Image) {
			img.ID, img.Name, img.Size = strings.ReplaceAll(img1, "1", name), &name, new(int64(10*n))
			img.CreatedAt = img.CreatedAt.AddDate(0, 0, n)
			img.UpdatedAt = img.CreatedAt
		})
		switch letter {
		case 'b':
			img.Visibility, img.Owner = glance.VisibilityPublic, "p-beta"
		case 'c':
			img.Protected, img.Tags = true, []string{"t", "u"}
			img.Properties = []glance.Property{{Name: "os", Value: "linux"}}
		case 'd':
			img.Visibility = glance.VisibilityCommunity
		}
		r.add(t, img)
	}
	r.run(t, "boss", "image_destroy", `{"image_id": "`+strings.ReplaceAll(img1, "1", "f")+`"}`)
	for _, tt := range []struct{ who, kwargs, want string }{
		{"alice", `{}`, "fedcba"},
		{"alice", `{"filters": {"deleted": false}}`, "edcba"},
		{"alice", `{"filters": {"deleted": true}}`, "f"},
		{"bob", `{"filters": {"deleted": false}}`, "b"},
		{"boss", `{"filters": {"deleted": false}}`, "ecba"},
		{"boss", `{"filters": {"deleted": false, "visibility": "all"}}`, "edcba"},
		{"boss", `{"filters": {"visibility": "public"}}`, "b"},
		{"boss", `{"filters": {"deleted": false}, "admin_as_user": true}`, "b"},
		{"boss", `{"filters": {"deleted": false}, "is_public": false}`, "eca"},
		{"boss", `{"is_public": true}`, "b"},
		{"boss", `{"filters": {"is_public": true}}`, "b"},
		{"alice", `{"limit": 2, "sort_key": ["name"], "sort_dir": ["asc"]}`, "ab"},
		{"alice", `{"sort_key": "name", "sort_dir": "asc", "limit": 1}`, "a"},
		{"alice", `{"sort_key": ["protected", "name"], "sort_dir": ["desc", "asc"]}`, "cabdef"},
		{"alice", `{"marker": "` + strings.ReplaceAll(img1, "1", "c") + `"}`, "ba"},
		{"alice", `{"limit": 0}`, ""},
		{"alice", `{"limit": null}`, "fedcba"},
		{"alice", `{"filters": {"name": "a"}}`, "a"},
		{"alice", `{"filters": {"name": "in:a,\"b\""}}`, "ba"},
		{"alice", `{"filters": {"size_min": 20, "size_max": "30"}}`, "dc"},
		{"alice", `{"filters": {"protected": true}}`, "c"},
		{"alice", `{"filters": {"os_hidden": true}}`, ""},
		{"alice", `{"filters": {"tags": ["u", "t"]}}`, "c"},
		{"alice", `{"filters": {"properties": {"os": "linux"}}}`, "c"},
		{"alice", `{"filters": {"os": "linux"}}`, "c"},
		{"alice", `{"filters": {"owner": "p-beta"}}`, "b"},
		{"alice", `{"filters": {"changes-since": {"_type": "datetime", "_value": "2020-01-06T00:00:00"}}}`, "fe"},
		{"alice", `{"filters": {"created_at": "gte:2020-01-06T00:00:00"}}`, "fe"},
	} {
		var rows []struct{ Name string }
		text := r.run(t, tt.who, "image_get_all", tt.kwargs)
		if err := json.Unmarshal([]byte(text), &rows); err != nil {
			t.Errorf("%s: %s", tt.kwargs, text)
			continue
		}
		got := ""
		for _, row := range rows {
			got += row.Name
		}
		if got != tt.want {
			t.Errorf("%s by %s: %s, want %s", tt.kwargs, tt.who, got, tt.want)
		}
	}
}

// TestExactScope: nobody sees more by asking to look with others' eyes.
func TestExactScope(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	for _, tt := range []struct {
		who, scope string
		sees       bool
	}{
		{"bob", `{"admin": true}`, false},
		{"bob", `{"project": "p-alpha"}`, false},
		{"alice", `{"project": "p-beta"}`, true},
		{"boss", `{"project": "p-beta"}`, false},
		{"boss", `{"project": "p-alpha"}`, true},
		{"boss", `{"admin": true}`, true},
	} {
		a := r.send(t, tt.who, "POST", "/rpc", `[{"command": "image_get", "kwargs": {"image_id": "`+img1+`"}, "exact": {"scope": `+tt.scope+`}}]`)
		if sees := strings.Contains(a.body, `"status"`); sees != tt.sees || a.header.Get("X-Glance-Registry-Exact") != "true" {
			t.Errorf("%s with %s: %s", tt.who, tt.scope, a.body)
		}
	}
}

// FuzzRPC sends any request: whatever comes is answered.
func FuzzRPC(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{"command": "image_get", "kwargs": {"image_id": "x"}}]`, `[{"command": "image_create", "kwargs": {"values": {"status": "queued", "size": 1e99}}}]`,
		`[{"command": "image_get_all", "kwargs": {"filters": {"created_at": {"_type": "datetime", "_value": "x"}}, "sort_key": [1]}}]`,
		`[{"command": "image_update", "kwargs": {"image_id": "` + img1 + `", "values": {"locations": [{"id": 1.5, "url": null}], "tags": 1}}, "exact": {"tags": null}}]`,
		`[{"command": "task_create", "kwargs": {"values": {"input": [[[]]], "expires_at": 7}}}]`, `{"command": 1}`, `[[`, "\xff",
		`[{"command": "image_get_all", "exact": {"where": [{"column": "name", "op": 99}], "after": {}}}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := newRig(t)
		r.add(t, image())
		req := httptest.NewRequest(http.MethodPost, "/rpc", strings.NewReader(body))
		req.Header.Set("X-Who", "boss")
		rec := httptest.NewRecorder()
		r.handler.ServeHTTP(rec, req)
		if rec.Code >= 500 || rec.Code == 200 && !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%q: %d %s", body, rec.Code, rec.Body)
		}
	})
}
