package v1_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"glance/internal/glance"
)

// TestBadHeaders is the table of spec images-v1 §2.
func TestBadHeaders(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct{ name, value, text string }{
		{"x-image-meta-foo", "1", "Bad header: x-image-meta-foo"},
		{"x-image-meta-type", "kernel", "Bad header: x-image-meta-type"},
		{"x-image-meta-size", "x", "Invalid value 'x' for parameter 'size': Cannot convert image size 'x' to an integer."},
		{"x-image-meta-size", "", "Invalid value 'None' for parameter 'size': Cannot convert image size 'None' to an integer."},
		{"x-image-meta-size", "-1", "Invalid value '-1' for parameter 'size': Cannot be a negative value."},
		{"x-image-meta-min-disk", "1.5", "Invalid value '1.5' for parameter 'min_disk': Cannot convert image min_disk '1.5' to an integer."},
		{"x-image-meta-min_ram", "-7", "Invalid value '-7' for parameter 'min_ram': Cannot be a negative value."},
		{"x-image-meta-virtual_size", "big", "Invalid value 'big' for parameter 'virtual_size': Cannot convert image virtual_size 'big' to an integer."},
		{"x-image-meta-created_at", "yesterday", "Invalid time format for created_at."},
		{"x-image-meta-updated_at", "1899-12-31T23:59:59", "Invalid time format for updated_at."},
		{"x-image-meta-deleted_at", "x", "Invalid time format for deleted_at."},
		{"x-image-meta-name", strings.Repeat("é", 256), "Image name too long: 256"},
		{"x-image-meta-checksum", strings.Repeat("0", 33), "Invalid checksum '" + strings.Repeat("0", 33) + "': can't exceed 32 characters"},
		{"x-image-meta-disk_format", "floppy", "Invalid disk format 'floppy' for image."},
		{"x-image-meta-disk_format", "", "Invalid disk format 'None' for image."},
		{"x-image-meta-container_format", "box", "Invalid container format 'box' for image."},
		{"x-image-meta-store", "floppy", "Required store floppy is invalid"},
		{"x-image-meta-location", "", "External source should not be empty"},
		{"x-image-meta-location", "file:///etc/passwd", "External sources are not supported: 'file:///etc/passwd'"},
		{"x-image-meta-location", "swift+config://x/y", "External sources are not supported: 'swift+config://x/y'"},
		{"x-image-meta-location", "gopher://u:secret@x", "External sources are not supported: 'gopher://x'"},
		{"x-glance-api-copy-from", "", "External source should not be empty"},
		{"x-glance-api-copy-from", "ftp://x", "External sources are not supported: 'ftp://x'"},
		{"x-image-meta-id", "one", "Failed to reserve image. Got error: Invalid image id format"},
		{"x-image-meta-name", "\xff", "Header x-image-meta-name is not UTF-8"},
	} {
		a := r.send(t, call{who: "alice", method: "POST", path: "/images", header: []string{tt.name, tt.value}})
		if a.status != 400 || a.text() != tt.text {
			t.Errorf("%s: %q: answer %d %q, want %q", tt.name, tt.value, a.status, a.text(), tt.text)
		}
	}
	a := r.send(t, call{who: "alice", method: "POST", path: "/images", header: []string{
		"x-image-meta-disk_format", "ami", "x-image-meta-container_format", "bare",
	}})
	a.wants(t, 400, "Invalid mix of disk and container formats. When setting a disk or container format to one of 'aki', "+
		"'ari', or 'ami', the container and disk formats must match.")
	if page := r.send(t, call{who: "boss", method: "GET", path: "/images?is_public=none"}).ids(t); len(page) != 0 {
		t.Errorf("refused requests made images: %v", page)
	}
}

