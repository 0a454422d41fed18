package storetest

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// Benchmark measures writing and reading, with data that a store cannot
// shorten.
func Benchmark(b *testing.B, open func(b *testing.B) Fixture) {
	b.Helper()
	for _, mib := range []int{1, 64, 512} {
		data := Noise(mib << 20)
		b.Run(fmt.Sprintf("put/%dMiB", mib), func(b *testing.B) { benchmarkPut(b, open(b), data) })
		b.Run(fmt.Sprintf("open/%dMiB", mib), func(b *testing.B) { benchmarkOpen(b, open(b), data) })
	}
}

func benchmarkPut(b *testing.B, f Fixture, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		object, err := f.Driver.Put(b.Context(), newUpload(int64(len(data))), struct{ io.Reader }{bytes.NewReader(data)})
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Driver.Delete(b.Context(), object.URL); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkOpen(b *testing.B, f Fixture, data []byte) {
	object, err := f.Driver.Put(b.Context(), newUpload(int64(len(data))), bytes.NewReader(data))
	if err != nil {
		b.Fatal(err)
	}
	buffer := make([]byte, 256<<10)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := f.Driver.Open(b.Context(), object.URL, 0)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buffer); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
