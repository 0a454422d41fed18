package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// UpdateImage implements metadata.Images. The row is read, changed and
// written in one transaction.
func (db *DB) UpdateImage(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (*glance.Image, error) {
	return db.update(ctx, sc, id, nil, func(_ *tx, img *glance.Image) error { return change(img) })
}

// UpdateMetered implements metadata.Images.
func (db *DB) UpdateMetered(ctx context.Context, sc metadata.Scope, id string, of metadata.Account, change func(*glance.Image, int64) error) (*glance.Image, error) {
	return db.update(ctx, sc, id, &of, func(t *tx, img *glance.Image) error {
		used, err := t.usage(of.Owner, of.Except)
		if err != nil {
			return err
		}
		return change(img, used)
	})
}

func (db *DB) update(ctx context.Context, sc metadata.Scope, id string, of *metadata.Account, change func(*tx, *glance.Image) error) (img *glance.Image, err error) {
	if utf8.RuneCountInString(id) > longestID {
		return nil, metadata.NoImage(id)
	}
	var opts *sql.TxOptions
	if of != nil {
		opts = db.dialect.metered
	}
	err = db.run(ctx, db.writes, opts, func(t *tx) error {
		if err := t.lockAccount(of); err != nil {
			return err
		}
		before, err := t.visibleImage(sc, id, t.forUpdate)
		if err != nil {
			return err
		}
		img = before
		after := before.Clone()
		if err := change(t, after); errors.Is(err, metadata.ErrUnchanged) {
			return nil
		} else if err != nil {
			return err
		}
		if err := t.save(before, after); err != nil {
			return err
		}
		img, err = t.image(id, "")
		if err != nil {
			return err
		}
		return t.loadChildren([]*glance.Image{img})
	})
	if err != nil {
		return nil, err
	}
	return img, nil
}

// save writes what differs.
func (t *tx) save(before, after *glance.Image) error {
	if err := checkStatus(after); err != nil {
		return err
	}
	after.ID = before.ID
	at := t.now()
	if before.Deleted && !after.Deleted {
		if err := t.reviveChildren(after.ID, at); err != nil {
			return err
		}
	}
	if err := t.updateRow(before, after, at); err != nil {
		return err
	}
	if after.Deleted && !before.Deleted {
		if err := t.saveLocations(before, after, at); err != nil {
			return err
		}
		return t.deleteChildren(after.ID, at)
	}
	return t.saveChildren(before, after, at)
}

// updateRow changes the row of images if it is still as it was read. The
// original, which may run on the same database, relies on the status in the
// condition as much as we do (spec database §4).
func (t *tx) updateRow(before, after *glance.Image, at time.Time) error {
	sets, args := []string{"updated_at = ?"}, []any{t.time(at)}
	old := changeable(before)
	for i, c := range changeable(after) {
		if c.value != old[i].value {
			sets, args = append(sets, c.name+" = ?"), append(args, c.value)
		}
	}
	if after.Deleted != before.Deleted {
		sets, args = append(sets, "deleted_at = ?"), append(args, nil)
		if after.Deleted {
			args[len(args)-1] = t.time(at)
		}
	}
	args = append(args, before.ID, string(before.Status), before.Deleted)
	n, err := t.exec("UPDATE images SET "+strings.Join(sets, ", ")+" WHERE id = ? AND status = ? AND deleted = ?", args...)
	if err == nil && n == 0 {
		err = glance.Errorf(glance.Conflict, "cannot transition from %s to %s in update (wanted from_state=%s)",
			before.Status, after.Status, before.Status)
	}
	return err
}

// deleteChildren marks every live child and member of an image.
func (t *tx) deleteChildren(id string, at time.Time) error {
	if err := t.removeDoubles(id, at); err != nil {
		return err
	}
	for _, table := range []string{
		"image_locations SET status = 'deleted',", "image_properties SET", "image_members SET", "image_tags SET",
	} {
		_, err := t.exec("UPDATE "+table+" deleted = TRUE, deleted_at = ?, updated_at = ? WHERE image_id = ? AND deleted = FALSE",
			t.time(at), t.time(at), id)
		if err != nil {
			return err
		}
	}
	return nil
}

// reviveChildren takes back what deleteChildren did with a deleted image:
// everything that was deleted at the same moment. Whoever held the image's lock
// has gone.
func (t *tx) reviveChildren(id string, at time.Time) error {
	for _, table := range []string{"image_properties", "image_members", "image_tags"} {
		statement := "UPDATE " + table + " SET deleted = FALSE, deleted_at = NULL, updated_at = ? WHERE image_id = ? AND deleted = TRUE" +
			" AND deleted_at = (SELECT i.deleted_at FROM images i WHERE i.id = ?)"
		args := []any{t.time(at), id, id}
		if table == "image_properties" {
			statement, args = statement+" AND name <> ?", append(args, glance.LockProperty)
		}
		if _, err := t.exec(statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// insertChildren stores the children of an image that has none yet.
func (t *tx) insertChildren(img *glance.Image, at time.Time) error {
	for _, p := range img.Properties {
		if p.Name == glance.LockProperty {
			continue
		}
		taken := glance.Errorf(glance.Invalid, "Property %s already present.", p.Name) // Conflict is said of the ID
		if err := t.insertProperty(taken, img.ID, p, at); err != nil {
			return err
		}
	}
	none := &glance.Image{ID: img.ID}
	if err := t.saveTags(none, img, at); err != nil {
		return err
	}
	return t.saveLocations(none, img, at)
}

func (t *tx) saveChildren(before, after *glance.Image, at time.Time) error {
	if err := t.saveProperties(before, after, at); err != nil {
		return err
	}
	if err := t.saveTags(before, after, at); err != nil {
		return err
	}
	return t.saveLocations(before, after, at)
}

func (t *tx) saveProperties(before, after *glance.Image, at time.Time) error {
	for _, p := range before.Properties {
		if _, kept := after.Property(p.Name); kept || p.Name == glance.LockProperty {
			continue
		}
		if err := t.removeProperty(before.ID, p.Name, at); err != nil {
			return err
		}
	}
	for _, p := range after.Properties {
		if old, had := before.Property(p.Name); had && old == p || p.Name == glance.LockProperty {
			continue
		}
		if err := t.setProperty(before.ID, p, at); err != nil {
			return err
		}
	}
	return nil
}

// removeProperty marks the row of a property. That of an attempt goes, like that
// of a lock: otherwise every image would have one for ever.
func (t *tx) removeProperty(imageID, name string, at time.Time) error {
	where, args := " WHERE image_id = ? AND name = ? AND "+t.exact("name")+" = ? AND deleted = FALSE", []any{imageID, name, name}
	if name == glance.AttemptProperty {
		_, err := t.exec("DELETE FROM image_properties"+where, args...)
		return err
	}
	_, err := t.exec("UPDATE image_properties SET deleted = TRUE, deleted_at = ?, updated_at = ?"+where, append([]any{t.time(at), t.time(at)}, args...)...)
	return err
}

// setProperty changes the row of that name, deleted or not, or adds one. A
// row that comes back loses deleted_at: purge, ours and the original's, looks
// at nothing else (spec database §4, bug 1). Only a deleted row may have the
// name in another spelling, and loses it: a live one is another property to
// whoever decided that this one may be written.
func (t *tx) setProperty(imageID string, p glance.Property, at time.Time) error {
	taken := glance.Detailf(glance.Conflict, "Property %s already present.", p.Name)
	if p.Name == glance.AttemptProperty {
		// Every upload makes it. In MySQL an UPDATE that finds no row keeps others
		// from inserting beside it, and two of them each other.
		rows, err := t.number("SELECT COUNT(*) FROM image_properties WHERE image_id = ? AND name = ?", imageID, p.Name)
		if err != nil {
			return err
		}
		if rows == 0 {
			return t.insertProperty(taken, imageID, p, at)
		}
	}
	n, err := t.exec("UPDATE image_properties SET name = ?, value = ?, deleted = FALSE, deleted_at = NULL, updated_at = ? WHERE image_id = ? AND name = ? AND ("+
		t.exact("name")+" = ? OR deleted <> FALSE)", p.Name, propertyValue(p), t.time(at), imageID, p.Name, p.Name)
	if err != nil || n > 0 {
		return err
	}
	return t.insertProperty(taken, imageID, p, at)
}

// insertProperty adds a row; taken says that there is one whose name the
// database finds equal.
func (t *tx) insertProperty(taken error, imageID string, p glance.Property, at time.Time) error {
	return t.insert(taken, "INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted) "+
		"VALUES (?, ?, ?, ?, ?, FALSE)", imageID, p.Name, propertyValue(p), t.time(at), t.time(at))
}

func propertyValue(p glance.Property) any {
	if p.Null {
		return nil
	}
	return p.Value
}

// saveTags deletes and adds rows; one that comes back is a new row.
func (t *tx) saveTags(before, after *glance.Image, at time.Time) error {
	for _, tag := range before.Tags {
		if after.HasTag(tag) {
			continue
		}
		_, err := t.exec("UPDATE image_tags SET deleted = TRUE, deleted_at = ?, updated_at = ? WHERE image_id = ? AND "+t.exact("value")+
			" = ? AND deleted = FALSE", t.time(at), t.time(at), before.ID, tag)
		if err != nil {
			return err
		}
	}
	for i, tag := range after.Tags {
		if before.HasTag(tag) || slices.Contains(after.Tags[:i], tag) {
			continue
		}
		err := t.insert(nil, "INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted) VALUES (?, ?, ?, ?, FALSE)",
			before.ID, tag, t.time(at), t.time(at))
		if err != nil {
			return err
		}
	}
	return nil
}
