package memdb

import (
	"context"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Lock implements metadata.Locks.
func (db *DB) Lock(ctx context.Context, imageID, holder string) error {
	return db.write(ctx, func() error {
		r := db.images[imageID]
		if r == nil || r.image.Deleted {
			return metadata.NoImage(imageID)
		}
		if row := r.property(glance.LockProperty); row != nil && !row.deleted {
			return metadata.Locked(imageID)
		}
		r.setProperty(glance.Property{Name: glance.LockProperty, Value: holder})
		return nil
	})
}

// Unlock implements metadata.Locks. The row goes altogether, as the original
// does it.
func (db *DB) Unlock(ctx context.Context, imageID, holder string) error {
	return db.write(ctx, func() error {
		r := db.images[imageID]
		if r == nil {
			return metadata.NoLock(imageID, holder)
		}
		row := r.property(glance.LockProperty)
		if row == nil || row.deleted || row.Value != holder {
			return metadata.NoLock(imageID, holder)
		}
		r.properties = slices.DeleteFunc(r.properties, func(p property) bool { return p.Name == glance.LockProperty })
		return nil
	})
}
