package images_test

import (
	"crypto/md5" //nolint:gosec // the checksum of the API
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/imgformat"
	"glance/internal/quota"
	"glance/internal/store"
)

func ptr[T any](v T) *T { return &v }

func TestUpload(t *testing.T) {
	const text = "some bytes"
	sum, hash := md5.Sum([]byte(text)), sha256.Sum256([]byte(text)) //nolint:gosec // see the import
	for name, d := range map[string]images.Data{"announced": data(text), "streamed": streamed(text)} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, queued())
			d.Store = ptr("cheap")
			if err := r.uploader().Upload(t.Context(), alice, img1, d); err != nil {
				t.Fatal(err)
			}
			got := r.get(t, img1)
			want := queued(func(img *glance.Image) {
				img.Status, img.Size, img.VirtualSize = glance.StatusActive, ptr(int64(10)), ptr(int64(10))
				img.Checksum, img.HashAlgo = hex.EncodeToString(sum[:]), "sha256"
				img.HashValue = hex.EncodeToString(hash[:])
				img.CreatedAt, img.UpdatedAt = got.CreatedAt, got.UpdatedAt
				img.Locations = []glance.Location{{
					ID: 1, URL: "mem://cheap/" + img1, Metadata: map[string]any{"store": "cheap"}, Status: glance.LocationActive,
				}}
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if left := r.journal.left(); len(left) > 0 || r.fast.holds(t, img1) {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// TestUploadEmpty: an empty body makes an active image of size 0.
func TestUploadEmpty(t *testing.T) {
	for name, size := range map[string]int64{"announced": 0, "streamed": images.SizeUnknown} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, queued())
			if err := r.uploader().Upload(t.Context(), alice, img1, images.Data{Body: strings.NewReader(""), Size: size}); err != nil {
				t.Fatal(err)
			}
			img := r.get(t, img1)
			if img.Status != glance.StatusActive || *img.Size != 0 || img.VirtualSize != nil || len(img.Locations) != 1 ||
				img.Checksum != "d41d8cd98f00b204e9800998ecf8427e" {
				t.Errorf("got %+v", img)
			}
		})
	}
}

const goneText = "Image " + img1 + " could not be found after upload. The image may have been deleted during the upload, " +
	"cleaning up the chunks uploaded."

