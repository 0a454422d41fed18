package v1_test

import (
	"testing"

	"glance/internal/glance"
	"glance/internal/store"
)

// fill adds an active image with data.
func (r *rig) fill(t testing.TB, text string, change ...func(*glance.Image)) {
	t.Helper()
	img := image(change...)
	a := r.send(t, call{who: "boss", method: "POST", path: "/images", body: text, header: octets(
		"x-image-meta-id", img.ID, "x-image-meta-owner", img.Owner, "x-image-meta-disk_format", "raw",
		"x-image-meta-container_format", "bare",
	)})
	if a.status != 201 {
		t.Fatal(a)
	}
	r.update(t, img.ID, func(stored *glance.Image) {
		stored.Visibility, stored.Protected = img.Visibility, img.Protected
		if img.Status != glance.StatusQueued {
			stored.Status = img.Status
		}
	})
}

func TestData(t *testing.T) {
	r := newRig(t)
	r.fill(t, "hello")
	a := r.send(t, call{who: "alice", method: "GET", path: "/images/" + img1, header: []string{"Range", "bytes=1-2"}})
	if a.status != 200 || a.body != "hello" || a.header.Get("Content-Length") != "5" ||
		a.header.Get("Content-Type") != "application/octet-stream" || a.header.Get("X-Image-Meta-Status") != "active" ||
		a.header.Get("Etag") != "5d41402abc4b2a76b9719d911017c592" {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
	a = r.send(t, call{who: "alice", method: "HEAD", path: "/images/" + img1})
	if a.status != 200 || a.body != "" || a.header.Get("X-Image-Meta-Size") != "5" || a.header.Get("Etag") == "" {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
}

// TestUnreadable is the table of spec images-v1 §4.
func TestUnreadable(t *testing.T) {
	missing, down := store.NoImage("x", nil), store.Unreachable(nil)
	for _, tt := range []struct {
		name   string
		change func(*testing.T, *rig)
		who    string
		status int
		text   string
	}{
		{"unknown", nil, "alice", 404, "Image with identifier " + img1 + " not found"},
		{"not visible", func(t *testing.T, r *rig) { r.fill(t, "x") }, "bob", 404, "Image with identifier " + img1 + " not found"},
		{"queued", func(t *testing.T, r *rig) { r.add(t, image()) }, "alice", 404, "Image " + img1 + " is not active"},
		{"deactivated", func(t *testing.T, r *rig) { r.fill(t, "x", status(glance.StatusDeactivated)) }, "alice", 403, "Image " + img1 + " is deactivated"},
		{"deactivated for all", func(t *testing.T, r *rig) { r.fill(t, "x", status(glance.StatusDeactivated)) }, "boss", 403, "Image " + img1 + " is deactivated"},
		{"by policy", func(t *testing.T, r *rig) { r.fill(t, "x") }, "rita", 403, "You are not authorized to complete download_image action."},
		{"missing data", func(t *testing.T, r *rig) { r.fill(t, "x"); r.own.open = missing }, "alice", 404, "Image " + img1 + " not found"},
		{"store down", func(t *testing.T, r *rig) { r.fill(t, "x"); r.own.open = down }, "alice", 503, "Remote server where the image is present is unavailable."},
		{
			"cannot be read", func(t *testing.T, r *rig) { r.fill(t, "x"); r.own.open = store.NoRandomRead(0) }, "alice", 400,
			"Getting images randomly from this store is not supported. Offset: 0, length: None",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			if tt.change != nil {
				tt.change(t, r)
			}
			r.send(t, call{who: tt.who, method: "GET", path: "/images/" + img1}).wants(t, tt.status, tt.text)
		})
	}
}

func TestHead(t *testing.T) {
	r := newRig(t)
	r.fill(t, "x")
	if a := r.send(t, call{who: "bob", method: "HEAD", path: "/images/" + img1}); a.status != 404 || a.body != "" {
		t.Errorf("not visible: %d %q", a.status, a.body)
	}
	if a := r.send(t, call{who: "alice", method: "DELETE", path: "/images/" + img1}); a.status != 200 || a.body != "" {
		t.Errorf("delete: %d %q", a.status, a.body)
	}
	if a := r.send(t, call{who: "alice", method: "HEAD", path: "/images/" + img1}); a.status != 404 {
		t.Errorf("deleted, for a user: %d", a.status)
	}
	a := r.send(t, call{who: "boss", method: "HEAD", path: "/images/" + img1})
	if a.status != 200 || a.header.Get("X-Image-Meta-Deleted") != "True" || a.header.Get("X-Image-Meta-Status") != "deleted" ||
		a.header.Get("X-Image-Meta-Deleted_at") == "" {
		t.Errorf("deleted, for an administrator: %d %v", a.status, a.header)
	}
}

func TestEmptyImage(t *testing.T) {
	r := newRig(t)
	a := r.send(t, call{who: "alice", method: "POST", path: "/images", header: []string{"x-image-meta-id", img1, "x-image-meta-size", "0"}})
	if a.status != 201 || a.image(t)["status"] != "active" {
		t.Fatal(a)
	}
	a = r.send(t, call{who: "alice", method: "GET", path: "/images/" + img1})
	if a.status != 200 || a.body != "" || a.header.Get("Content-Length") != "0" {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
}

// TestDelete is the table of spec images-v1 §7.
func TestDelete(t *testing.T) {
	inUse := glance.Errorf(glance.Conflict, "busy")
	for _, tt := range []struct {
		name   string
		change func(*testing.T, *rig)
		who    string
		status int
		text   string
	}{
		{"unknown", nil, "alice", 404, "Image with identifier " + img1 + " not found"},
		{"protected", func(t *testing.T, r *rig) { r.fill(t, "x", func(img *glance.Image) { img.Protected = true }) }, "alice", 403, "Image is protected"},
		{"protected of others", func(t *testing.T, r *rig) { r.fill(t, "x", public, func(img *glance.Image) { img.Protected = true }) }, "bob", 403, "Image is protected"},
		{"pending_delete", func(t *testing.T, r *rig) { r.add(t, image(status(glance.StatusPendingDelete))) }, "alice", 403, "Forbidden to delete a pending_delete image."},
		{"public of others", func(t *testing.T, r *rig) { r.fill(t, "x", public) }, "bob", 403, "Forbidden to delete image: You do not own this image"},
		{"shared by others", func(t *testing.T, r *rig) { r.fill(t, "x"); r.member(t, "p-beta", false) }, "bob", 404, "Image with identifier " + img1 + " not found"},
		{"by policy", func(t *testing.T, r *rig) { r.fill(t, "x") }, "rita", 403, "You are not authorized to complete delete_image action."},
		{
			"in use", func(t *testing.T, r *rig) { r.fill(t, "x"); r.own.delete = inUse }, "alice", 409,
			"Image " + img1 + " could not be deleted because it is in use: busy",
		},
		{"deleted, by an administrator", func(t *testing.T, r *rig) {
			r.fill(t, "x")
			r.send(t, call{who: "alice", method: "DELETE", path: "/images/" + img1})
		}, "boss", 404, "Image " + img1 + " not found."},
		{"fine", func(t *testing.T, r *rig) { r.fill(t, "x") }, "alice", 200, ""},
		{"of others, by an administrator", func(t *testing.T, r *rig) { r.fill(t, "x") }, "boss", 200, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			if tt.change != nil {
				tt.change(t, r)
			}
			r.send(t, call{who: tt.who, method: "DELETE", path: "/images/" + img1}).wants(t, tt.status, tt.text)
			if tt.status != 200 || r.get(t, img1).Deleted {
				return
			}
			t.Error("the image is not deleted")
		})
	}
}
