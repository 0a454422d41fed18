package memdb

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// cachingNode is a node with its records, in order.
type cachingNode struct {
	url     string
	records []glance.CachedImage
}

func (n *cachingNode) find(imageID string) int {
	return slices.IndexFunc(n.records, func(r glance.CachedImage) bool { return r.ImageID == imageID })
}

// CacheOf implements metadata.Caches.
func (db *DB) CacheOf(ctx context.Context, url string) (metadata.NodeCache, error) {
	if utf8.RuneCountInString(url) > metadata.LongestNode {
		return nil, metadata.NodeTooLong(url)
	}
	var node *cachingNode
	err := db.write(ctx, func() error {
		for _, known := range db.nodes {
			if known.url == url {
				node = known
				return nil
			}
		}
		node = &cachingNode{url: url}
		db.nodes = append(db.nodes, node)
		return nil
	})
	return nodeCache{db, node}, err
}

// NodesWith implements metadata.Caches.
func (db *DB) NodesWith(ctx context.Context, imageID string) (urls []string, err error) {
	err = db.read(ctx, func() error {
		for _, n := range db.nodes {
			if n.find(imageID) >= 0 {
				urls = append(urls, n.url)
			}
		}
		return nil
	})
	return urls, err
}

type nodeCache struct {
	db   *DB
	node *cachingNode
}

// Add implements metadata.NodeCache.
func (c nodeCache) Add(ctx context.Context, img glance.CachedImage) error {
	return c.db.write(ctx, func() error {
		img.LastAccessed, img.LastModified = stored(img.LastAccessed), stored(img.LastModified)
		if i := c.node.find(img.ImageID); i >= 0 {
			img.Number = c.node.records[i].Number
			c.node.records[i] = img
			return nil
		}
		c.db.cached++
		img.Number = c.db.cached
		c.node.records = append(c.node.records, img)
		return nil
	})
}

// Hit implements metadata.NodeCache.
func (c nodeCache) Hit(ctx context.Context, imageID string, at time.Time) error {
	return c.db.write(ctx, func() error {
		if i := c.node.find(imageID); i >= 0 {
			c.node.records[i].Hits++
			c.node.records[i].LastAccessed = stored(at)
		}
		return nil
	})
}

// List implements metadata.NodeCache.
func (c nodeCache) List(ctx context.Context) (list []glance.CachedImage, err error) {
	err = c.db.read(ctx, func() error {
		list = slices.Clone(c.node.records)
		return nil
	})
	return list, err
}

// Remove implements metadata.NodeCache.
func (c nodeCache) Remove(ctx context.Context, imageID string) error {
	return c.db.write(ctx, func() error {
		if i := c.node.find(imageID); i >= 0 {
			c.node.records = slices.Delete(c.node.records, i, i+1)
		}
		return nil
	})
}
