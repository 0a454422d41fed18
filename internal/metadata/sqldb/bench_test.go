package sqldb_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"glance/internal/metadata"
	"glance/internal/metadata/metadatatest"
)

func BenchmarkStore(b *testing.B) {
	metadatatest.Benchmark(b, func(b *testing.B) metadata.Store { return openFile(b, filepath.Join(b.TempDir(), "glance.sqlite")) })
}

// BenchmarkPageDepth compares the first page with one behind 50000 images.
func BenchmarkPageDepth(b *testing.B) {
	db := many(b, 100_000)
	metadatatest.BenchmarkDepth(b, db, 100_000)
}

// many opens a file with as many images of metadatatest.BenchImage, children
// left out but for one of each kind.
func many(tb testing.TB, size int) metadata.Store {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "glance.sqlite")
	db := openFile(tb, path)
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := raw.Close(); err != nil {
			tb.Error(err)
		}
	}()
	for _, statement := range []string{
		"PRAGMA synchronous = OFF",
		`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
		INSERT INTO images (id, name, size, status, created_at, updated_at, deleted, disk_format, container_format, checksum,
			owner, min_disk, min_ram, protected, visibility, os_hidden)
		SELECT printf('%08d-0000-4000-8000-%012d', i, i), 'image ' || i, 1000 + i, 'active',
			strftime('%Y-%m-%d %H:%M:%S', '2020-01-01', i || ' seconds') || '.000000', '2020-01-01 00:00:00.000000', 0, 'qcow2', 'bare',
			printf('%032x', i), CASE i % 1000 WHEN 0 THEN 'small' ELSE 'large' END, 3, 512, 1, CASE i % 2000 WHEN 1 THEN 'public' ELSE 'shared' END, 0
		FROM n`,
		`INSERT INTO image_properties (image_id, name, value, created_at, deleted) SELECT id, 'os', 'linux', created_at, 0 FROM images WHERE ?1`,
		`INSERT INTO image_tags (image_id, value, created_at, deleted) SELECT id, 'tag', created_at, 0 FROM images WHERE ?1`,
		`INSERT INTO image_locations (image_id, value, meta_data, status, created_at, deleted)
		SELECT id, 'file:///' || id, '{"store": "fast"}', 'active', created_at, 0 FROM images WHERE ?1`,
		`INSERT INTO image_members (image_id, member, status, can_share, created_at, deleted)
		SELECT id, 'p' || substr(id, 1, 6), 'accepted', 0, created_at, 0 FROM images WHERE substr(id, 8, 1) = '7' AND ?1`,
	} {
		if _, err := raw.ExecContext(tb.Context(), statement, size); err != nil {
			tb.Fatal(err)
		}
	}
	_, err = db.Image(tb.Context(), metadata.Scope{Project: "large"}, metadatatest.BenchImage(size-1).ID)
	if err != nil {
		tb.Fatal(err)
	}
	return db
}
