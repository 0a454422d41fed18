package imgformat_test

import (
	"testing"

	"glance/internal/imgformat"
)

// BenchmarkWriteSettled is what the data path pays for every buffer but the first ones.
func BenchmarkWriteSettled(b *testing.B) {
	all := samples(b)
	chunk := make([]byte, 1<<20)
	for _, name := range []string{"raw-zeros", "qcow2", "vmdk", "vmdk-stream"} {
		b.Run(name, func(b *testing.B) {
			in := imgformat.New()
			_, _ = in.Write(all[name])
			_, _ = in.Write(chunk)
			b.SetBytes(int64(len(chunk)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = in.Write(chunk)
			}
		})
	}
}

// BenchmarkInspect is the whole life of an inspector, with a megabyte of image.
func BenchmarkInspect(b *testing.B) {
	all := samples(b)
	for _, name := range []string{"raw-zeros", "qcow2", "vhdx", "vmdk", "vmdk-stream", "vmdk-text", "iso", "gpt"} {
		b.Run(name, func(b *testing.B) {
			data := append(all[name], make([]byte, 1<<20)...)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				inspect(data, 64<<10)
			}
		})
	}
}
