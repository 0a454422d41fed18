package metadata

import (
	"context"
	"time"

	"glance/internal/glance"
)

// Caches remembers what the nodes have in their caches (spec cache §4).
type Caches interface {
	// CacheOf gives the records of the node with a URL of at most 255
	// characters, longer ones are Invalid; the node is made known when it is
	// new. Unsupported where somebody else has the tables.
	CacheOf(ctx context.Context, node string) (NodeCache, error)

	// NodesWith gives the URLs of the nodes that have an image in their cache,
	// in the order in which they became known.
	NodesWith(ctx context.Context, imageID string) ([]string, error)
}

// NodeCache is what one node has in its cache. An image has one record; times
// are kept with the precision of the tables.
type NodeCache interface {
	// Add remembers an image; a record that there is becomes this one.
	Add(ctx context.Context, img glance.CachedImage) error
	// Hit counts a download; an image without a record is none.
	Hit(ctx context.Context, imageID string, at time.Time) error
	// List gives all records in the order in which they were added first.
	List(ctx context.Context) ([]glance.CachedImage, error)
	// Remove forgets an image; to know nothing of it is fine.
	Remove(ctx context.Context, imageID string) error
}

// LongestNode is the length of the longest URL of a node, in characters.
const LongestNode = 255

// NodeTooLong is the error of a longer one.
func NodeTooLong(node string) error {
	return glance.Errorf(glance.Invalid, "The URL of a node has at most %d characters: %s", LongestNode, node)
}
