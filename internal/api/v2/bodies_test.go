package v2_test

import (
	"strings"
	"testing"

	"glance/internal/glance"
)

// TestBodiesRefused is spec images-v2 §1.3: which routes want no body.
func TestBodiesRefused(t *testing.T) {
	const one = "/v2/images/" + img1
	refusing := []string{
		"GET " + one, "GET " + one + "/tasks", "DELETE " + one, "POST " + one + "/actions/deactivate", "POST " + one + "/actions/reactivate",
		"GET " + one + "/file", "HEAD " + one + "/file", "PUT " + one + "/tags/x", "DELETE " + one + "/tags/x", "GET " + one + "/members",
		"GET " + one + "/members/x", "DELETE " + one + "/members/x", "GET /v2/info/import", "GET /v2/info/stores",
		"GET /v2/info/stores/detail", "GET /v2/info/usage", "GET /v2/schemas/image", "GET /v2/schemas/images", "GET /v2/schemas/member",
		"GET /v2/schemas/task", "GET /v2/schemas/tasks",
	}
	r := newRig(t)
	r.add(t, image())
	for _, route := range refusing {
		method, path, _ := strings.Cut(route, " ")
		a := r.send(t, call{method: method, path: path, body: "{}"})
		if method == "HEAD" {
			if a.status != 400 {
				t.Errorf("%s: %d", route, a.status)
			}
			continue
		}
		a.want(t, fault{400, "A body is not expected with this request.", ""})
	}
	if a := r.send(t, call{method: "GET", path: "/v2/images", body: "{}"}); a.status != 200 {
		t.Errorf("list: %d %s", a.status, a.body)
	}
}

// TestBodiesJSON is the rest of that section, for all routes that want JSON.
func TestBodiesJSON(t *testing.T) {
	const one = "/v2/images/" + img1
	header := map[string]string{"Content-Type": draft10}
	routes := []struct{ method, path string }{{"POST", "/v2/images"}, {"PATCH", one}, {"POST", one + "/members"}, {"PUT", one + "/members/p-beta"}}
	for _, route := range routes {
		for body, want := range map[string]string{
			"":           "Body expected in request.",
			"{":          "Malformed JSON in request body.",
			"{}{}":       "Malformed JSON in request body.",
			"\xff":       "Malformed JSON in request body.",
			"{\"\xff\":": "Malformed JSON in request body.",
			`"text"`:     "Unexpected body type. Expected list/dict.",
			"5":          "Unexpected body type. Expected list/dict.",
			"null":       "Unexpected body type. Expected list/dict.",
		} {
			r := newRig(t)
			r.add(t, image())
			r.send(t, call{method: route.method, path: route.path, body: body, header: header}).want(t, fault{400, want, ""})
		}
	}
	r := newRig(t)
	r.add(t, image())
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/v2/images", "[]", "Unexpected body type. Expected list/dict."},
		{"PATCH", one, "{}", "Request body must be a JSON array of operation objects."},
		{"POST", one + "/members", "[]", `Expected a member in the form: {"member": "image_id"}`},
		{"POST", one + "/members", "{}", "Member to be added not specified"},
		{"POST", one + "/members", `{"member": ""}`, "Member can't be empty"},
		{"POST", one + "/members", `{"member": null}`, "Member can't be empty"},
		{"POST", one + "/members", `{"member": 5}`, `Expected a member in the form: {"member": "image_id"}`},
		{"PUT", one + "/members/x", "[]", `Expected a status in the form: {"status": "status"}`},
		{"PUT", one + "/members/x", "{}", "Status not specified"},
	} {
		r.send(t, call{method: c.method, path: c.path, body: c.body, header: header}).want(t, fault{400, c.want, ""})
	}
}

// TestRendering is spec images-v2 §1.4 with errors that have a text in one
// slot, in the other, and markup in it.
func TestRendering(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	const file = "/v2/images/" + img1 + "/file"
	tests := []struct {
		call
		accept, contentType, want string
	}{
		{
			call{method: "GET", path: "/v2/images/<x>"},
			"*/*", "text/html; charset=UTF-8",
			"<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n" +
				"  No image found with ID &lt;x&gt;<br /><br />\n\n\n\n </body>\n</html>",
		},
		{
			call{method: "GET", path: "/v2/images/<x>"},
			"application/json", "application/json",
			`{"message": "No image found with ID <x><br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`,
		},
		{
			call{method: "POST", path: "/v2/images", body: `{"deleted": "x"}`},
			"application/json", "application/json",
			`{"message": "Access was denied to this resource.<br /><br />\nAttribute 'deleted' is reserved.\n\n", "code": "403 Forbidden", "title": "Forbidden"}`,
		},
		{
			call{method: "POST", path: "/v2/images", body: `{"deleted": "x"}`},
			"", "text/plain; charset=UTF-8",
			"403 Forbidden\n\nAccess was denied to this resource.\n\n Attribute 'deleted' is reserved.  ",
		},
		{
			call{method: "PUT", path: file, body: "x"},
			"application/json", "application/json",
			`{"message": "The request media type ${CONTENT_TYPE} is not supported by this server.\n<br /><br />\nInvalid content type None", ` +
				`"code": "415 Unsupported Media Type", "title": "Unsupported Media Type"}`,
		},
		{
			call{method: "PUT", path: file, body: strings.Repeat("x", 1001), header: octets()},
			"", "text/plain; charset=UTF-8",
			"413 Request Entity Too Large\n\nThe incoming image is too large: The provided image is too large.\n\n   ",
		},
		{
			call{method: "DELETE", path: "/v2/images"},
			"", "text/plain; charset=UTF-8",
			"405 Method Not Allowed\n\nThe method DELETE is not allowed for this resource. \n\n ",
		},
	}
	for _, tt := range tests {
		if tt.accept != "" {
			header := map[string]string{"Accept": tt.accept}
			for name, value := range tt.header {
				header[name] = value
			}
			tt.header = header
		}
		a := r.send(t, tt.call)
		if a.body != tt.want || a.header.Get("Content-Type") != tt.contentType {
			t.Errorf("%s %s: %s\n%q\nwant %s\n%q", tt.method, tt.path, a.header.Get("Content-Type"), a.body, tt.contentType, tt.want)
		}
	}
}

