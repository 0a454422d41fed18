package storetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"

	"glance/internal/glance"
	"glance/internal/store"
)

func writing() []Case {
	return []Case{
		{"Sources", testSources},
		{"UnknownSize", testUnknownSize},
		{"SparseData", testSparseData},
		{"Duplicate", testDuplicate},
		{"PutSameConcurrently", testPutSame},
		{"PutManyConcurrently", testPutMany},
		{"InvisibleUntilWhole", testInvisible},
		{"PutAgainAfterDelete", testPutAgain},
	}
}

// testSources stores from every kind of reader there may be.
func testSources(t *testing.T, f Fixture) {
	data := Noise(2<<20 + 11)
	path := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	sources := map[string]func() io.Reader{
		"plain":    func() io.Reader { return struct{ io.Reader }{bytes.NewReader(data)} },
		"writerTo": func() io.Reader { return bytes.NewReader(data) },
		"halves":   func() io.Reader { return iotest.HalfReader(bytes.NewReader(data)) },
		"dataErr":  func() io.Reader { return iotest.DataErrReader(bytes.NewReader(data)) },
		"file": func() io.Reader {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { file.Close() })
			return file
		},
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			object, err := f.Driver.Put(t.Context(), newUpload(int64(len(data))), source())
			if err != nil {
				t.Fatalf("Put: %v", err)
			}
			f.wantData(t, object.URL, data)
		})
	}
}

func testUnknownSize(t *testing.T, f Fixture) {
	for _, size := range []int{0, 1, 3<<20 + 1} {
		data := Noise(size)
		f.wantData(t, f.put(t, newUpload(store.SizeUnknown), data), data)
	}
}

// testSparseData has zeros at every place where thin provisioning may go wrong.
func testSparseData(t *testing.T, f Fixture) {
	for name, spans := range map[string][]int{ // lengths, noise and zeros in turn
		"zeros only":       {0, 5 << 20},
		"zeros at the end": {1000, 4<<20 + 1},
		"zeros inside":     {64 << 10, 128 << 10, 64 << 10, 1 << 20, 1},
		"a short zero end": {1 << 20, 10},
		"odd borders":      {1, 200_000, 3, 65_537, 70_000, 65_536, 65_535, 131_072},
	} {
		t.Run(name, func(t *testing.T) {
			var data []byte
			for i, n := range spans {
				if i%2 == 0 {
					data = append(data, bytes.Repeat([]byte{0xA5}, n)...)
				} else {
					data = append(data, make([]byte, n)...)
				}
			}
			f.wantData(t, f.keep(t, data), data)
		})
	}
}

func testDuplicate(t *testing.T, f Fixture) {
	up := newUpload(5)
	url := f.put(t, up, []byte("first"))
	up.Attempt = newID()
	_, err := f.Driver.Put(t.Context(), up, bytes.NewReader([]byte("other")))
	wantKind(t, "Put", err, glance.Conflict)
	f.wantData(t, url, []byte("first"))
}

// testPutSame races writers of one image: one wins, with all of its data.
func testPutSame(t *testing.T, f Fixture) {
	const writers = 8
	id := newID()
	objects := make([]store.Object, writers)
	errs := make([]error, writers)
	var start, all sync.WaitGroup
	start.Add(1)
	for i := range writers {
		all.Go(func() {
			start.Wait()
			objects[i], errs[i] = f.Driver.Put(t.Context(), store.Upload{ImageID: id, Attempt: newID(), Size: store.SizeUnknown},
				bytes.NewReader(bytes.Repeat([]byte{byte(i)}, 1<<20+i)))
		})
	}
	start.Done()
	all.Wait()
	winner := -1
	for i, err := range errs {
		if err != nil {
			wantKind(t, "Put", err, glance.Conflict)
			continue
		}
		if winner >= 0 {
			t.Errorf("both %d and %d won", winner, i)
		}
		winner = i
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	f.wantData(t, objects[winner].URL, bytes.Repeat([]byte{byte(winner)}, 1<<20+winner))
	f.wantOnlyObjects(t, 1)
}

func (f Fixture) wantOnlyObjects(t *testing.T, n int) {
	t.Helper()
	if f.Names == nil {
		return
	}
	if names := f.Names(t); len(names) != n {
		t.Errorf("the medium holds %q, want %d objects", names, n)
	}
}

func testPutMany(t *testing.T, f Fixture) {
	const writers = 8
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			data := Noise(1<<20 + i)
			object, err := f.Driver.Put(t.Context(), newUpload(int64(len(data))), bytes.NewReader(data))
			if err != nil {
				t.Errorf("Put: %v", err)
				return
			}
			f.wantData(t, object.URL, data)
		})
	}
	all.Wait()
	f.wantOnlyObjects(t, writers)
}

// testInvisible looks at the final name while the data is on its way.
func testInvisible(t *testing.T, f Fixture) {
	up := newUpload(2 << 20)
	data := Noise(2 << 20)
	url := f.put(t, up, data)
	if err := f.Driver.Delete(t.Context(), url); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	r, w := io.Pipe()
	done := make(chan error, 1)
	up.Attempt = newID()
	ctx := soon(t)
	context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	go func() {
		_, err := f.Driver.Put(ctx, up, r)
		r.CloseWithError(fmt.Errorf("put ended: %w", err))
		done <- err
	}()
	for rest := data; len(rest) > 0; rest = rest[256<<10:] {
		if _, err := f.Driver.Size(t.Context(), url); glance.KindOf(err) != glance.NotFound {
			t.Errorf("with %d bytes to come: got error %v", len(rest), err)
		}
		if _, err := w.Write(rest[:256<<10]); err != nil {
			t.Fatalf("the store stopped reading: %v", err)
		}
	}
	w.Close()
	if err := <-done; err != nil {
		t.Fatalf("Put: %v", err)
	}
	f.wantData(t, url, data)
}

func testPutAgain(t *testing.T, f Fixture) {
	up := newUpload(5)
	for _, data := range []string{"first", "again"} {
		up.Attempt = newID()
		url := f.put(t, up, []byte(data))
		f.wantData(t, url, []byte(data))
		if err := f.Driver.Delete(t.Context(), url); err != nil {
			t.Fatalf("Delete: %v", err)
		}
	}
	f.wantOnlyObjects(t, 0)
}
