package v1_test

import (
	"errors"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/store"
)

// formats are the headers of an image that may take data.
func formats(header ...string) []string {
	return append(header, "x-image-meta-id", img1, "x-image-meta-disk_format", "raw", "x-image-meta-container_format", "bare")
}

func TestCreateQueued(t *testing.T) {
	r := newRig(t)
	a := r.send(t, call{who: "alice", method: "POST", path: "/images", header: []string{"x-image-meta-name", "n", "x-image-meta-owner", "p-beta"}})
	img := a.image(t)
	if a.status != 201 || img["status"] != "queued" || img["size"] != 0.0 || img["is_public"] != false || img["owner"] != "p-alpha" {
		t.Errorf("%d %v", a.status, img)
	}
	if _, given := a.header["Etag"]; given {
		t.Error("an ETag without checksum")
	}
	id, _ := img["id"].(string)
	if got := r.get(t, id).Visibility; got != glance.VisibilityShared {
		t.Errorf("visibility %s", got)
	}
}

func TestCreateWithData(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		r := newRig(t)
		a := r.send(t, call{who: "alice", method: "POST", path: "/images", body: "hello", chunked: chunked, header: octets(formats(
			"x-image-meta-checksum", "5d41402abc4b2a76b9719d911017c592", "x-image-meta-size", "5")...)})
		img := a.image(t)
		if a.status != 201 || img["status"] != "active" || img["size"] != 5.0 || a.header.Get("Etag") != "5d41402abc4b2a76b9719d911017c592" {
			t.Errorf("chunked %v: %d %v", chunked, a.status, img)
		}
		if got := r.send(t, call{who: "alice", method: "GET", path: "/images/" + img1}).body; got != "hello" {
			t.Errorf("chunked %v: data %q", chunked, got)
		}
	}
}

