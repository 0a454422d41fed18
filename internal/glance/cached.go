package glance

import "time"

// CachedImage is what is remembered of an image whose data lies in the cache of
// a node. Source: spec cache §4.
type CachedImage struct {
	Number       int64 // of its row, where rows are numbered; 0 elsewhere
	ImageID      string
	LastAccessed time.Time
	LastModified time.Time
	Size         int64 // bytes
	Hits         int64 // downloads since it was cached
}
