package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"
	"unicode/utf8"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// CacheOf implements metadata.Caches.
func (db *DB) CacheOf(ctx context.Context, url string) (metadata.NodeCache, error) {
	if utf8.RuneCountInString(url) > metadata.LongestNode {
		return nil, metadata.NodeTooLong(url)
	}
	node, err := db.cachingNode(ctx, url)
	if err != nil || node != 0 {
		return nodeCache{db, node}, err
	}
	err = db.write(ctx, func(t *tx) error {
		return t.insert(errNodeKnown, "INSERT INTO node_reference (node_reference_url) VALUES (?)", url)
	})
	if err != nil && !errors.Is(err, errNodeKnown) {
		return nil, err
	}
	node, err = db.cachingNode(ctx, url)
	return nodeCache{db, node}, err
}

// errNodeKnown says that somebody else made the node known in between.
var errNodeKnown = errors.New("metadata: the node is known")

// cachingNode gives the number of a node, 0 when it is not known.
func (db *DB) cachingNode(ctx context.Context, url string) (node int64, err error) {
	err = db.look(ctx, func(t *tx) (err error) {
		node, err = t.number("SELECT node_reference_id FROM node_reference WHERE node_reference_url = ?", url)
		return err
	})
	return node, err
}

// NodesWith implements metadata.Caches.
func (db *DB) NodesWith(ctx context.Context, imageID string) (urls []string, err error) {
	if utf8.RuneCountInString(imageID) > longestID {
		return nil, nil
	}
	err = db.look(ctx, func(t *tx) error {
		urls = nil
		return t.query(func(rows *sql.Rows) error {
			var url text
			err := rows.Scan(&url)
			urls = append(urls, url.value)
			return err
		}, "SELECT n.node_reference_url FROM cached_images c JOIN node_reference n ON n.node_reference_id = c.node_reference_id "+
			"WHERE c.image_id = ? ORDER BY n.node_reference_id", imageID)
	})
	return urls, err
}

// nodeCache is the records of the node with a number.
type nodeCache struct {
	db   *DB
	node int64
}

// errRecordKnown undoes an insertion: somebody else made the record first.
var errRecordKnown = errors.New("metadata: the image has a record")

// Add implements metadata.NodeCache.
func (c nodeCache) Add(ctx context.Context, img glance.CachedImage) error {
	again := true
	for {
		err := c.db.write(ctx, func(t *tx) error { return c.add(t, img) })
		if !again || !errors.Is(err, errRecordKnown) {
			return err
		}
		again = false
	}
}

func (c nodeCache) add(t *tx, img glance.CachedImage) error {
	values := []any{t.time(img.LastAccessed), t.time(img.LastModified), img.Size, img.Hits, img.ImageID, c.node}
	n, err := t.exec("UPDATE cached_images SET last_accessed = ?, last_modified = ?, size = ?, hits = ? "+
		"WHERE image_id = ? AND node_reference_id = ?", values...)
	if err != nil || n > 0 {
		return err
	}
	return t.insert(errRecordKnown, "INSERT INTO cached_images (last_accessed, last_modified, size, hits, image_id, node_reference_id) "+
		"VALUES (?, ?, ?, ?, ?, ?)", values...)
}

// Hit implements metadata.NodeCache.
func (c nodeCache) Hit(ctx context.Context, imageID string, at time.Time) error {
	return c.db.write(ctx, func(t *tx) error {
		_, err := t.exec("UPDATE cached_images SET hits = hits + 1, last_accessed = ? WHERE image_id = ? AND node_reference_id = ?",
			t.time(at), imageID, c.node)
		return err
	})
}

// List implements metadata.NodeCache.
func (c nodeCache) List(ctx context.Context) (list []glance.CachedImage, err error) {
	err = c.db.look(ctx, func(t *tx) error {
		list = nil
		return t.query(func(rows *sql.Rows) error {
			var id text
			var n, size, hits number
			var accessed, modified stamp
			err := rows.Scan(&n, &id, &accessed, &modified, &size, &hits)
			list = append(list, glance.CachedImage{
				Number: n.value, ImageID: id.value, LastAccessed: accessed.Time, LastModified: modified.Time, Size: size.value, Hits: hits.value,
			})
			return err
		}, "SELECT id, image_id, last_accessed, last_modified, size, hits FROM cached_images WHERE node_reference_id = ? ORDER BY id", c.node)
	})
	return list, err
}

// Remove implements metadata.NodeCache.
func (c nodeCache) Remove(ctx context.Context, imageID string) error {
	return c.db.write(ctx, func(t *tx) error {
		_, err := t.exec("DELETE FROM cached_images WHERE image_id = ? AND node_reference_id = ?", imageID, c.node)
		return err
	})
}
