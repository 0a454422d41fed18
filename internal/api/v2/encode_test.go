package v2_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"glance/internal/api"
	v2 "glance/internal/api/v2"
	"glance/internal/glance"
	"glance/internal/images"
)

// awkward are texts that an encoder of JSON may stumble over.
var awkward = []string{
	"", "plain", `quo"te`, `back\slash`, "\x00\x01\x1f\x7f", "\b\f\n\r\t", "é日本\U0001F600", "\u2028\u2029", "<&>", "\xff", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80x", "\ufffd",
}

// TestAppendString: a text means what encoding/json makes of it, and its
// spelling is the original's: nothing is escaped that need not be.
func TestAppendString(t *testing.T) {
	for _, s := range awkward {
		checkString(t, s)
	}
	for s, want := range map[string]string{
		"\b\f\n\r\t\x00\x1f\x7f": `"\b\f\n\r\t\u0000\u001f` + "\x7f\"", `"\/`: `"\"\\/"`, "é<&>\u2028": "\"é<&>\u2028\"", "a\xffb": "\"a\ufffdb\"",
	} {
		if got := string(v2.AppendString([]byte("x"), s)); got != "x"+want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range awkward {
		f.Add(s)
	}
	f.Fuzz(checkString)
}

func checkString(t *testing.T, s string) {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var want, got string
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	ours := v2.AppendString(nil, s)
	if err := json.Unmarshal(ours, &got); err != nil || got != want {
		t.Errorf("%q: %s, %v", s, ours, err)
	}
}

// key order of spec images-v2 §5: additional properties come first.
const keyOrder = "name disk_format container_format visibility size virtual_size status checksum protected min_ram min_disk owner os_hidden " +
	"os_hash_algo os_hash_value id created_at updated_at locations direct_url tags self file schema stores"

// plainKeys are those that every image has.
var plainKeys = strings.Fields(strings.NewReplacer(" locations direct_url", "", " stores", "").Replace(keyOrder))

func keysOf(t *testing.T, text []byte) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	var keys []string
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		keys = append(keys, key.(string))
		var value any
		if err := d.Decode(&value); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	return keys
}

