package images_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/store"
)

// TestDownloadRefused is the table of spec images-v2 §19 as far as the verb
// decides it.
func TestDownloadRefused(t *testing.T) {
	tests := []struct {
		name   string
		who    *glance.Caller
		change func(*glance.Image)
		prefer []string
		single bool
		rig    func(*rig)
		want   fault
	}{
		{name: "not visible", who: carol, want: fault{glance.NotFound, "No image found with ID " + img1, ""}},
		{
			name: "deactivated", change: func(img *glance.Image) { img.Status = glance.StatusDeactivated },
			want: fault{glance.Forbidden, "The requested image has been deactivated. Image data download is forbidden.", ""},
		},
		{name: "policy", who: rita, want: fault{glance.Forbidden, "You are not authorized to complete download_image action.", ""}},
		{name: "policy, may not even see", who: nora, want: fault{kind: glance.NotFound}},
		{
			name: "prefer with a single store", prefer: []string{"fast"}, single: true,
			want: fault{glance.Invalid, "Store selection for download is not available when multiple backends are not enabled.", ""},
		},
		{name: "unknown store", prefer: []string{"fast", "nope"}, want: fault{glance.Invalid, "Store 'nope' is not configured.", ""}},
		{name: "reserved store", prefer: []string{store.StagingStore}, want: fault{glance.Invalid, "Store 'os_glance_staging_store' is not configured.", ""}},
		{
			name: "unreachable", rig: func(r *rig) { r.fast.opens(store.Unreachable(nil)); r.cheap.opens(store.Unreachable(nil)) },
			want: fault{glance.Unavailable, "Remote server where the image is present is unavailable.", ""},
		},
		{
			name: "gone, then unreachable", rig: func(r *rig) { r.fast.opens(store.NoImage("x", nil)); r.cheap.opens(store.Unreachable(nil)) },
			want: fault{glance.Unavailable, "Remote server where the image is present is unavailable.", ""},
		},
		{
			name: "cannot read", rig: func(r *rig) { r.fast.opens(store.NoImage("x", nil)); r.cheap.opens(store.NoRandomRead(0)) },
			want: fault{glance.Unsupported, "Getting images randomly from this store is not supported. Offset: 0, length: None", ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.twice(t)
			if tt.change != nil {
				r.update(t, img1, tt.change)
			}
			if tt.rig != nil {
				tt.rig(r)
			}
			d := r.downloader()
			if tt.single {
				var err error
				if d.Stores, err = store.NewSet(false, "fast", store.Named{ID: "fast", Driver: r.fast}); err != nil {
					t.Fatal(err)
				}
			}
			who := tt.who
			if who == nil {
				who = alice
			}
			_, err := d.Download(t.Context(), who, img1, tt.prefer)
			wantFault(t, err, tt.want)
		})
	}
}

func (d *driver) opens(err error) { d.open = func() error { return err } }

// TestDownloadOrder: which location is read.
func TestDownloadOrder(t *testing.T) {
	tests := []struct {
		name   string
		prefer []string
		broken bool // the one that comes first
		want   string
	}{
		{name: "by weight", want: "in fast"},
		{name: "next", broken: true, want: "in cheap"},
		{name: "preferred", prefer: []string{"cheap"}, want: "in cheap"},
		{name: "preferred, none is in another", prefer: []string{"cheap", "fast"}, want: "in fast"},
		{name: "preferred and broken", prefer: []string{"fast"}, broken: true, want: "in cheap"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, queued(func(img *glance.Image) {
				img.Status = glance.StatusActive
				img.Locations = []glance.Location{r.put(t, "cheap", img1, "in cheap"), r.put(t, "fast", img1, "in fast")}
			}))
			if tt.broken {
				r.fast.opens(store.Unreachable(nil))
			}
			d, err := r.downloader().Download(t.Context(), alice, img1, tt.prefer)
			if err != nil {
				t.Fatal(err)
			}
			body, err := d.Open(t.Context(), 3)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(body)
			if err != nil || "in "+string(got) != tt.want || d.Size != int64(len(tt.want)) {
				t.Errorf("%q of %d bytes, %v; want %q", got, d.Size, err, tt.want)
			}
		})
	}
}

