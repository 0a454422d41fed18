package v2_test

import (
	"strings"
	"testing"

	"glance/internal/glance"
)

const (
	draft10 = "application/openstack-images-v2.1-json-patch"
	draft4  = "application/openstack-images-v2.0-json-patch"
)

func (r *rig) patch(t *testing.T, mediaType, id string, body string) answer {
	t.Helper()
	return r.send(t, call{method: "PATCH", path: "/v2/images/" + id, body: body, header: map[string]string{"Content-Type": mediaType}})
}

// TestPatchMediaType is spec images-v2 §9.1.
func TestPatchMediaType(t *testing.T) {
	const known = draft4 + ", " + draft10
	r := newRig(t)
	r.add(t, image())
	for _, bad := range []string{"", "application/json", "application/json-patch+json", draft10 + "x", "text/" + draft10} {
		a := r.patch(t, bad, unknown, "no JSON")
		a.want(t, fault{415, "", "Image PATCH expects Content-Type one of: " + known})
		if got := a.header.Get("Accept-Patch"); got != known {
			t.Errorf("Accept-Patch: %q", got)
		}
	}
	for _, good := range []string{draft4, draft10, draft10 + "; charset=utf-8", draft10 + ";charset=x"} {
		if a := r.patch(t, good, img1, "[]"); a.status != 200 || a.decode(t)["id"] != img1 {
			t.Errorf("%s: %d %s", good, a.status, a.body)
		}
	}
}

// TestPatchRefused is spec images-v2 §9.2: all of it comes before the image is
// looked up.
func TestPatchRefused(t *testing.T) {
	const ops = "It must be one of the following: add, remove, replace."
	invalid := func(text string) fault { return fault{400, text, ""} }
	readOnly := func(name string) fault { return fault{403, "Attribute '" + name + "' is read-only.", ""} }
	reserved := func(name string) fault { return fault{403, "Attribute '" + name + "' is reserved.", ""} }
	pointer := func(path string) string { return `[{"op": "add", "path": "` + path + `", "value": "x"}]` }
	tests := []struct {
		mediaType, body string
		want            fault
	}{
		{draft10, `{}`, invalid("Request body must be a JSON array of operation objects.")},
		{draft10, `["x"]`, invalid("Operations must be JSON objects.")},
		{draft10, `[{"path": "/x"}]`, invalid("Unable to find `op` in JSON Schema change. " + ops)},
		{draft10, `[{"op": "test", "path": "/x"}]`, invalid("Invalid operation: `test`. " + ops)},
		{draft10, `[{"op": "move", "path": "/x"}]`, invalid("Invalid operation: `move`. " + ops)},
		{draft10, `[{"op": "add"}]`, invalid("Unable to find 'path' in JSON Schema change")},
		{draft4, `[{"value": "x"}]`, invalid(`Operation objects must contain exactly one member named "add", "remove", or "replace".`)},
		{draft4, `[{"add": "/x", "remove": "/x"}]`, invalid(`Operation objects must contain only one member named "add", "remove", or "replace".`)},
		{draft10, pointer("x"), invalid("Pointer `x` does not start with \"/\".")},
		{draft10, pointer(""), invalid("Pointer `` does not start with \"/\".")},
		{draft10, pointer("/a//b"), invalid("Pointer `/a//b` contains adjacent \"/\".")},
		{draft10, pointer("/a/ /b"), invalid("Pointer `/a/ /b` contains adjacent \"/\".")},
		{draft10, pointer("/a/"), invalid("Pointer `/a/` end with \"/\".")},
		{draft10, pointer("/a~2"), invalid("Pointer `/a~2` contains \"~\" not part of a recognized escape sequence.")},
		{draft10, pointer("/a/b"), invalid("Invalid JSON pointer for this resource: '/a/b'")},
		{draft10, pointer("/tags/-"), invalid("Invalid JSON pointer for this resource: '/tags/-'")},
		{draft10, `[{"op": "remove", "path": "/locations"}]`, invalid("Invalid JSON pointer for this resource: '/locations'")},
		{draft10, `[{"op": "add", "path": "/x"}]`, invalid(`Operation "add" requires a member named "value".`)},
		{draft10, `[{"op": "replace", "path": "/x"}]`, invalid(`Operation "replace" requires a member named "value".`)},
		{draft10, `[{"op": "replace", "path": "/name", "value": 5}]`, invalid("Provided object does not match schema 'image': …")},
		{draft10, `[{"op": "add", "path": "/` + strings.Repeat("k", 256) + `", "value": "v"}]`, invalid("Custom property should not be greater than 255 characters.")},
		{draft10, pointer("/os_glance_x"), reserved("os_glance_x")},
		{draft10, pointer("/location"), reserved("location")},
		{draft10, `[{"op": "remove", "path": "/deleted"}]`, reserved("deleted")},
		{draft10, pointer("/deleted_at"), reserved("deleted_at")},
		// Earlier operations and earlier rows count first.
		{draft10, `[{"op": "add", "path": "/name", "value": 5}, {"op": "test"}]`, invalid("Provided object does not match schema 'image': …")},
		{draft10, `[{"op": "add", "path": "/id/b"}]`, invalid("Invalid JSON pointer for this resource: '/id/b'")},
		{draft10, `[{"op": "add", "path": "/id"}]`, invalid(`Operation "add" requires a member named "value".`)},
	}
	for _, name := range []string{
		"id", "created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url", "self", "file", "schema", "os_hash_algo", "os_hash_value",
	} {
		for _, body := range []string{pointer("/" + name), `[{"op": "remove", "path": "/` + name + `"}]`, `[{"op": "replace", "path": "/` + name + `", "value": []}]`} {
			tests = append(tests, struct {
				mediaType, body string
				want            fault
			}{draft10, body, readOnly(name)})
		}
	}
	r := newRig(t)
	for _, tt := range tests {
		a := r.patch(t, tt.mediaType, unknown, tt.body)
		if strings.HasSuffix(tt.want.explanation, "…") {
			tt.want.detail = "…"
		}
		a.want(t, tt.want)
	}
	r.patch(t, draft10, unknown, pointer("/x")).want(t, fault{404, "No image found with ID " + unknown, ""})
}

