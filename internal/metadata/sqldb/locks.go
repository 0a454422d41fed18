package sqldb

import (
	"context"
	"unicode/utf8"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Lock implements metadata.Locks by the statements that the original takes
// the lock with, so that both keep each other out. The name is written too: the
// deleted row may have it in another spelling.
func (db *DB) Lock(ctx context.Context, imageID, holder string) error {
	if utf8.RuneCountInString(imageID) > longestID {
		return metadata.NoImage(imageID)
	}
	return db.write(ctx, func(t *tx) error {
		if img, err := t.image(imageID, t.forUpdate); err != nil || img.Deleted {
			return orElse(err, metadata.NoImage(imageID))
		}
		at := t.time(t.now())
		n, err := t.exec("UPDATE image_properties SET name = ?, value = ?, deleted = FALSE, deleted_at = NULL, updated_at = ? "+
			"WHERE image_id = ? AND name = ? AND deleted <> FALSE", glance.LockProperty, holder, at, imageID, glance.LockProperty)
		if err != nil || n > 0 {
			return err
		}
		return t.insert(metadata.Locked(imageID), "INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted) "+
			"VALUES (?, ?, ?, ?, ?, FALSE)", imageID, glance.LockProperty, holder, at, at)
	})
}

// Unlock implements metadata.Locks. The row goes altogether, as the original
// does it.
func (db *DB) Unlock(ctx context.Context, imageID, holder string) error {
	return db.write(ctx, func(t *tx) error {
		n, err := t.exec("DELETE FROM image_properties WHERE image_id = ? AND name = ? AND "+t.exact("name")+" = ? AND value = ? AND deleted = FALSE",
			imageID, glance.LockProperty, glance.LockProperty, holder)
		if err == nil && n != 1 {
			err = metadata.NoLock(imageID, holder)
		}
		return err
	})
}