// TestDownloadNothing: whatever has no data answers that it is empty.
func TestDownloadNothing(t *testing.T) {
	for _, status := range []glance.Status{glance.StatusQueued, glance.StatusSaving, glance.StatusUploading, glance.StatusImporting, glance.StatusActive} {
		r := newRig(t)
		r.add(t, queued(func(img *glance.Image) { img.Status = status }))
		d, err := r.downloader().Download(t.Context(), alice, img1, nil)
		if err != nil || !d.Empty || d.Close() != nil {
			t.Errorf("%s: %+v, %v", status, d, err)
		}
	}
	r := newRig(t)
	r.twice(t)
	r.fast.opens(store.NoImage("x", nil))
	r.cheap.opens(store.NoImage("x", nil))
	if d, err := r.downloader().Download(t.Context(), alice, img1, nil); err != nil || !d.Empty {
		t.Errorf("gone everywhere: %+v, %v", d, err)
	}
}

func TestDownloadDeactivatedAsAdmin(t *testing.T) {
	r := newRig(t)
	r.fill(t, queued(), "data")
	r.update(t, img1, func(img *glance.Image) { img.Status = glance.StatusDeactivated })
	if got := r.read(t, boss, img1); got != "data" {
		t.Errorf("got %q", got)
	}
}

// TestDeleteDuringDownload: a reader that has begun keeps working.
func TestDeleteDuringDownload(t *testing.T) {
	r := newRig(t)
	r.fill(t, queued(), "some data")
	d, err := r.downloader().Download(t.Context(), alice, img1, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := d.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	some := make([]byte, 4)
	if _, err := io.ReadFull(body, some); err != nil {
		t.Fatal(err)
	}
	if err := r.deleter().Delete(t.Context(), alice, img1); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(body)
	if got := string(some) + string(rest); err != nil || got != "some data" {
		t.Errorf("%q, %v", got, err)
	}
	r.wantDeleted(t)
}

// seekable is data that can be positioned, as a file is; it notes what is done
// with it.
type seekable struct {
	*strings.Reader
	closed int
	fails  error
}

func (s *seekable) Close() error { s.closed++; return nil }

func (s *seekable) Seek(offset int64, whence int) (int64, error) {
	if s.fails != nil {
		return 0, s.fails
	}
	return s.Reader.Seek(offset, whence)
}

// seeking is a store of one text whose data is seekable.
type seeking struct {
	store.Driver
	opened []*seekable
	fails  error
}

func (d *seeking) Open(context.Context, string, int64) (store.Data, error) {
	s := &seekable{Reader: strings.NewReader("0123456789"), fails: d.fails}
	d.opened = append(d.opened, s)
	return store.Data{ReadCloser: s, Size: 10}, nil
}

// TestDownloadSeeks: data that can be positioned is opened once and given out
// as it is, so that the kernel can send a file.
func TestDownloadSeeks(t *testing.T) {
	for _, fails := range []error{nil, errBoom} {
		r := newRig(t)
		s := &seeking{Driver: r.fast.Driver, fails: fails}
		r.fast.Driver = s
		r.add(t, queued(func(img *glance.Image) {
			img.Status, img.Locations = glance.StatusActive, []glance.Location{{URL: "mem://fast/" + img1, Metadata: map[string]any{"store": "fast"}}}
		}))
		d, err := r.downloader().Download(t.Context(), alice, img1, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := d.Open(t.Context(), 7)
		if !errors.Is(err, fails) || len(s.opened) != 1 {
			t.Fatalf("opened %d times, %v", len(s.opened), err)
		}
		if fails == nil {
			if got, err := io.ReadAll(body); err != nil || string(got) != "789" || body != io.ReadCloser(s.opened[0]) {
				t.Errorf("%q, %v", got, err)
			}
			body.Close()
		}
		if err := d.Close(); err != nil || s.opened[0].closed != 1 {
			t.Errorf("closed %d times, %v", s.opened[0].closed, err)
		}
	}
}

// TestDownloadLetsGo: whoever asks and does not read closes.
func TestDownloadLetsGo(t *testing.T) {
	r := newRig(t)
	s := &seeking{Driver: r.fast.Driver}
	r.fast.Driver = s
	r.add(t, queued(func(img *glance.Image) {
		img.Status, img.Locations = glance.StatusActive, []glance.Location{{URL: "mem://fast/" + img1, Metadata: map[string]any{"store": "fast"}}}
	}))
	d, err := r.downloader().Download(t.Context(), alice, img1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil || slices.ContainsFunc(s.opened, func(s *seekable) bool { return s.closed != 1 }) {
		t.Errorf("%v, %+v", err, s.opened)
	}
}
