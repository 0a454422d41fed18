package v1_test

import "testing"

// TestMethods is the table of spec images-v1 §1.
func TestMethods(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	for _, tt := range []struct {
		path, allow string
		methods     []string
	}{
		{"/images", "GET, POST", []string{"PUT", "DELETE", "HEAD"}},
		{"/images/detail", "GET, HEAD", []string{"PUT", "POST", "DELETE"}},
		{"/images/" + img1, "GET, HEAD, PUT, DELETE", []string{"POST", "PATCH"}},
		{"/images/" + img1 + "/members", "GET, PUT", []string{"POST", "DELETE"}},
		{"/images/" + img1 + "/members/m", "GET, PUT, DELETE", []string{"GET", "POST"}},
	} {
		for _, method := range tt.methods {
			a := r.send(t, call{who: "alice", method: method, path: tt.path})
			if a.status != 405 || a.header.Get("Allow") != tt.allow {
				t.Errorf("%s %s: %d, Allow %q, want %q", method, tt.path, a.status, a.header.Get("Allow"), tt.allow)
			}
		}
	}
	a := r.send(t, call{who: "alice", method: "HEAD", path: "/images/detail"})
	if a.status != 405 || a.header.Get("Allow") != "GET" {
		t.Errorf("HEAD /images/detail: %d, Allow %q", a.status, a.header.Get("Allow"))
	}
	for _, path := range []string{"", "/", "/images"} {
		a := r.send(t, call{who: "alice", method: "GET", path: path})
		if got := a.ids(t); a.status != 200 || len(got) != 1 || got[0] != img1 {
			t.Errorf("GET %q: %d %s", path, a.status, a.body)
		}
	}
	r.send(t, call{who: "alice", method: "GET", path: "/nowhere"}).wants(t, 404, "The resource could not be found.")
	r.send(t, call{who: "alice", method: "GET", path: "/cached_images"}).wants(t, 404, "The resource could not be found.")
}

// TestReadOnly: who may only read gets 403, or 401 where v1 wants a project.
func TestReadOnly(t *testing.T) {
	r := newRig(t)
	r.add(t, image(public))
	for _, c := range []call{
		{method: "POST", path: "/images"}, {method: "PUT", path: "/images/" + img1}, {method: "DELETE", path: "/images/" + img1},
	} {
		c.who = "anon"
		if a := r.send(t, c); a.status != 403 {
			t.Errorf("%s %s: %d", c.method, c.path, a.status)
		}
	}
	r.send(t, call{who: "anon", method: "PUT", path: "/images/" + img1 + "/members/m"}).wants(t, 401, "No authenticated user")
}
