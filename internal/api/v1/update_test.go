package v1_test

import (
	"context"
	"maps"
	"testing"

	"glance/internal/glance"
)

// TestUpdateRefused is the table of spec images-v1 §6, in order.
func TestUpdateRefused(t *testing.T) {
	active := status(glance.StatusActive)
	for _, tt := range []struct {
		name   string
		img    *glance.Image
		call   call
		status int
		text   string
	}{
		{"unknown", nil, call{}, 404, "Image with identifier " + img1 + " not found"},
		{"not visible", image(), call{who: "bob"}, 404, "Image with identifier " + img1 + " not found"},
		{"by policy", image(), call{who: "rita"}, 403, "You are not authorized to complete modify_image action."},
		{"public by policy", image(), call{header: []string{"x-image-meta-is_public", "true"}}, 403, "You are not authorized to complete publicize_image action."},
		{"size of an active image", image(active), call{header: []string{"x-image-meta-size", "1"}}, 403, "Forbidden to modify 'size' of active image."},
		{"checksum of a deactivated one", image(status(glance.StatusDeactivated)), call{header: []string{"x-image-meta-checksum", "1"}}, 403, "Forbidden to modify 'checksum' of deactivated image."},
		{"status", image(), call{header: []string{"x-image-meta-status", "active"}}, 403, "Forbidden to modify 'status' of image."},
		{"status by an administrator", image(), call{who: "boss", header: []string{"x-image-meta-status", ""}}, 403, "Forbidden to modify 'status' of image."},
		{"id", image(), call{header: []string{"x-image-meta-id", img2}}, 403, "Forbidden to modify 'id' of image."},
		{"data of an active image", image(active), call{body: "x", header: octets()}, 409, "Cannot upload to an unqueued image"},
		{
			"location of an active image", image(active),
			call{header: []string{"x-image-meta-location", "mem://web/a"}},
			400,
			"Attempted to update Location field for an image not in queued status.",
		},
		{
			"copy to an active image", image(active),
			call{header: []string{"x-glance-api-copy-from", "mem://web/a"}},
			400,
			"Attempted to update Location field for an image not in queued status.",
		},
		{"no source", image(), call{header: []string{"x-image-meta-location", ""}}, 400, "External source should not be empty"},
		{"protected property", image(), call{header: []string{"x-image-meta-property-x_owned", "1"}}, 403, "Property 'x_owned' is protected"},
		{"unreadable property", image(property("x_owned", "1")), call{header: []string{"x-image-meta-property-x_owned", "1"}}, 403, "Property 'x_owned' is protected"},
		{"fixed property", image(property("x_fixed", "1")), call{header: []string{"x-image-meta-property-x_fixed", "2"}}, 403, "Property 'x_fixed' is protected"},
		{"fixed property removed", image(property("x_fixed", "1")), call{}, 403, "Property 'x_fixed' is protected"},
		{
			"too many properties", image(property("a", "1")),
			call{header: []string{
				"x-image-meta-property-b", "1", "x-image-meta-property-c", "1",
				"x-image-meta-property-d", "1", "x-glance-registry-purge-props", "false",
			}},
			413,
			"The limit has been exceeded on the number of allowed image properties. Attempted: 4, Maximum: 3",
		},
		{"public of others", image(public), call{who: "bob"}, 403, "Forbidden to update image: You do not own this image"},
		{"public and active of others", image(public, active), call{who: "bob", body: "x", header: octets()}, 409, "Cannot upload to an unqueued image"},
		{
			"four bytes", image(),
			call{header: []string{"x-image-meta-name", "😀"}},
			400,
			"Failed to update image metadata. Got error: Name can't contain 4 byte unicode characters.",
		},
		{"announced too large", image(), call{header: []string{"x-image-meta-size", "1001"}}, 400, "Denying attempt to upload image larger than 1000 bytes."},
		{
			"two sources", image(),
			call{body: "x", header: octets("x-glance-api-copy-from", "mem://web/a", "x-image-meta-size", "1")},
			400,
			"It's invalid to provide multiple image sources.",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			if tt.img != nil {
				r.add(t, tt.img.Clone())
			}
			tt.call.method, tt.call.path = "PUT", "/images/"+img1
			if tt.call.who == "" {
				tt.call.who = "alice"
			}
			r.send(t, tt.call).wants(t, tt.status, tt.text)
		})
	}
}

func property(name, value string) func(*glance.Image) {
	return func(img *glance.Image) { img.SetProperty(glance.Property{Name: name, Value: value}) }
}

func TestUpdateOthers(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	r.member(t, "p-beta", true)
	r.send(t, call{who: "bob", method: "PUT", path: "/images/" + img1}).wants(t, 404, "Image with identifier "+img1+" not found")
	r.update(t, img1, func(img *glance.Image) { img.Deleted, img.Status = true, glance.StatusDeleted })
	r.send(t, call{who: "boss", method: "PUT", path: "/images/" + img1}).wants(t, 403, "Forbidden to update deleted image.")
}

