package metadatatest

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Open gives a new, empty store. Run closes it.
type Open func(t *testing.T) metadata.Store

type test struct {
	name string
	run  func(*testing.T, metadata.Store)
}

// Run runs the whole suite.
func Run(t *testing.T, open Open) { RunOn(t, Engine{}, open) }

// RunOn runs the whole suite on a database that differs from the others.
func RunOn(t *testing.T, e Engine, open Open) {
	runSubjects(t, e, open, []subject{
		{"images", imageTests()},
		{"updates", updateTests()},
		{"deletion", deletionTests()},
		{"listing", listingTests()},
		{"sorting", sortingTests()},
		{"visibility", visibilityTests()},
		{"members", memberTests()},
		{"tasks", taskTests()},
		{"locks", lockTests()},
		{"usage", usageTests()},
		{"concurrency", concurrencyTests()},
		{"awkward", awkwardTests()},
		{"lifecycle", lifecycleTests()},
	})
}

type subject struct {
	name  string
	tests []test
}

func runSubjects(t *testing.T, e Engine, open Open, subjects []subject) {
	for _, subject := range subjects {
		t.Run(subject.name, func(t *testing.T) {
			for _, tt := range subject.tests {
				t.Run(tt.name, func(t *testing.T) {
					s := tested{open(t), e}
					t.Cleanup(func() {
						if err := s.Close(); err != nil {
							t.Errorf("Close: %v", err)
						}
					})
					tt.run(t, s)
				})
			}
		})
	}
}

// id gives the nth image id.
func id(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", n, n) }

// plain gives the nth image, with nothing but what every image has.
func plain(n int) *glance.Image {
	return &glance.Image{ID: id(n), Status: glance.StatusQueued, Visibility: glance.VisibilityShared, Owner: "owner"}
}

// full gives the nth image with a value in every field.
func full(n int) *glance.Image {
	img := plain(n)
	img.Name, img.Size, img.VirtualSize = ptr(fmt.Sprintf("image %d", n)), ptr(int64(1000+n)), ptr(int64(2000+n))
	img.Status, img.Visibility = glance.StatusActive, glance.VisibilityPublic
	img.DiskFormat, img.ContainerFormat, img.Checksum = "qcow2", "bare", "0123456789abcdef0123456789abcdef"
	img.HashAlgo, img.HashValue = "sha512", "feed"
	img.MinDisk, img.MinRAM, img.Protected, img.Hidden = 3, 512, true, true
	img.CreatedAt = time.Date(2020, 2, 29, 23, 59, 59, 123456000, time.UTC)
	img.UpdatedAt = time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
	img.Properties = []glance.Property{{Name: "os", Value: "linux"}, {Name: "none", Null: true}, {Name: "empty"}}
	img.Tags = []string{"zeta", "alpha", "mid"}
	img.Locations = []glance.Location{
		{URL: "file:///b", Metadata: map[string]any{"store": "fast", "depth": map[string]any{"n": json.Number("1.50")}}},
		{URL: "file:///a"},
	}
	return img
}

func ptr[T any](v T) *T { return &v }

func create(t *testing.T, s metadata.Store, images ...*glance.Image) {
	t.Helper()
	for _, img := range images {
		if err := s.CreateImage(t.Context(), img); err != nil {
			t.Fatalf("create %s: %v", img.ID, err)
		}
	}
}

// anything is the scope that sees deleted images too.
func anything() metadata.Scope { return metadata.Scope{Admin: true, Deleted: true} }

func read(t *testing.T, s metadata.Store, id string) *glance.Image {
	t.Helper()
	img, err := s.Image(t.Context(), anything(), id)
	if err != nil {
		t.Fatalf("read %s: %v", id, err)
	}
	return img
}

func update(t *testing.T, s metadata.Store, id string, change func(*glance.Image)) *glance.Image {
	t.Helper()
	img, err := s.UpdateImage(t.Context(), anything(), id, func(img *glance.Image) error {
		change(img)
		return nil
	})
	if err != nil {
		t.Fatalf("update %s: %v", id, err)
	}
	same(t, "what an update returns, and what is stored", img, read(t, s, id))
	return img
}

// destroy deletes an image as the verbs do.
func destroy(t *testing.T, s metadata.Store, id string) *glance.Image {
	t.Helper()
	return update(t, s, id, func(img *glance.Image) {
		img.Status, img.Deleted = glance.StatusDeleted, true
	})
}

// wants checks kind and text of an error; text "" is any.
func wants(t *testing.T, err error, kind glance.Kind, text string) {
	t.Helper()
	var e *glance.Error
	if !errors.As(err, &e) || e.Kind != kind || text != "" && e.Message != text {
		t.Errorf("error %v (%v), want %v %q", err, glance.KindOf(err), kind, text)
	}
}

// same compares two values by what they look like as JSON; no children and an
// empty list of them are the same.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := show(got), show(want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func show(v any) string {
	if img, ok := v.(*glance.Image); ok {
		v = normal(img)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v (%v)", v, err)
	}
	return string(text)
}

func normal(img *glance.Image) *glance.Image {
	img = img.Clone()
	img.Properties = append([]glance.Property{}, img.Properties...)
	img.Tags = append([]string{}, img.Tags...)
	img.Locations = append([]glance.Location{}, img.Locations...)
	for i := range img.Locations {
		l := &img.Locations[i]
		if l.Status == "" {
			l.Status = glance.LocationActive
		}
		if l.Metadata == nil {
			l.Metadata = map[string]any{}
		}
	}
	return img
}

// names gives the names of the properties, in order.
func names(img *glance.Image) (list []string) {
	for _, p := range img.Properties {
		list = append(list, p.Name)
	}
	return list
}