// TestUploadRefused is the table of spec images-v2 §17, row by row. Whatever
// fails, the image is as before and nothing is left.
func TestUploadRefused(t *testing.T) {
	tests := []struct {
		name  string
		image *glance.Image
		data  images.Data
		rig   func(*rig, *images.Uploader)
		who   *glance.Caller
		want  fault
	}{
		{
			name: "unknown store", data: images.Data{Store: ptr("nope")},
			want: fault{glance.Invalid, "Store for identifier nope not found", ""},
		},
		{name: "empty store", data: images.Data{Store: ptr("")}, want: fault{glance.Invalid, "Store for identifier  not found", ""}},
		{
			name: "reserved store", data: images.Data{Store: ptr("os_glance_staging_store")},
			want: fault{glance.Invalid, "Store for identifier os_glance_staging_store not found", ""},
		},
		{name: "not visible", who: carol, want: fault{glance.NotFound, "No image found with ID " + img1, ""}},
		{name: "policy", who: rita, want: fault{glance.Forbidden, "You are not authorized to complete upload_image action.", ""}},
		{name: "policy, may not even see", who: nora, want: fault{kind: glance.NotFound}},
		{
			name: "foreign, old defaults", who: carol, image: queued(func(img *glance.Image) { img.Visibility = glance.VisibilityPublic }),
			rig:  func(_ *rig, u *images.Uploader) { u.Policy = enforcer(t, false) },
			want: fault{glance.Forbidden, "Not allowed to upload image data for image " + img1, ""},
		},
		{
			name: "no disk format", image: queued(func(img *glance.Image) { img.DiskFormat = "" }),
			want: fault{glance.Invalid, "Property disk_format must be set prior to saving data.", ""},
		},
		{
			name: "no container format", image: queued(func(img *glance.Image) { img.ContainerFormat = "" }),
			want: fault{glance.Invalid, "Property container_format must be set prior to saving data.", ""},
		},
		{
			name: "no formats", image: queued(func(img *glance.Image) { img.DiskFormat, img.ContainerFormat = "", "" }),
			want: fault{glance.Invalid, "Properties disk_format, container_format must be set prior to saving data.", ""},
		},
		{
			name: "storage quota, size known", data: data("0123456789"), rig: func(_ *rig, u *images.Uploader) { u.Quota = 9 },
			want: fault{glance.TooLarge, "Image exceeds the storage quota: The size of the data 10 will exceed the limit. 9 bytes remaining.", ""},
		},
		{
			name: "storage quota, stream exceeds it", data: streamed("0123456789"), rig: func(_ *rig, u *images.Uploader) { u.Quota = 9 },
			want: fault{glance.TooLarge, "Image exceeds the storage quota: The size of the data 10 will exceed the limit. 9 bytes remaining.", ""},
		},
		{
			name: "larger than image_size_cap", data: data(strings.Repeat("x", 1001)),
			want: fault{glance.TooLarge, "The incoming image is too large: The provided image is too large.", ""},
		},
		{
			name: "stream larger than image_size_cap", data: streamed(strings.Repeat("x", 1001)),
			want: fault{glance.TooLarge, "The incoming image is too large: The provided image is too large.", ""},
		},
		{
			name: "more than announced", data: images.Data{Body: strings.NewReader("0123456789"), Size: 5},
			want: fault{glance.Invalid, "Size exceeds: expected 5 bytes, got 10 bytes", ""},
		},
		{
			name: "less than announced", data: images.Data{Body: strings.NewReader("0123456789"), Size: 11},
			want: fault{glance.Invalid, "Size mismatch: expected 11 bytes, got 10 bytes", ""},
		},
		{
			name: "nothing of what was announced", data: images.Data{Body: strings.NewReader(""), Size: 11},
			want: fault{glance.Invalid, "Size mismatch: expected 11 bytes, got 0 bytes", ""},
		},
		{
			name: "other format", image: queued(func(img *glance.Image) { img.DiskFormat = "qcow2" }), data: data("not a qcow2 header"),
			want: fault{glance.UnsupportedMedia, "", "Image disk_format qcow2 does not match stream data raw"},
		},
		{
			name: "empty and no raw", image: queued(func(img *glance.Image) { img.DiskFormat = "qcow2" }), data: data(""),
			want: fault{glance.UnsupportedMedia, "", "Image disk_format qcow2 does not match stream data raw"},
		},
		{
			name: "store full", data: data("x"), rig: func(r *rig, _ *images.Uploader) { r.fast.put = func() error { return store.Full(nil) } },
			want: fault{glance.TooLarge, "Image storage media is full: There is not enough disk space on the image storage media.", ""},
		},
		{
			name: "store not writable", data: data("x"), rig: func(r *rig, _ *images.Uploader) { r.fast.put = func() error { return store.WriteDenied(nil) } },
			want: fault{glance.Unavailable, "Insufficient permissions on image storage media: Permission to write image storage media denied.", ""},
		},
		{
			name: "store takes no data", data: data("x"), rig: func(r *rig, _ *images.Uploader) { r.fast.put = store.AddDisabled },
			want: fault{glance.Gone, "Error in store configuration. Adding images to store is disabled.", ""},
		},
		{
			name: "anything else", data: data("x"), rig: func(r *rig, _ *images.Uploader) { r.fast.put = func() error { return errors.New("boom") } },
			want: fault{kind: glance.Internal},
		},
		{
			name: "journal", data: data("x"), rig: func(r *rig, _ *images.Uploader) { r.journal.fails = errors.New("disk full") },
			want: fault{kind: glance.Internal},
		},
		{
			name: "unknown hash", data: data("x"), rig: func(_ *rig, u *images.Uploader) { u.HashAlgo = "rot13" },
			want: fault{kind: glance.Internal},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			img := tt.image
			if img == nil {
				img = queued()
			}
			r.add(t, img)
			u := r.uploader()
			if tt.rig != nil {
				tt.rig(r, u)
			}
			who := tt.who
			if who == nil {
				who = alice
			}
			wantFault(t, u.Upload(t.Context(), who, img1, tt.data), tt.want)
			r.wantUntouched(t, img1)
		})
	}
}

// TestUploadStatus is row "status not queued" for every status there is.
func TestUploadStatus(t *testing.T) {
	for _, status := range glance.Statuses() {
		if status == glance.StatusQueued {
			continue
		}
		r := newRig(t)
		r.add(t, queued(func(img *glance.Image) { img.Status = status }))
		want := fault{glance.Conflict, "Image status transition from " + string(status) + " to saving is not allowed", ""}
		wantFault(t, r.uploader().Upload(t.Context(), alice, img1, data("x")), want)
		if got := r.get(t, img1); got.Status != status || r.fast.holds(t, img1) {
			t.Errorf("%s: got %+v", status, got)
		}
	}
}

