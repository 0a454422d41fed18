package mem_test

import (
	"testing"

	"glance/internal/store/mem"
	"glance/internal/store/storetest"
)

func TestSuite(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Fixture {
		return storetest.Fixture{Driver: mem.New("a"), Foreign: "mem://b/1"}
	})
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(*testing.B) storetest.Fixture {
		return storetest.Fixture{Driver: mem.New("a")}
	})
}
