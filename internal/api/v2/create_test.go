package v2_test

import (
	"strings"
	"testing"
)

// TestCreateReadOnly is rows 2 and 12 of spec images-v2 §6, for each attribute.
func TestCreateReadOnly(t *testing.T) {
	values := map[string]any{
		"direct_url": "x", "self": "x", "file": "x", "schema": "x", "stores": "x",
		"status": "active", "checksum": "x", "os_hash_algo": "x", "os_hash_value": "x", "size": 1, "virtual_size": nil, "created_at": "x", "updated_at": "x",
	}
	r := newRig(t)
	for name, value := range values {
		r.sendJSON(t, "POST", "/v2/images", map[string]any{name: value}).want(t, fault{403, "Attribute '" + name + "' is read-only.", ""})
	}
	for _, name := range []string{"direct_url", "self", "file", "schema", "stores"} {
		r.sendJSON(t, "POST", "/v2/images", map[string]any{name: nil, "name": 5}).want(t, fault{403, "Attribute '" + name + "' is read-only.", ""})
	}
	for _, name := range []string{"location", "deleted", "deleted_at", "os_glance", "os_glance_x", "os_glancex"} {
		r.sendJSON(t, "POST", "/v2/images", map[string]any{name: "x"}).want(t, fault{403, "", "Attribute '" + name + "' is reserved."})
	}
	r.sendJSON(t, "POST", "/v2/images", map[string]any{"locations": []any{map[string]any{"url": "http://x", "metadata": map[string]any{}}}}).
		want(t, fault{403, "Attribute 'locations' is reserved.", ""})
}

// badValues violate the image schema, by attribute (spec schemas-v2 §1).
var badValues = map[string][]any{
	"name": {5, true, []string{}, strings.Repeat("é", 256)}, "visibility": {"secret", nil, "", 1},
	"protected": {"true", 1, nil}, "os_hidden": {"false", 0, nil}, "owner": {5, strings.Repeat("x", 256)},
	"container_format": {"zip", "", 1}, "disk_format": {"zip", "", 1}, "tags": {nil, "x", map[string]any{}, []any{1}, []string{strings.Repeat("x", 256)}},
	"min_disk": {"1", 1.5, true, nil}, "min_ram": {"1", 1.5, false, nil}, "custom": {5, nil, true, 1.5, []string{"x"}, map[string]any{}},
}

// TestCreateSchema is row 3.
func TestCreateSchema(t *testing.T) {
	r := newRig(t)
	bad := map[string][]any{"id": {"x", "", nil, 5, strings.Repeat("1", 36), img1 + "1"}, "status": {"x"}, "size": {"1"}, "checksum": {strings.Repeat("x", 33)}}
	for _, attributes := range []map[string][]any{bad, badValues} {
		for name, values := range attributes {
			for _, value := range values {
				a := r.sendJSON(t, "POST", "/v2/images", map[string]any{name: value})
				a.want(t, fault{400, "Provided object does not match schema 'image': …", "…"})
			}
		}
	}
}

// TestCreateAnswer: what passes, and how it comes back.
func TestCreateAnswer(t *testing.T) {
	tests := []struct{ body, want string }{
		{`{}`, `"name": null, "disk_format": null, "container_format": null, "visibility": "shared", "size": null`},
		{`{"name": ""}`, `{"name": ""`},
		{`{"min_disk": 1.0, "min_ram": 2e1}`, `"min_ram": 20, "min_disk": 1`},
		{`{"disk_format": null, "container_format": "bare"}`, `"disk_format": null, "container_format": "bare"`},
		{`{"tags": ["b", "b", ""]}`, `"tags": ["b", ""]`},
		{`{"": "", "zz": "é", "aa": "\u0000"}`, `{"": "", "aa": "\u0000", "zz": "é", "name": null`},
		{`{"is_public": "x", "copy_from": "y"}`, `{"copy_from": "y", "is_public": "x", `},
		{`{"id": "` + img1 + `"}`, `"id": "` + img1 + `"`},
		{`{"name": "` + strings.Repeat("é", 255) + `"}`, strings.Repeat("é", 255)},
	}
	for _, tt := range tests {
		r := newRig(t)
		a := r.send(t, call{method: "POST", path: "/v2/images", body: tt.body, header: map[string]string{"X-Image-Meta-Store": "nope"}})
		if a.status != 201 || !strings.Contains(a.body, tt.want) {
			t.Errorf("%s: %d %s\nwant %s", tt.body, a.status, a.body, tt.want)
		}
		id, _ := a.decode(t)["id"].(string)
		for name, want := range map[string]string{
			"Location": "http://example.com/v2/images/" + id, "Openstack-Image-Import-Methods": "glance-direct,web-download",
			"Openstack-Image-Store-Ids": "fast,cheap", "Content-Type": "application/json",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
	r := newRig(t)
	r.door.Config.ImportMethods, r.door.Config.StoreIDs = nil, nil
	a := r.send(t, call{who: "boss", method: "POST", path: "/v2/images", body: `{"owner": ""}`})
	if a.status != 201 || !strings.Contains(a.body, `"owner": ""`) || len(a.header.Values("Openstack-Image-Import-Methods")) > 0 ||
		len(a.header.Values("Openstack-Image-Store-Ids")) > 0 {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
}

// TestCreateHugeNumber: a short text of a huge number costs nothing.
func TestCreateHugeNumber(t *testing.T) {
	r := newRig(t)
	for _, n := range []string{"1e999999", "1e999999999", "123456789012345678901234567890"} {
		a := r.send(t, call{method: "POST", path: "/v2/images", body: `{"min_disk": ` + n + `}`})
		if a.status != 400 {
			t.Errorf("%s: %d %s", n, a.status, a.body)
		}
	}
}
