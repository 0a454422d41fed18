package xattrindex_test

import (
	"testing"

	"glance/internal/cache"
	"glance/internal/cache/cachetest"
	"glance/internal/cache/xattrindex"
)

func TestConformance(t *testing.T) {
	cachetest.Run(t, func(t *testing.T, dir string) cache.Index {
		x, err := xattrindex.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return x
	})
}
