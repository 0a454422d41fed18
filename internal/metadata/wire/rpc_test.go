package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"glance/internal/glance"
	"glance/internal/metadata/wire"
)

func TestTimestamp(t *testing.T) {
	at := time.Date(2020, 1, 2, 3, 4, 5, 6000, time.UTC)
	for text, want := range map[string]time.Time{
		`{"_type":"datetime","_value":"2020-01-02T03:04:05.000006"}`: at,
		`{"_type":"datetime","_value":"2020-01-02T03:04:05"}`:        at.Truncate(time.Second),
		`null`: {},
	} {
		var got wire.Timestamp
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, %v", text, got, err)
		}
		if back, err := json.Marshal(wire.Timestamp{Time: want}); err != nil || string(back) != text {
			t.Errorf("%v is %s, %v, want %s", want, back, err, text)
		}
	}
	for text, want := range map[string]time.Time{
		`"2020-01-02T03:04:05.000006Z"`: at, `"2020-01-02T04:04:05.000006+01:00"`: at, `"2020-01-02 03:04:05.000006"`: at,
	} {
		var got wire.Timestamp
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{`"x"`, `7`, `{"_type":"date","_value":"2020-01-02"}`, `{"_type":"datetime"}x`} {
		var got wire.Timestamp
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s is %v", text, got)
		}
	}
}

func full() *glance.Image {
	name, size := "n", int64(7)
	return &glance.Image{
		ID: "i", Name: &name, Status: glance.StatusActive, Visibility: glance.VisibilityCommunity, Owner: "p", DiskFormat: "raw",
		ContainerFormat: "bare", Size: &size, VirtualSize: &size, Checksum: "c", HashAlgo: "a", HashValue: "h", MinDisk: 1, MinRAM: 2,
		Protected: true, Hidden: true, CreatedAt: time.Unix(1, 0).UTC(), UpdatedAt: time.Unix(2, 1000).UTC(), DeletedAt: time.Unix(3, 0).UTC(),
		Deleted: true, Properties: []glance.Property{{Name: "z", Value: "1"}, {Name: "a", Null: true}}, Tags: []string{"t"},
		Locations: []glance.Location{{ID: 4, URL: "file:///x", Metadata: map[string]any{"n": json.Number("1.50")}, Status: glance.LocationActive}},
	}
}

// TestRow: what goes over the wire comes back.
func TestRow(t *testing.T) {
	text, err := json.Marshal(wire.Row(full()))
	if err != nil {
		t.Fatal(err)
	}
	var row wire.Image2
	if err := json.Unmarshal(text, &row); err != nil {
		t.Fatal(err)
	}
	row.Locations[0].Metadata["n"] = json.Number("1.50") // which a reader with UseNumber sees by itself
	if diff := cmp.Diff(full(), row.Image()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestVersion: every change of an image changes its version.
func TestVersion(t *testing.T) {
	seen := map[string]string{wire.Row(full()).Version: "the first"}
	for name, change := range map[string]func(*glance.Image){
		"name": func(img *glance.Image) { img.Name = nil }, "size": func(img *glance.Image) { img.Size = nil },
		"status":      func(img *glance.Image) { img.Status = glance.StatusQueued },
		"updated_at":  func(img *glance.Image) { img.UpdatedAt = img.UpdatedAt.Add(time.Microsecond) },
		"null":        func(img *glance.Image) { img.Properties[1].Null = false },
		"order":       func(img *glance.Image) { img.Properties[0], img.Properties[1] = img.Properties[1], img.Properties[0] },
		"tag":         func(img *glance.Image) { img.Tags = nil },
		"location":    func(img *glance.Image) { img.Locations[0].ID++ },
		"metadata":    func(img *glance.Image) { img.Locations[0].Metadata["n"] = json.Number("1.5") },
		"os_hidden":   func(img *glance.Image) { img.Hidden = false },
		"virtualsize": func(img *glance.Image) { img.VirtualSize = nil },
	} {
		img := full()
		change(img)
		v := wire.Row(img).Version
		if other, known := seen[v]; known {
			t.Errorf("%s has the version of %s", name, other)
		}
		seen[v] = name
	}
}

// TestValues: all values of an image make that image of an empty one.
func TestValues(t *testing.T) {
	want := full()
	want.Deleted, want.DeletedAt, want.CreatedAt, want.UpdatedAt, want.ID, want.Tags = false, time.Time{}, time.Time{}, time.Time{}, "", nil
	text, err := json.Marshal(wire.ValuesOf(want))
	if err != nil {
		t.Fatal(err)
	}
	img := &glance.Image{Locations: []glance.Location{{ID: 4}}, Properties: []glance.Property{{Name: "gone"}}}
	if err := values(t, string(text)).ApplyTo(img, true, []string{"z", "a"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, img); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func values(t *testing.T, text string) wire.Values {
	t.Helper()
	var v wire.Values
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBadValues(t *testing.T) {
	for text, kind := range map[string]glance.Kind{
		`{"name": 1}`: glance.Invalid, `{"status": null}`: glance.Invalid, `{"size": 1.5}`: glance.Invalid, `{"min_disk": 2147483648}`: glance.Invalid,
		`{"protected": "x"}`: glance.Invalid, `{"visibility": "x"}`: glance.Invalid, `{"is_public": "x"}`: glance.Invalid, `{"properties": 1}`: glance.Invalid,
		`{"locations": 1}`: glance.Invalid, `{"locations": [1]}`: glance.Invalid, `{"locations": [{"url": "x", "status": "x"}]}`: glance.Invalid,
		`{"locations": [{"url": "x", "id": "x"}]}`: glance.Invalid, `{"locations": [{"url": "x", "id": 9}]}`: glance.NotFound,
	} {
		if err := values(t, text).ApplyTo(&glance.Image{}, false, nil); !errors.Is(err, kind) {
			t.Errorf("%s: %v, want %v", text, err, kind)
		}
	}
}

// FuzzValues: no values make a panic, or an error that is not the client's.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"name": "n", "size": 1, "properties": {"a": [1], "b": {"c": null}}, "locations": [{"url": "x", "metadata": {}}]}`,
		`{"is_public": 1, "status": "active"}`, `{"min_ram": -1, "visibility": "public"}`, `[]`,
	} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, purge bool) {
		var v wire.Values
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if d.Decode(&v) != nil {
			return
		}
		img := full()
		if err := v.ApplyTo(img, purge, nil); err != nil {
			if k := glance.KindOf(err); k != glance.Invalid && k != glance.NotFound {
				t.Errorf("%s: %v", text, err)
			}
			return
		}
		if !img.Status.Known() || !img.Visibility.Known() {
			t.Errorf("%s makes %+v", text, img)
		}
	})
}