// TestEveryHeader sends every field and finds it in answer and headers.
func TestEveryHeader(t *testing.T) {
	r := newRig(t)
	a := r.send(t, call{who: "boss", method: "POST", path: "/images", header: []string{
		"X-Image-Meta-Id", img1, "X-Image-Meta-Name", "näme", "x-image-meta-size", " 12 ", "x-image-meta-virtual-size", "34",
		"x-image-meta-checksum", "abc", "x-image-meta-disk-format", "ami", "x-image-meta-min-disk", "1",
		"x-image-meta-min-ram", "2", "x-image-meta-is-public", "Yes", "x-image-meta-protected", "t", "x-image-meta-owner", "p-x",
		"x-image-meta-deleted", "true", "x-image-meta-status", "active", "x-image-meta-copy_from", "x", "x-image-meta-uri", "y",
		"x-image-meta-created_at", "2018-01-10T12:34:56.123456Z", "x-image-meta-updated_at", "2018-01-11 01:00:00",
		"x-image-meta-deleted_at", "2019-01-01T00:00:00", "x-image-meta-property-Kernel-ID", "k", "x-image-meta-property-none", "",
	}})
	if a.status != 201 {
		t.Fatal(a)
	}
	if got := a.header.Get("Location"); got != "http://example.com/v1/images/"+img1 {
		t.Errorf("Location %q", got)
	}
	if got := a.header["Etag"]; len(got) != 1 || got[0] != "abc" {
		t.Errorf("ETag %q", got)
	}
	want := map[string]any{
		"id": img1, "name": "näme", "size": 12.0, "virtual_size": 34.0, "checksum": "abc", "disk_format": "ami",
		"container_format": "ami", "min_disk": 1.0, "min_ram": 2.0, "is_public": true, "protected": true, "owner": "p-x",
		"deleted": false, "deleted_at": nil, "status": "queued", "created_at": "2018-01-10T12:34:56.123456",
		"updated_at": "2018-01-11T01:00:00.000000",
	}
	img := a.image(t)
	for name, value := range want {
		if got, given := img[name]; got != value || !given {
			t.Errorf("%s is %v, want %v", name, got, value)
		}
	}
	properties, _ := img["properties"].(map[string]any)
	if none, given := properties["none"]; len(properties) != 2 || properties["kernel_id"] != "k" || none != nil || !given {
		t.Errorf("properties %v", properties)
	}
	for _, name := range []string{"location", "visibility", "tags", "os_hidden", "locations", "store"} {
		if _, given := img[name]; given {
			t.Errorf("the answer has %s", name)
		}
	}
	h := r.send(t, call{who: "alice", method: "HEAD", path: "/images/" + img1}).header
	for name, value := range map[string]string{
		"Id": img1, "Name": "näme", "Size": "12", "Virtual_size": "34", "Checksum": "abc", "Disk_format": "ami",
		"Container_format": "ami", "Min_disk": "1", "Min_ram": "2", "Is_public": "True", "Protected": "True", "Deleted": "False",
		"Owner": "p-x", "Status": "queued", "Created_at": "2018-01-10T12:34:56.123456", "Property-Kernel_id": "k",
	} {
		if got := h["X-Image-Meta-"+name]; len(got) != 1 || got[0] != value {
			t.Errorf("header %s is %q, want %q", name, got, value)
		}
	}
	for _, name := range []string{"Deleted_at", "Property-None", "Location"} {
		if got, given := h["X-Image-Meta-"+name]; given {
			t.Errorf("header %s is %q", name, got)
		}
	}
}

// FuzzHeaders sends any headers: the answer is an image or a refusal that is
// the client's fault, and what was taken comes back.
func FuzzHeaders(f *testing.F) {
	for _, seed := range [][3]string{
		{"x-image-meta-name", "n", "v"},
		{"x-image-meta-size", "7", "-1"},
		{"x-image-meta-property-a-b", "é", ""},
		{"x-image-meta-created_at", "2018-01-10T12:34:56", "9"},
		{"x-image-meta-disk_format", "ami", "raw"},
		{"X-Image-Meta-Property-", "x", "\x00"},
		{"x-glance-api-copy-from", "mem://web/x", "q"},
		{"x-image-meta-id", img1, "0"},
		{"x-image-meta-location", "http://[::1", "x"},
		{"x-image-meta-property-os_glance_x", "1", "2"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, name, value, other string) {
		r := newRig(t)
		req := httptest.NewRequest(http.MethodPost, "/v1/images", http.NoBody)
		req.Header["X-Who"] = []string{"boss"}
		req.Header["X-Image-Meta-Property-Other"] = []string{other}
		req.Header[http.CanonicalHeaderKey(name)] = []string{value}
		rec := httptest.NewRecorder()
		r.handler.ServeHTTP(rec, req)
		switch a := (answer{rec.Code, rec.Header(), rec.Body.String()}); {
		case a.status == 201:
			img := a.image(t)
			properties, _ := img["properties"].(map[string]any)
			if _, replaced := properties["other"]; !replaced {
				t.Errorf("a property is lost: %s", a.body)
			}
			if strings.EqualFold(name, "x-image-meta-name") && value != "" && img["name"] != value {
				t.Errorf("name %q became %q", value, img["name"])
			}
		case a.status >= 500 || a.status < 400:
			t.Errorf("%q: %q: %d %s", name, value, a.status, a.body)
		case !utf8.ValidString(a.body):
			t.Errorf("an answer that is not UTF-8: %q", a.body)
		}
	})
}

// TestTimesAreUTC: v1 writes no zone, so a time from elsewhere is converted.
func TestTimesAreUTC(t *testing.T) {
	r := newRig(t)
	r.add(t, image(func(img *glance.Image) {
		img.CreatedAt = time.Date(2020, 1, 1, 1, 0, 0, 0, time.FixedZone("", 3600))
	}))
	h := r.send(t, call{who: "alice", method: "HEAD", path: "/images/" + img1}).header
	if got := h["X-Image-Meta-Created_at"]; !slices.Equal(got, []string{"2020-01-01T00:00:00.000000"}) {
		t.Errorf("created_at %q", got)
	}
}
