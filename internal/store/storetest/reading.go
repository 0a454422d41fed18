package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"glance/internal/glance"
)

func reading() []Case {
	return []Case{
		{"Whole", testWhole},
		{"Offset", testOffset},
		{"ReadConcurrently", testReadConcurrently},
		{"Missing", testMissing},
		{"Foreign", testForeign},
		{"Info", testInfo},
	}
}

func readOnly() []Case {
	return []Case{{"TakesNothing", testTakesNothing}}
}

func testWhole(t *testing.T, f Fixture) {
	for _, size := range []int{0, 1, 1000, 1<<20 - 1, 1 << 20, 1<<20 + 1, 9<<20 + 7} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			data := Noise(size)
			f.wantData(t, f.keep(t, data), data)
		})
	}
}

func testOffset(t *testing.T, f Fixture) {
	data := Noise(3<<20 + 5)
	url := f.keep(t, data)
	for _, offset := range []int64{1, 4095, 1 << 20, 3 << 20, int64(len(data)) - 1, int64(len(data))} {
		got, size := f.read(t, url, offset)
		if !bytes.Equal(got, data[offset:]) || size != int64(len(data)) {
			t.Errorf("offset %d: %d bytes, size %d", offset, len(got), size)
		}
	}
}

func testReadConcurrently(t *testing.T, f Fixture) {
	data := Noise(1<<20 + 3)
	url := f.keep(t, data)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { f.wantData(t, url, data) })
	}
	all.Wait()
}

func testMissing(t *testing.T, f Fixture) {
	url := f.Missing
	if !f.ReadOnly() {
		url = f.keep(t, []byte("data"))
		if err := f.Driver.Delete(t.Context(), url); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		wantKind(t, "Delete", f.Driver.Delete(t.Context(), url), glance.NotFound)
	}
	_, err := f.Driver.Open(t.Context(), url, 0)
	wantKind(t, "Open", err, glance.NotFound)
	_, err = f.Driver.Size(t.Context(), url)
	wantKind(t, "Size", err, glance.NotFound)
}

func testForeign(t *testing.T, f Fixture) {
	for _, url := range []string{f.Foreign, "nosuchscheme://a/b", "no url", ""} {
		if f.Driver.Owns(url) {
			t.Errorf("Owns(%q)", url)
		}
		_, err := f.Driver.Open(t.Context(), url, 0)
		wantKind(t, "Open", err, glance.Invalid)
		_, err = f.Driver.Size(t.Context(), url)
		wantKind(t, "Size", err, glance.Invalid)
		if !f.ReadOnly() {
			wantKind(t, "Delete", f.Driver.Delete(t.Context(), url), glance.Invalid)
		}
	}
}

func testInfo(t *testing.T, f Fixture) {
	info := f.Driver.Info()
	url := f.keep(t, []byte("data"))
	if !f.Driver.Owns(url) {
		t.Errorf("it does not own its object at %s", url)
	}
	scheme, _, _ := strings.Cut(url, "://")
	if !slices.Contains(info.Schemes, scheme) {
		t.Errorf("schemes %q lack that of %s", info.Schemes, url)
	}
	if info.Type == "" || info.Properties == nil {
		t.Errorf("the description lacks something: %+v", info)
	}
	if info.ReadOnly != f.ReadOnly() {
		t.Errorf("read-only is %v", info.ReadOnly)
	}
}

func testTakesNothing(t *testing.T, f Fixture) {
	_, err := f.Driver.Put(t.Context(), newUpload(4), strings.NewReader("data"))
	wantKind(t, "Put", err, glance.Gone)
	wantText(t, err, "Error in store configuration. Adding images to store is disabled.")
	err = f.Driver.Delete(t.Context(), f.keep(t, []byte("data")))
	wantKind(t, "Delete", err, glance.Unsupported)
	wantText(t, err, "Deleting images from this store is not supported.")
	if err := f.Driver.Abandon(t.Context(), newUpload(4)); err != nil {
		t.Errorf("Abandon: %v", err)
	}
}