// TestCreateRefused is the table of spec images-v1 §5; after is the status that
// the image is left in, "" when there is none.
func TestCreateRefused(t *testing.T) {
	quota := "Denying attempt to upload image because it exceeds the quota: The size of the data 900 will exceed the limit. 100 bytes remaining."
	big := make([]byte, 900)
	for _, tt := range []struct {
		name   string
		change func(*testing.T, *rig)
		call   call
		status int
		text   string
		after  glance.Status
	}{
		{"by policy", nil, call{who: "rita"}, 403, "You are not authorized to complete add_image action.", ""},
		{"public by policy", nil, call{header: formats("x-image-meta-is_public", "1")}, 403, "You are not authorized to complete publicize_image action.", ""},
		{"protected property", nil, call{header: formats("x-image-meta-property-x_owned", "1")}, 403, "Property 'x_owned' is protected", ""},
		{"the service's property", nil, call{header: formats("x-image-meta-property-os_glance_import_task", "1")}, 403, "Property 'os_glance_import_task' is protected", ""},
		{
			"too many properties", nil,
			call{header: formats("x-image-meta-property-a", "1", "x-image-meta-property-b", "1",
				"x-image-meta-property-c", "1", "x-image-meta-property-d", "1")},
			413,
			"The limit has been exceeded on the number of allowed image properties. Attempted: 4, Maximum: 3", "",
		},
		{
			"id in use", func(t *testing.T, r *rig) { r.add(t, image()) },
			call{header: formats()},
			409,
			"An image with identifier " + img1 + " already exists", glance.StatusQueued,
		},
		{
			"four bytes", nil,
			call{header: formats("x-image-meta-name", "😀")},
			400,
			"Failed to reserve image. Got error: Name can't contain 4 byte unicode characters.", "",
		},
		{
			"number out of range", nil,
			call{header: formats("x-image-meta-min_disk", "2147483648")},
			400,
			"Failed to reserve image. Got error: 'min_disk' value out of range, must not exceed 2147483647.", "",
		},
		{
			"two sources", nil,
			call{body: "x", header: octets(formats("x-image-meta-location", "mem://web/a", "x-image-meta-size", "1")...)},
			400,
			"It's invalid to provide multiple image sources.", glance.StatusQueued,
		},
		{"no disk format", nil, call{body: "x", header: octets("x-image-meta-id", img1)}, 400, "Disk format is not specified.", glance.StatusQueued},
		{
			"no container format", nil,
			call{body: "x", header: octets("x-image-meta-id", img1, "x-image-meta-disk_format", "raw")},
			400,
			"Container format is not specified.", glance.StatusQueued,
		},
		{"no type", nil, call{body: "x", header: formats()}, 400, "Content-Type must be application/octet-stream", glance.StatusKilled},
		{"another type", nil, call{body: "x", header: formats("Content-Type", "text/plain")}, 400, "Content-Type must be application/octet-stream", glance.StatusKilled},
		{
			"wrong size", nil,
			call{body: "hello", header: octets(formats("x-image-meta-size", "6")...)},
			400,
			"Supplied size (6) and size generated from uploaded image (5) did not match. Setting image status to 'killed'.", glance.StatusKilled,
		},
		{
			"wrong checksum", nil,
			call{body: "hello", header: octets(formats("x-image-meta-checksum", "abc")...)},
			400,
			"Supplied checksum (abc) and checksum generated from uploaded image (5d41402abc4b2a76b9719d911017c592) did not match. " +
				"Setting image status to 'killed'.", glance.StatusKilled,
		},
		{"announced too large", nil, call{header: formats("x-image-meta-size", "1001")}, 400, "Denying attempt to upload image larger than 1000 bytes.", ""},
		{
			"too large", nil,
			call{body: string(make([]byte, 1001)), chunked: true, header: octets(formats()...)},
			413,
			"Denying attempt to upload image larger than 1000 bytes.", glance.StatusKilled,
		},
		{"quota", func(t *testing.T, r *rig) { r.usage(t, 1900) }, call{body: string(big), header: octets(formats()...)}, 413, quota, glance.StatusKilled},
		{
			"store full", func(_ *testing.T, r *rig) { r.own.put = store.Full(nil) },
			call{body: "x", header: octets(formats()...)},
			413,
			"Image storage media is full: There is not enough disk space on the image storage media.", glance.StatusKilled,
		},
		{
			"store denied", func(_ *testing.T, r *rig) { r.own.put = store.WriteDenied(nil) },
			call{body: "x", header: octets(formats()...)},
			503,
			"Insufficient permissions on image storage media: Permission to write image storage media denied.", glance.StatusKilled,
		},
		{
			"store disabled", func(_ *testing.T, r *rig) { r.own.put = store.AddDisabled() },
			call{body: "x", header: octets(formats()...)},
			410,
			"Error in store configuration. Adding images to store is disabled.", glance.StatusKilled,
		},
		{
			"data is there", func(_ *testing.T, r *rig) { r.own.put = store.Duplicate("x") },
			call{body: "x", header: octets(formats()...)},
			409,
			"Attempt to upload duplicate image: Image x already exists", glance.StatusQueued,
		},
		{
			"whatever else", func(_ *testing.T, r *rig) { r.own.put = errors.New("boom") },
			call{body: "x", header: octets(formats()...)},
			500,
			"The server has either erred or is incapable of performing the requested operation.", glance.StatusKilled,
		},
		{
			"deleted meanwhile", func(t *testing.T, r *rig) {
				r.own.before = func() {
					r.update(t, img1, func(img *glance.Image) { img.Status, img.Deleted = glance.StatusDeleted, true })
				}
			},
			call{body: "x", header: octets(formats()...)},
			412,
			"Image " + img1 + " could not be found after upload. The image may have been deleted during the upload.", glance.StatusDeleted,
		},
		{
			"location of another size", func(t *testing.T, r *rig) { r.outside(t, "a", "abc") },
			call{header: formats("x-image-meta-location", "mem://web/a", "x-image-meta-size", "4")},
			409,
			"Provided image size must match the stored image size. (provided size: 4, stored size: 3)", glance.StatusQueued,
		},
		{"location without data", nil, call{header: formats("x-image-meta-location", "mem://web/none")}, 404, "Image none not found", ""},
		{
			"location without formats", func(t *testing.T, r *rig) { r.outside(t, "a", "abc") },
			call{header: []string{"x-image-meta-id", img1, "x-image-meta-location", "mem://web/a"}},
			400, "Disk format is not specified.", glance.StatusQueued,
		},
		{"copy without data", nil, call{header: formats("x-glance-api-copy-from", "mem://web/none")}, 404, "Image none not found", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			if tt.change != nil {
				tt.change(t, r)
			}
			tt.call.method, tt.call.path = "POST", "/images"
			if tt.call.who == "" {
				tt.call.who = "alice"
			}
			r.send(t, tt.call).wants(t, tt.status, tt.text)
			img, err := r.db.Image(t.Context(), metadata.Scope{Admin: true, Deleted: true}, img1)
			var after glance.Status
			if err == nil {
				after = img.Status
			}
			if after != tt.after {
				t.Errorf("the image is left %q, want %q", after, tt.after)
			}
		})
	}
}

