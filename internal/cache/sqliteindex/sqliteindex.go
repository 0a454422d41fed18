package sqliteindex

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"glance/internal/cache"
	"glance/internal/glance"
)

// Index is an open database file.
type Index struct{ db *sql.DB }

var _ cache.Index = (*Index)(nil)

// The table of the original. Its times are seconds since 1970, with a fraction.
const schema = `CREATE TABLE IF NOT EXISTS cached_images (
	image_id TEXT PRIMARY KEY,
	last_accessed REAL DEFAULT 0.0,
	last_modified REAL DEFAULT 0.0,
	size INTEGER DEFAULT 0,
	hits INTEGER DEFAULT 0,
	checksum TEXT
)`

// Open opens the file at path, and makes it when it is missing.
func Open(ctx context.Context, path string) (*Index, error) {
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: "_pragma=busy_timeout(30000)&_txlock=immediate"}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open the database of the image cache: %w", err)
	}
	x := &Index{db}
	if err := x.exec(ctx, schema); err != nil {
		_ = db.Close() // nothing was written
		return nil, err
	}
	return x, nil
}

// Close closes the file.
func (x *Index) Close() error { return x.db.Close() }

func (x *Index) exec(ctx context.Context, statement string, args ...any) error {
	if _, err := x.db.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("write the database of the image cache: %w", err)
	}
	return nil
}

// Add implements cache.Index.
func (x *Index) Add(ctx context.Context, img glance.CachedImage) error {
	return x.exec(ctx, "INSERT OR REPLACE INTO cached_images (image_id, last_accessed, last_modified, size, hits) VALUES (?, ?, ?, ?, ?)",
		img.ImageID, seconds(img.LastAccessed), seconds(img.LastModified), img.Size, img.Hits)
}

// Hit implements cache.Index.
func (x *Index) Hit(ctx context.Context, imageID string, at time.Time) error {
	return x.exec(ctx, "UPDATE cached_images SET hits = hits + 1, last_accessed = ? WHERE image_id = ?", seconds(at), imageID)
}

// Remove implements cache.Index.
func (x *Index) Remove(ctx context.Context, imageID string) error {
	return x.exec(ctx, "DELETE FROM cached_images WHERE image_id = ?", imageID)
}

// List implements cache.Index: records come by id.
func (x *Index) List(ctx context.Context) (list []glance.CachedImage, err error) {
	rows, err := x.db.QueryContext(ctx, "SELECT image_id, last_accessed, last_modified, size, hits FROM cached_images ORDER BY image_id")
	if err != nil {
		return nil, fmt.Errorf("read the database of the image cache: %w", err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	for rows.Next() {
		var img glance.CachedImage
		var accessed, modified float64
		if err := rows.Scan(&img.ImageID, &accessed, &modified, &img.Size, &img.Hits); err != nil {
			return nil, fmt.Errorf("read the database of the image cache: %w", err)
		}
		img.LastAccessed, img.LastModified = moment(accessed), moment(modified)
		list = append(list, img)
	}
	return list, rows.Err()
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func moment(seconds float64) time.Time { return time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC() }