// TestEmptyAnswers is spec images-v2 §1.5: what successes without a body carry.
func TestEmptyAnswers(t *testing.T) {
	const one = "/v2/images/" + img1
	r := newRig(t)
	r.add(t, image())
	r.addMember("p-beta")
	for _, c := range []struct {
		call
		contentType string
	}{
		{call{method: "PUT", path: one + "/tags/x"}, "text/html; charset=UTF-8"},
		{call{method: "DELETE", path: one + "/tags/x"}, "text/html; charset=UTF-8"},
		{call{method: "GET", path: one + "/file"}, ""},
		{call{method: "PUT", path: one + "/file", body: "x", header: octets()}, "text/html; charset=UTF-8"},
		{call{method: "POST", path: one + "/actions/deactivate"}, "text/html; charset=UTF-8"},
		{call{method: "POST", path: one + "/actions/reactivate"}, "text/html; charset=UTF-8"},
		{call{method: "DELETE", path: one + "/members/p-beta"}, ""},
		{call{method: "DELETE", path: one}, "text/html; charset=UTF-8"},
	} {
		a := r.send(t, c.call)
		if a.status != 204 || a.body != "" || a.header.Get("Content-Type") != c.contentType {
			t.Errorf("%s %s: %d %q %v", c.method, c.path, a.status, a.body, a.header)
		}
		if length := a.header.Get("Content-Length"); (length == "0") != (c.contentType != "") {
			t.Errorf("%s %s: length %q", c.method, c.path, length)
		}
	}
}

// TestTags: what the door decides of spec images-v2 §14.
func TestTags(t *testing.T) {
	const one = "/v2/images/" + img1 + "/tags/"
	r := newRig(t)
	r.add(t, image())
	r.send(t, call{method: "PUT", path: "/v2/images/" + unknown + "/tags/" + strings.Repeat("t", 256)}).
		want(t, fault{400, "Provided object does not match schema 'image': …", "…"})
	for _, path := range []string{"a+b", "%C3%A9", strings.Repeat("%C3%A9", 255)} {
		if a := r.send(t, call{method: "PUT", path: one + path}); a.status != 204 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	img := r.get(t, "/v2/images/"+img1).decode(t)
	if tags, ok := img["tags"].([]any); !ok || len(tags) != 3 || tags[0] != "a+b" || tags[1] != "é" {
		t.Errorf("tags %v", img["tags"])
	}
	r.send(t, call{method: "PUT", path: one + "a%2Fb"}).want(t, fault{404, "", ""})
	r.send(t, call{method: "PUT", path: one + "%F0%9F%98%80"}).
		want(t, fault{400, "Could not update image: Param values can't contain 4 byte unicode.", ""})
	r.send(t, call{method: "PUT", path: one + "%FF"}).want(t, fault{400, "Error decoding your request. Either the URL or the request body contained characters that could not be decoded by Glance", ""})
}

// TestMembersJSON is the representation of spec images-v2 §15.
func TestMembersJSON(t *testing.T) {
	const one = "/v2/images/" + img1 + "/members"
	r := newRig(t)
	r.add(t, image())
	a := r.sendJSON(t, "POST", one, map[string]any{"member": "p-beta"})
	m, err := r.db.Member(t.Context(), img1, "p-beta")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"member_id": "p-beta", "image_id": "` + img1 + `", "status": "pending", "created_at": "` +
		m.CreatedAt.Format("2006-01-02T15:04:05Z") + `", "updated_at": "` + m.UpdatedAt.Format("2006-01-02T15:04:05Z") + `", "schema": "/v2/schemas/member"}`
	if a.status != 200 || a.body != want || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("added: %d %s\nwant %s", a.status, a.body, want)
	}
	if a := r.get(t, one+"/p-beta"); a.status != 200 || a.body != want {
		t.Errorf("shown: %d %s", a.status, a.body)
	}
	if a := r.get(t, one); a.status != 200 || a.body != `{"members": [`+want+`], "schema": "/v2/schemas/members"}` {
		t.Errorf("listed: %d %s", a.status, a.body)
	}
	a = r.send(t, call{who: "bob", method: "PUT", path: one + "/p-beta", body: `{"status": "accepted"}`})
	if a.status != 200 || a.decode(t)["status"] != string(glance.MemberAccepted) {
		t.Errorf("changed: %d %s", a.status, a.body)
	}
}
