package multihash_test

import (
	"context"
	"crypto/md5"
	"crypto/sha512"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"
	"testing"

	"glance/internal/multihash"
)

const giB = 1 << 30

// block is a source that costs one copy, as a socket does.
type block struct {
	data []byte
	left int64
}

func (b *block) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), b.left)], b.data)
	b.left -= int64(n)
	return n, nil
}

// BenchmarkBaseline is what the two hashes cost side by side when nothing has
// to be handed over.
func BenchmarkBaseline(b *testing.B) {
	data := noise(1 << 20)
	b.SetBytes(giB)
	for b.Loop() {
		var both sync.WaitGroup
		for _, h := range []hash.Hash{md5.New(), sha512.New()} {
			both.Go(func() {
				for range giB / len(data) {
					h.Write(data)
				}
			})
		}
		both.Wait()
	}
}

// BenchmarkPipe hashes 1 GiB twice and writes it away.
func BenchmarkPipe(b *testing.B) {
	data := noise(1 << 20)
	for _, size := range []int{256 << 10, 1 << 20} {
		for _, buffers := range []int{2, 3, 4, 8, 16} {
			b.Run(fmt.Sprintf("buffer=%dK/buffers=%d", size>>10, buffers), func(b *testing.B) {
				pool := &multihash.Pool{BufferSize: size, Buffers: buffers}
				b.SetBytes(giB)
				b.ReportAllocs()
				for b.Loop() {
					_, err := pool.Pipe(context.Background(), &block{data, giB},
						multihash.To(md5.New()), multihash.To(sha512.New()), multihash.To(io.Discard))
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPipeFile adds a file, without a sync.
func BenchmarkPipeFile(b *testing.B) {
	data := noise(1 << 20)
	for _, size := range []int{256 << 10, 1 << 20} {
		for _, buffers := range []int{3, 4, 8} {
			b.Run(fmt.Sprintf("buffer=%dK/buffers=%d", size>>10, buffers), func(b *testing.B) {
				pool := &multihash.Pool{BufferSize: size, Buffers: buffers}
				f, err := os.CreateTemp(b.TempDir(), "")
				if err != nil {
					b.Fatal(err)
				}
				defer f.Close()
				b.SetBytes(giB)
				for b.Loop() {
					_, err := pool.Pipe(context.Background(), &block{data, giB},
						multihash.To(md5.New()), multihash.To(sha512.New()), multihash.To(f))
					if err != nil {
						b.Fatal(err)
					}
					if _, err := f.Seek(0, io.SeekStart); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
