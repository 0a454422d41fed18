package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"glance/internal/glance"
	"glance/internal/store"
)

func failing() []Case {
	return []Case{
		{"TooShort", testTooShort},
		{"NothingCame", testNothingCame},
		{"TooLong", testTooLong},
		{"ReaderFails", testReaderFails},
		{"Cancelled", testCancelled},
		{"CancelledBefore", testCancelledBefore},
		{"EvilNames", testEvilNames},
	}
}

func testTooShort(t *testing.T, f Fixture) { tooShort(t, f, 99) }

func testNothingCame(t *testing.T, f Fixture) { tooShort(t, f, 0) }

func tooShort(t *testing.T, f Fixture, came int) {
	up := newUpload(100)
	_, err := f.Driver.Put(t.Context(), up, bytes.NewReader(make([]byte, came)))
	wantKind(t, "Put", err, glance.Invalid)
	wantText(t, err, store.SizeMismatch(100, int64(came)).Error())
	f.wantNothing(t, up)
}

func testTooLong(t *testing.T, f Fixture) {
	up := newUpload(2 << 20)
	_, err := f.Driver.Put(t.Context(), up, bytes.NewReader(Noise(2<<20+1)))
	wantKind(t, "Put", err, glance.Invalid)
	wantText(t, err, store.SizeExceeds(2<<20, 2<<20+1).Error())
	f.wantNothing(t, up)
}

// testReaderFails breaks the source at several places, with the errors that
// network connections break with.
func testReaderFails(t *testing.T, f Fixture) {
	own := errors.New("the source broke")
	for _, broken := range []error{own, io.ErrUnexpectedEOF, glance.Errorf(glance.TooLarge, "too much")} {
		for _, after := range []int{0, 10, 1 << 20, 1<<20 + 10} {
			up := newUpload(store.SizeUnknown)
			r := io.MultiReader(bytes.NewReader(Noise(after)), iotest.ErrReader(broken))
			_, err := f.Driver.Put(t.Context(), up, r)
			if !errors.Is(err, broken) {
				t.Fatalf("after %d bytes: got error %v, want %v", after, err, broken)
			}
			if f.Names != nil {
				f.wantOnlyObjects(t, 0)
			}
		}
	}
	f.wantNothing(t, newUpload(0))
}

// testCancelled ends the context while data is on its way.
func testCancelled(t *testing.T, f Fixture) {
	ctx, cancel := context.WithCancel(soon(t))
	up := newUpload(store.SizeUnknown)
	given := 0
	_, err := f.Driver.Put(ctx, up, readerFunc(func(p []byte) (int, error) {
		given += len(p)
		if given > 3<<20 {
			cancel()
		}
		return len(p), nil
	}))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Put: got error %v", err)
	}
	f.wantNothing(t, up)
}

func testCancelledBefore(t *testing.T, f Fixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, data := range []string{"data", ""} {
		up := newUpload(int64(len(data)))
		if _, err := f.Driver.Put(ctx, up, strings.NewReader(data)); !errors.Is(err, context.Canceled) {
			t.Errorf("Put of %q: got error %v", data, err)
		}
	}
	f.wantNothing(t, newUpload(0))
}

type readerFunc func(p []byte) (int, error)

func (r readerFunc) Read(p []byte) (int, error) { return r(p) }

// testEvilNames tries ids that mean something to a medium. A driver may refuse
// or store them; it must not confuse them with others.
func testEvilNames(t *testing.T, f Fixture) {
	for _, id := range []string{"", ".", "..", "../x", "a/b", "/etc/x", "a\x00b", ".hidden"} {
		up := store.Upload{ImageID: id, Attempt: newID(), Size: 4}
		object, err := f.Driver.Put(t.Context(), up, bytes.NewReader([]byte("evil")))
		if err != nil {
			wantKind(t, "Put", err, glance.Invalid)
			continue
		}
		f.wantData(t, object.URL, []byte("evil"))
	}
}
