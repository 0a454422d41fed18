package storetest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/store"
)

// Fixture is a fresh, empty store of the driver under test.
type Fixture struct {
	Driver store.Driver

	// Foreign is a URL that is not this store's.
	Foreign string

	// Names lists everything that the medium holds, hidden names too. Nil when
	// it cannot be asked.
	Names func(t *testing.T) []string

	// Seed puts data where a driver that only reads finds it, and gives the
	// URL. Only for such drivers, which have no Names.
	Seed func(t *testing.T, data []byte) (url string)

	// Missing is the URL of data that is not there. Only with Seed.
	Missing string
}

// ReadOnly reports whether the driver takes no data.
func (f Fixture) ReadOnly() bool { return f.Seed != nil }

// Case is one test of the suite.
type Case struct {
	Name string
	Run  func(t *testing.T, f Fixture)
}

// Run runs the suite; open is called for a fresh store by every test.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	cases := reading()
	if open(t).ReadOnly() {
		cases = append(cases, readOnly()...)
	} else {
		cases = append(cases, writing()...)
		cases = append(cases, failing()...)
		cases = append(cases, crashing()...)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel() // most of them wait for a disk or a network
			c.Run(t, open(t))
		})
	}
}

// Noise gives n bytes, other ones for every n. They repeat after a length that
// is no multiple of any chunk, so what is lost or moved shows.
func Noise(n int) []byte {
	period := make([]byte, min(n, 65_521))
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)}).Read(period)
	data := make([]byte, 0, n)
	for len(data) < n {
		data = append(data, period[:min(len(period), n-len(data))]...)
	}
	return data
}

// newUpload is a first attempt for a new image.
func newUpload(size int64) store.Upload {
	return store.Upload{ImageID: newID(), Attempt: newID(), Size: size}
}

// newID gives an id in the form of a UUID.
func newID() string {
	const hex = "0123456789abcdef"
	id := []byte("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx")
	for i, c := range id {
		if c == 'x' {
			id[i] = hex[rand.IntN(len(hex))]
		}
	}
	return string(id)
}

// keep stores data in whatever way the fixture has.
func (f Fixture) keep(t *testing.T, data []byte) (url string) {
	t.Helper()
	if f.Seed != nil {
		return f.Seed(t, data)
	}
	return f.put(t, newUpload(int64(len(data))), data)
}

func (f Fixture) put(t *testing.T, up store.Upload, data []byte) (url string) {
	t.Helper()
	object, err := f.Driver.Put(t.Context(), up, bytes.NewReader(data))
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	if object.Size != int64(len(data)) {
		t.Fatalf("Put: size %d, want %d", object.Size, len(data))
	}
	return object.URL
}

// read gives the data at url from offset on.
func (f Fixture) read(t *testing.T, url string, offset int64) ([]byte, int64) {
	t.Helper()
	data, err := f.Driver.Open(t.Context(), url, offset)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	var got bytes.Buffer
	got.Grow(int(data.Size) + bytes.MinRead)
	if _, err := io.Copy(&got, data); err != nil {
		t.Fatalf("Read: %v", err)
	}
	if err := data.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	return got.Bytes(), data.Size
}

// wantData checks what lies at url.
func (f Fixture) wantData(t *testing.T, url string, want []byte) {
	t.Helper()
	got, size := f.read(t, url, 0)
	if !bytes.Equal(got, want) {
		t.Errorf("the data (%d bytes) is not what was stored (%d bytes)", len(got), len(want))
	}
	if size != int64(len(want)) {
		t.Errorf("Open: size %d, want %d", size, len(want))
	}
	if size, err := f.Driver.Size(t.Context(), url); err != nil || size != int64(len(want)) {
		t.Errorf("Size: got %d, %v; want %d", size, err, len(want))
	}
}

// wantNothing checks that a failed attempt left nothing: no name in the
// medium, and the id is free.
func (f Fixture) wantNothing(t *testing.T, up store.Upload) {
	t.Helper()
	if f.Names != nil {
		if left := f.Names(t); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
	up.Attempt, up.Size = newID(), 5
	f.wantData(t, f.put(t, up, []byte("again")), []byte("again"))
}

func wantKind(t *testing.T, what string, err error, want glance.Kind) {
	t.Helper()
	if err == nil || glance.KindOf(err) != want {
		t.Errorf("%s: got error %v (%v), want %v", what, err, glance.KindOf(err), want)
	}
}

func wantText(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %q", err, want)
	}
}

// soon bounds what must not hang.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