// usage lets p-alpha occupy so many bytes.
func (r *rig) usage(t testing.TB, bytes int64) {
	t.Helper()
	r.add(t, image(named(img2, "other"), status(glance.StatusActive), func(img *glance.Image) {
		img.Size, img.Locations = &bytes, []glance.Location{{URL: "mem://web/other"}}
	}))
}

func TestCreateWithLocation(t *testing.T) {
	for _, size := range []string{"", "0", "5"} {
		r := newRig(t)
		url := r.outside(t, "a", "hello")
		header := formats("x-image-meta-location", url)
		if size != "" {
			header = append(header, "x-image-meta-size", size)
		}
		a := r.send(t, call{who: "alice", method: "POST", path: "/images", header: header})
		img := a.image(t)
		if a.status != 201 || img["status"] != "active" || img["size"] != 5.0 || img["checksum"] != nil {
			t.Errorf("size %q: %d %v", size, a.status, img)
		}
		if got := r.send(t, call{who: "alice", method: "GET", path: "/images/" + img1}); got.body != "hello" {
			t.Errorf("size %q: data %d %q", size, got.status, got.body)
		}
	}
}

// TestCopyFrom: the answer comes at once, the data later.
func TestCopyFrom(t *testing.T) {
	r := newRig(t)
	url := r.outside(t, "a", "hello")
	a := r.send(t, call{who: "alice", method: "POST", path: "/images", header: formats("x-glance-api-copy-from", url, "x-image-meta-store", "own")})
	if a.status != 201 || a.image(t)["status"] != "queued" || a.image(t)["size"] != 5.0 {
		t.Fatal(a)
	}
	r.settle(t, glance.StatusActive)
	if got := r.get(t, img1); got.Checksum != "5d41402abc4b2a76b9719d911017c592" || got.Locations[0].Store() != "own" {
		t.Errorf("copied: %+v", got)
	}
}

// TestCopyFails: whatever fails makes the image killed.
func TestCopyFails(t *testing.T) {
	for name, breakIt := range map[string]func(*rig){
		"source": func(r *rig) { r.web.open = store.Unreachable(nil) },
		"store":  func(r *rig) { r.own.put = store.Full(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			url := r.outside(t, "a", "hello")
			breakIt(r)
			a := r.send(t, call{who: "alice", method: "POST", path: "/images", header: formats("x-glance-api-copy-from", url)})
			if a.status != 201 {
				t.Fatal(a)
			}
			r.settle(t, glance.StatusKilled)
		})
	}
}

// settle waits for the copy to end.
func (r *rig) settle(t testing.TB, want glance.Status) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		switch s := r.get(t, img1).Status; s {
		case want:
			return
		case glance.StatusQueued, glance.StatusSaving:
		default:
			t.Fatalf("the copy ended %s", s)
		}
		select {
		case <-deadline:
			t.Fatal("the copy does not end")
		case <-time.After(time.Millisecond):
		}
	}
}