func TestAppendImageKeys(t *testing.T) {
	img := image(func(img *glance.Image) {
		img.Properties = []glance.Property{{Name: "z"}, {Name: "a"}}
		img.Locations = []glance.Location{{URL: "file:///x", Metadata: map[string]any{"store": "fast"}}, {URL: "file:///y", Metadata: map[string]any{"store": "cheap"}}}
	})
	tests := []struct {
		name   string
		config v2.Config
		gone   string // of the keys
	}{
		{"all", v2.Config{ShowDirectURL: true, ShowLocations: true, StoreIDs: []string{"fast"}}, ""},
		{"several stores", v2.Config{StoreIDs: []string{"fast"}}, " locations direct_url"},
		{"one store", v2.Config{ShowDirectURL: true}, " locations stores"},
	}
	for _, tt := range tests {
		d := &v2.Door{Config: tt.config}
		want := "z a " + keyOrder
		for _, key := range strings.Fields(tt.gone) {
			want = strings.Replace(want, " "+key, "", 1)
		}
		text := d.AppendImage(nil, img)
		if got := strings.Join(keysOf(t, text), " "); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, want)
		}
	}
	text := string((&v2.Door{Config: tests[0].config}).AppendImage(nil, img))
	for _, want := range []string{
		`"direct_url": "file:///x"`, `"stores": "fast,cheap"`, `"locations": [{"url": "file:///x", "metadata": {"store":"fast"}}, {"url"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

// TestAppendImageHides: which of two values of one name is shown.
func TestAppendImageHides(t *testing.T) {
	img := image(func(img *glance.Image) {
		for _, name := range append(plainKeys, "locations", "direct_url", "stores") {
			img.Properties = append(img.Properties, glance.Property{Name: name, Value: "property"})
		}
	})
	located := img.Clone()
	located.Locations = []glance.Location{{URL: "u", Metadata: map[string]any{"store": "s"}}}
	all := v2.Config{ShowDirectURL: true, ShowLocations: true, StoreIDs: []string{"s"}}
	for _, tt := range []struct {
		config v2.Config
		img    *glance.Image
		shown  string // of the properties
	}{
		{v2.Config{}, img, "locations direct_url stores"}, {all, img, "direct_url stores"}, {v2.Config{}, located, "locations direct_url stores"}, {all, located, ""},
	} {
		text := (&v2.Door{Config: tt.config}).AppendImage(nil, tt.img)
		keys := keysOf(t, text)
		seen := map[string]bool{}
		for _, key := range keys {
			if seen[key] {
				t.Errorf("%+v: %s is there twice", tt.config, key)
			}
			seen[key] = true
		}
		var doc map[string]any
		if err := json.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		var shown []string
		for _, key := range []string{"locations", "direct_url", "stores"} {
			if doc[key] == "property" {
				shown = append(shown, key)
			}
		}
		if got := strings.Join(shown, " "); got != tt.shown {
			t.Errorf("%+v: shows %q, want %q", tt.config, got, tt.shown)
		}
	}
}

// TestAppendImageMeans encodes many random images and compares what they mean
// with what encoding/json makes of a map.
func TestAppendImageMeans(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		img := randomImage(rng)
		d := &v2.Door{Config: v2.Config{ShowDirectURL: rng.IntN(2) == 0, ShowLocations: rng.IntN(2) == 0, StoreIDs: []string{"fast"}}}
		var got map[string]any
		text := d.AppendImage(nil, img)
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if diff := cmp.Diff(meaning(t, d.Config, img), got); diff != "" {
			t.Fatalf("-want +got:\n%s\n%s", diff, text)
		}
	}
}

func randomImage(rng *rand.Rand) *glance.Image {
	text := func() string { return awkward[rng.IntN(len(awkward))] }
	number := func() *int64 {
		if rng.IntN(3) == 0 {
			return nil
		}
		n := rng.Int64()
		return &n
	}
	img := &glance.Image{
		ID: text(), Status: glance.Statuses()[rng.IntN(9)], Visibility: glance.Visibilities()[rng.IntN(4)], Owner: text(),
		DiskFormat: text(), ContainerFormat: text(), Size: number(), VirtualSize: number(), Checksum: text(), HashAlgo: text(), HashValue: text(),
		MinDisk: rng.Int64(), MinRAM: rng.Int64(), Protected: rng.IntN(2) == 0, Hidden: rng.IntN(2) == 0,
		CreatedAt: time.Unix(rng.Int64N(1<<33), rng.Int64N(1e9)), UpdatedAt: time.Unix(rng.Int64N(1<<33), 0),
	}
	if s := text(); rng.IntN(2) == 0 {
		img.Name = &s
	}
	for i := range rng.IntN(4) {
		img.Tags = append(img.Tags, text())
		img.Properties = append(img.Properties, glance.Property{Name: fmt.Sprint(i, text()), Value: text()})
		img.Locations = append(img.Locations, glance.Location{URL: text(), Metadata: map[string]any{"store": text(), "x": []any{nil, 1.5}}})
	}
	return img
}

// meaning is what an image means as a JSON value.
func meaning(t *testing.T, c v2.Config, img *glance.Image) map[string]any {
	filled := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	doc := map[string]any{
		"name": img.Name, "disk_format": filled(img.DiskFormat), "container_format": filled(img.ContainerFormat), "visibility": img.Visibility,
		"size": img.Size, "virtual_size": img.VirtualSize, "status": img.Status, "checksum": filled(img.Checksum), "protected": img.Protected,
		"min_ram": img.MinRAM, "min_disk": img.MinDisk, "owner": filled(img.Owner), "os_hidden": img.Hidden, "os_hash_algo": filled(img.HashAlgo),
		"os_hash_value": filled(img.HashValue), "id": img.ID, "created_at": img.CreatedAt.UTC().Format("2006-01-02T15:04:05Z"),
		"updated_at": img.UpdatedAt.UTC().Format("2006-01-02T15:04:05Z"), "tags": append([]string{}, img.Tags...),
		"self": "/v2/images/" + img.ID, "file": "/v2/images/" + img.ID + "/file", "schema": "/v2/schemas/image",
	}
	for _, p := range img.Properties {
		doc[p.Name] = p.Value
	}
	var stores []string
	locations := []any{}
	for _, l := range img.Locations {
		locations = append(locations, map[string]any{"url": l.URL, "metadata": l.Metadata})
		if l.Store() != "" {
			stores = append(stores, l.Store())
		}
	}
	if c.ShowLocations {
		doc["locations"] = locations
	}
	if c.ShowDirectURL && len(img.Locations) > 0 {
		doc["direct_url"] = img.Locations[0].URL
	}
	if len(stores) > 0 {
		doc["stores"] = strings.Join(stores, ",")
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// page20 is a page as clients ask for: 20 images with data, properties and tags.
func page20() (*v2.Door, images.Page) {
	d := &v2.Door{Config: v2.Config{StoreIDs: []string{"fast", "cheap"}}}
	page := images.Page{Last: img1}
	for i := range 20 {
		name, size := fmt.Sprint("image ", i), int64(1<<30)
		page.Images = append(page.Images, image(func(img *glance.Image) {
			img.Name, img.Size, img.VirtualSize, img.Tags = &name, &size, &size, []string{"lts", "x86_64"}
			img.Checksum, img.HashAlgo, img.HashValue = strings.Repeat("c", 32), "sha512", strings.Repeat("h", 128)
			img.CreatedAt, img.UpdatedAt = time.Unix(1700000000, 0), time.Unix(1800000000, 0)
			img.Locations = []glance.Location{{URL: "file:///srv/images/x", Metadata: map[string]any{"store": "fast"}}}
			for _, p := range strings.Fields("os_distro os_version hw_disk_bus hw_vif_model architecture") {
				img.Properties = append(img.Properties, glance.Property{Name: p, Value: "some value"})
			}
		}))
	}
	return d, page
}

func TestAppendPageAllocates(t *testing.T) {
	d, page := page20()
	params := []api.Param{{Name: "limit", Value: "20"}, {Name: "sort", Value: "name:asc"}}
	b := d.AppendPage(nil, page, params)
	if n := testing.AllocsPerRun(20, func() { b = d.AppendPage(b[:0], page, params) }); n > 2 {
		t.Errorf("%v allocations", n) // one for each colon to escape
	}
	if !json.Valid(b) {
		t.Errorf("no JSON: %s", b)
	}
}

func BenchmarkAppendPage(b *testing.B) {
	d, page := page20()
	text := d.AppendPage(nil, page, nil)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		text = d.AppendPage(text[:0], page, nil)
	}
}
