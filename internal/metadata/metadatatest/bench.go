package metadatatest

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Benchmark compares drivers: an image by id, a page of 20, a new image, an
// update, and pages at the beginning and in the middle of many images.
func Benchmark(b *testing.B, open func(b *testing.B) metadata.Store) {
	b.Run("Image", func(b *testing.B) { benchImage(b, filled(b, open, 2000)) })
	b.Run("Page20", func(b *testing.B) { benchPage(b, filled(b, open, 2000), metadata.Everything(), nil) })
	b.Run("Create", func(b *testing.B) { benchCreate(b, filled(b, open, 0)) })
	b.Run("Update", func(b *testing.B) { benchUpdate(b, filled(b, open, 100)) })
}

// BenchmarkDepth reads a page of 20 in the default order at the beginning and
// in the middle of a store that holds the first size images of BenchImage: for
// an admin, for a project that owns one in a thousand, and for one that owns
// the rest.
func BenchmarkDepth(b *testing.B, s metadata.Store, size int) {
	middle := BenchImage(size / 2)
	for _, tt := range []struct {
		name string
		sc   metadata.Scope
	}{{"Admin", metadata.Everything()}, {"Small", metadata.Scope{Project: "small"}}, {"Large", metadata.Scope{Project: "large"}}} {
		b.Run(tt.name+"First", func(b *testing.B) { benchPage(b, s, tt.sc, nil) })
		b.Run(tt.name+"Deep", func(b *testing.B) { benchPage(b, s, tt.sc, middle) })
	}
}

func filled(b *testing.B, open func(b *testing.B) metadata.Store, size int) metadata.Store {
	b.Helper()
	s := open(b)
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	for n := range size {
		if err := s.CreateImage(b.Context(), BenchImage(n)); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	return s
}

// BenchImage gives the nth image of the benchmarks, the nth to be created.
func BenchImage(n int) *glance.Image {
	img := full(n)
	img.Visibility, img.Hidden, img.Owner = glance.VisibilityShared, false, "large"
	if n%1000 == 0 {
		img.Owner = "small"
	}
	if n%2000 == 1 {
		img.Visibility = glance.VisibilityPublic
	}
	img.CreatedAt = time.Date(2020, 1, 1, 0, 0, n, 0, time.UTC)
	img.Properties = append(img.Properties, glance.Property{Name: "arch", Value: "x86_64"})
	return img
}

func benchImage(b *testing.B, s metadata.Store) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Image(b.Context(), metadata.Scope{Project: "large"}, id(1+rand.IntN(999))); err != nil {
				b.Error(err)
			}
		}
	})
}

func benchPage(b *testing.B, s metadata.Store, sc metadata.Scope, after *glance.Image) {
	q := metadata.Query{Limit: 20, After: after, Deleted: ptr(false), Sort: []metadata.SortKey{
		{Column: metadata.ColumnCreatedAt, Desc: true}, {Column: metadata.ColumnID, Desc: true},
	}, Where: []metadata.Condition{{Column: metadata.ColumnHidden}}}
	b.ReportAllocs()
	for b.Loop() {
		page, err := s.Images(b.Context(), sc, q)
		if err != nil || len(page) != 20 {
			b.Fatalf("page of %d, %v", len(page), err)
		}
	}
}

func benchCreate(b *testing.B, s metadata.Store) {
	var n atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := s.CreateImage(b.Context(), BenchImage(int(n.Add(1)))); err != nil {
				b.Error(err)
			}
		}
	})
}

func benchUpdate(b *testing.B, s metadata.Store) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		_, err := s.UpdateImage(b.Context(), metadata.Everything(), id(n%100), func(img *glance.Image) error {
			img.SetProperty(glance.Property{Name: "turn", Value: fmt.Sprint(n)})
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