func TestUpdateFields(t *testing.T) {
	r := newRig(t)
	r.add(t, image(status(glance.StatusActive)))
	same := []string{
		"x-image-meta-status", "active", "x-image-meta-id", img1, "x-image-meta-size", "0", "x-image-meta-name", "n",
		"x-image-meta-min_disk", "3", "x-image-meta-min_ram", "4", "x-image-meta-protected", "on", "x-image-meta-owner", "p-beta",
		"x-image-meta-disk_format", "qcow2", "x-image-meta-container_format", "ovf", "x-image-meta-virtual_size", "9",
		"x-image-meta-created_at", "2001-01-01", "x-image-meta-deleted", "true",
	}
	a := r.send(t, call{who: "alice", method: "PUT", path: "/images/" + img1, header: same})
	img := a.image(t)
	for name, want := range map[string]any{
		"name": "n", "min_disk": 3.0, "min_ram": 4.0, "protected": true, "owner": "p-alpha", "disk_format": "qcow2",
		"container_format": "ovf", "virtual_size": 9.0, "deleted": false, "is_public": false,
	} {
		if img[name] != want {
			t.Errorf("%s is %v, want %v", name, img[name], want)
		}
	}
	if created, _ := img["created_at"].(string); a.status != 200 || created < "2002" {
		t.Errorf("%d, created %s", a.status, created)
	}
	a = r.send(t, call{who: "boss", method: "PUT", path: "/images/" + img1, header: []string{
		"x-image-meta-is_public", "true", "x-image-meta-owner", "p-beta", "x-image-meta-name", "",
	}})
	img = a.image(t)
	if img["is_public"] != true || img["owner"] != "p-beta" || img["name"] != nil || img["min_disk"] != 3.0 {
		t.Errorf("%d %v", a.status, img)
	}
	r.send(t, call{who: "boss", method: "PUT", path: "/images/" + img1, header: []string{"x-image-meta-is_public", "false"}})
	if got := r.get(t, img1).Visibility; got != glance.VisibilityShared {
		t.Errorf("no longer public is %s", got)
	}
}

// TestUpdateProperties: a request replaces the properties unless it says
// otherwise or brings data. What the caller cannot read, and what is the
// service's, stays.
func TestUpdateProperties(t *testing.T) {
	old := func(img *glance.Image) {
		img.Properties = []glance.Property{{Name: "a", Value: "1"}, {Name: "x_owned", Value: "2"}, {Name: "os_glance_failed_import", Value: "3"}}
	}
	merged := map[string]string{"a": "1", "b": "4", "x_owned": "2", "os_glance_failed_import": "3"}
	replaced := map[string]string{"b": "4", "x_owned": "2", "os_glance_failed_import": "3"}
	for _, tt := range []struct {
		name   string
		header []string
		body   string
		want   map[string]string
	}{
		{"replace", nil, "", replaced},
		{"replace on request", []string{"x-glance-registry-purge-props", "True"}, "", replaced},
		{"merge", []string{"x-glance-registry-purge-props", "false"}, "", merged},
		{"merge with data", octets(), "x", merged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, image(old))
			a := r.send(t, call{who: "alice", method: "PUT", path: "/images/" + img1, body: tt.body, header: append(tt.header, "x-image-meta-property-b", "4")})
			if a.status != 200 {
				t.Fatal(a)
			}
			got := map[string]string{}
			for _, p := range r.get(t, img1).Properties {
				got[p.Name] = p.Value
			}
			if !maps.Equal(got, tt.want) {
				t.Errorf("properties %v, want %v", got, tt.want)
			}
		})
	}
}

func TestUpdateWithData(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	a := r.send(t, call{who: "alice", method: "PUT", path: "/images/" + img1, body: "hello", header: octets("x-image-meta-size", "5")})
	if a.status != 200 || a.image(t)["status"] != "active" || a.header.Get("Etag") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	r = newRig(t)
	r.add(t, image())
	a = r.send(t, call{who: "alice", method: "PUT", path: "/images/" + img1, header: []string{"x-image-meta-location", r.outside(t, "a", "abc")}})
	if a.status != 200 || a.image(t)["status"] != "active" || a.image(t)["size"] != 3.0 {
		t.Errorf("location: %d %s", a.status, a.body)
	}
	r = newRig(t)
	r.add(t, image())
	a = r.send(t, call{who: "alice", method: "PUT", path: "/images/" + img1, header: []string{"x-glance-api-copy-from", r.outside(t, "a", "abc")}})
	if a.status != 200 {
		t.Errorf("copy: %d %s", a.status, a.body)
	}
	r.settle(t, glance.StatusActive)
}

// TestLocationOvertaken: an image that somebody else has taken meanwhile, or an
// administrator has deactivated, does not become active by a location.
func TestLocationOvertaken(t *testing.T) {
	for _, now := range []glance.Status{glance.StatusSaving, glance.StatusImporting, glance.StatusDeactivated} {
		r := newRig(t)
		r.add(t, image())
		url := r.outside(t, "a", "hello")
		r.web.size = func() (int64, error) { // asked when the image was seen to be queued
			r.update(t, img1, status(now))
			return 5, nil
		}
		a := r.send(t, call{who: "alice", method: "PUT", path: "/images/" + img1, header: []string{"x-image-meta-location", url, "x-image-meta-size", "5"}})
		a.wants(t, 409, "Image status transition from "+string(now)+" to active is not allowed")
		if img := r.get(t, img1); img.Status != now || len(img.Locations) > 0 {
			t.Errorf("stored %+v", img)
		}
	}
}

// TestCopyTwice: a copy that waits for its turn is not ended by another one of
// the same image.
func TestCopyTwice(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	url := r.outside(t, "a", "hello")
	busy := make(chan struct{})
	for _, id := range []string{"other 1", "other 2"} { // all turns there are
		if err := r.jobs.Start(id, func(context.Context) { <-busy }); err != nil {
			t.Fatal(err)
		}
	}
	c := call{who: "alice", method: "PUT", path: "/images/" + img1, header: []string{"x-glance-api-copy-from", url}}
	if a := r.send(t, c); a.status != 200 {
		t.Error(a)
	}
	r.send(t, c).wants(t, 409, "Image has active task")
	close(busy)
	r.settle(t, glance.StatusActive)
}