// TestUploadFormats is the table of spec images-v2 §17.2 as far as the verb
// decides it: who is looked at, and what becomes of the virtual size.
func TestUploadFormats(t *testing.T) {
	qcow2 := "QFI\xfb\x00\x00\x00\x03" + strings.Repeat("\x00", 16) + "\x00\x00\x00\x00\x00\x01\x00\x00" + strings.Repeat("\x00", 500)
	backed := qcow2[:15] + "\x40" + qcow2[16:] // names a file that it would be read with
	tests := []struct {
		name, disk, container, text string
		rules                       imgformat.Rules
		virtual                     *int64
		refused                     string
	}{
		{name: "the declared one", disk: "qcow2", container: "bare", text: qcow2, virtual: ptr(int64(0x10000))},
		{name: "raw", disk: "raw", container: "bare", text: "xyz", virtual: ptr(int64(3))},
		{name: "anything as raw", disk: "raw", container: "bare", text: qcow2, virtual: ptr(int64(len(qcow2)))},
		{name: "not inspectable", disk: "ami", container: "bare", text: "xyz"},
		{name: "not bare", disk: "qcow2", container: "ovf", text: "xyz"},
		{name: "mismatch", disk: "vmdk", container: "bare", text: qcow2, refused: "Image disk_format vmdk does not match stream data qcow2"},
		{name: "unsafe", disk: "qcow2", container: "bare", text: backed, refused: "Image failed safety checks"},
		{name: "unsafe, mismatch allowed", disk: "vmdk", container: "bare", text: backed, rules: imgformat.Rules{AllowMismatch: true}, refused: "Image failed safety checks"},
		{name: "unsafe, not bare", disk: "qcow2", container: "ovf", text: backed},
		{name: "mismatch allowed", disk: "vmdk", container: "bare", text: qcow2, rules: imgformat.Rules{AllowMismatch: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, queued(func(img *glance.Image) { img.DiskFormat, img.ContainerFormat = tt.disk, tt.container }))
			u := r.uploader()
			u.Formats = tt.rules
			err := u.Upload(t.Context(), alice, img1, data(tt.text))
			if tt.refused != "" {
				wantFault(t, err, fault{glance.UnsupportedMedia, "", tt.refused})
				r.wantUntouched(t, img1)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.virtual, r.get(t, img1).VirtualSize); diff != "" {
				t.Errorf("virtual size -want +got:\n%s", diff)
			}
		})
	}
}

// TestUploadAfterMismatch: data that was refused leaves no hashes that a second
// try could contradict.
func TestUploadAfterMismatch(t *testing.T) {
	r := newRig(t)
	r.add(t, queued(func(img *glance.Image) { img.DiskFormat = "vmdk" }))
	wantFault(t, r.uploader().Upload(t.Context(), alice, img1, data("xyz")),
		fault{glance.UnsupportedMedia, "", "Image disk_format vmdk does not match stream data raw"})
	r.wantUntouched(t, img1)
	r.update(t, img1, func(img *glance.Image) { img.DiskFormat = "raw" })
	if err := r.uploader().Upload(t.Context(), alice, img1, data("other data")); err != nil {
		t.Fatal(err)
	}
}

// TestUploadQuota: what else the owner has counts, once per location; this
// image does not.
func TestUploadQuota(t *testing.T) {
	tests := []struct {
		name  string
		quota quota.Storage
		data  images.Data
		want  fault
	}{
		{name: "fits exactly", quota: 30, data: data("0123456789")},
		{name: "streamed, fits exactly", quota: 30, data: streamed("0123456789")},
		{
			name: "one byte too many", quota: 29, data: data("0123456789"),
			want: fault{glance.TooLarge, "Image exceeds the storage quota: The size of the data 10 will exceed the limit. 9 bytes remaining.", ""},
		},
		{
			name: "nothing left for a stream", quota: 20, data: streamed(""),
			want: fault{glance.TooLarge, "Image exceeds the storage quota: The size of the data None will exceed the limit. 0 bytes remaining.", ""},
		},
		{
			name: "exceeded before", quota: 15, data: streamed("x"),
			want: fault{glance.TooLarge, "Image exceeds the storage quota: The size of the data None will exceed the limit. -5 bytes remaining.", ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.fill(t, queued(func(img *glance.Image) { img.ID = img2 }), "0123456789")
			r.update(t, img2, func(img *glance.Image) {
				img.Locations = append(img.Locations, r.put(t, "cheap", img2, "0123456789"))
			})
			r.add(t, queued())
			u := r.uploader()
			u.Quota = tt.quota
			err := u.Upload(t.Context(), alice, img1, tt.data)
			if tt.want == (fault{}) {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantFault(t, err, tt.want)
			r.wantUntouched(t, img1)
		})
	}
}
