package memdb_test

import (
	"testing"

	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
	"glance/internal/metadata/metadatatest"
)

func TestConformance(t *testing.T) {
	metadatatest.Run(t, func(*testing.T) metadata.Store { return memdb.New() })
}

func TestMetadefs(t *testing.T) {
	metadatatest.RunMetadefs(t, metadatatest.Engine{}, func(*testing.T) metadata.Store { return memdb.New() })
}

func TestCaches(t *testing.T) {
	metadatatest.RunCaches(t, metadatatest.Engine{}, func(*testing.T) metadata.Store { return memdb.New() })
}

func BenchmarkStore(b *testing.B) {
	metadatatest.Benchmark(b, func(*testing.B) metadata.Store { return memdb.New() })
}