func TestPatchSchema(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	for name, values := range badValues {
		for _, value := range values {
			body := marshal(t, []any{map[string]any{"op": "replace", "path": "/" + name, "value": value}})
			r.patch(t, draft10, img1, body).want(t, fault{400, "Provided object does not match schema 'image': …", "…"})
		}
	}
}

// TestPatchTokens: how pointers name properties, and what is ignored.
func TestPatchTokens(t *testing.T) {
	tests := []struct{ path, name string }{
		{"/a~1b", "a/b"}, {"/a~0b", "a~b"}, {"/a~01", "a~1"}, {"/ spaced ", "spaced"}, {"/", ""}, {"/image_id", "image_id"}, {"/extra_properties", "extra_properties"},
	}
	for _, tt := range tests {
		r := newRig(t)
		r.add(t, image())
		a := r.patch(t, draft10, img1, `[{"op": "add", "path": "`+tt.path+`", "value": "v", "more": 1}]`)
		if a.status != 200 || a.decode(t)[tt.name] != "v" {
			t.Errorf("%q: %d %s", tt.path, a.status, a.body)
		}
		a = r.patch(t, draft4, img1, `[{"replace": "`+tt.path+`", "value": "w"}, {"remove": "`+tt.path+`"}]`)
		if _, there := a.decode(t)[tt.name]; a.status != 200 || there {
			t.Errorf("%q: %d %s", tt.path, a.status, a.body)
		}
	}
}

// TestPatchApplied has an answer of each kind from behind the door.
func TestPatchApplied(t *testing.T) {
	tests := []struct {
		mediaType, body string
		want            fault
	}{
		{draft10, `[{"op": "replace", "path": "/nope", "value": "v"}]`, fault{409, "", "Property nope does not exist."}},
		{draft10, `[{"op": "replace", "path": "/stores", "value": "v"}]`, fault{409, "", "Property stores does not exist."}},
		{draft10, `[{"op": "replace", "path": "/owner", "value": "p-beta"}]`, fault{403, "", "Owner can't be updated by non admin."}},
		{draft4, `[{"add": "/name", "value": "v"}]`, fault{409, "", "Property name already present."}},
		{draft4, `[{"add": "/old", "value": "v"}]`, fault{409, "", "Property old already present."}},
		{draft10, `[{"op": "remove", "path": "/tags"}]`, fault{403, "", "Property tags may not be removed."}},
		{draft10, `[{"op": "add", "path": "/visibility", "value": "public"}]`, fault{403, "You are not authorized to complete publicize_image action.", ""}},
		{draft10, `[{"op": "add", "path": "/min_ram", "value": -3}]`, fault{400, "Invalid value '-3' for parameter 'min_ram': Cannot be a negative value", ""}},
	}
	for _, tt := range tests {
		r := newRig(t)
		r.add(t, image(func(img *glance.Image) { img.Properties = []glance.Property{{Name: "old", Value: "o"}} }))
		r.patch(t, tt.mediaType, img1, tt.body).want(t, tt.want)
	}
}
