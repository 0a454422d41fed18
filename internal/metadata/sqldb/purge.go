package sqldb

import (
	"context"
	"time"

	"glance/internal/glance"
)

// Purge says which rows are removed for good: those deleted before Before, the
// oldest first, at most Most of each table; below zero is all of them.
type Purge struct {
	Before time.Time
	Most   int
	// Table is told of each table before its rows go, and of how many went.
	Table func(table string)
	Gone  func(table string, rows int64)
}

// purgeBatch is how many rows one transaction removes, so that nobody waits
// long for its locks.
const purgeBatch = 1000

// Purge removes what belongs to deleted images and tasks, and the tasks, but
// leaves the rows of images: their ids must not be used again by somebody else
// while caches remember them (spec database §7).
//
// Unlike the original's, it looks at deleted and not at deleted_at alone, which
// the original leaves in properties and members that live again.
func (db *DB) Purge(ctx context.Context, p Purge) error {
	const dead = "d.deleted = TRUE AND d.deleted_at < ?"
	steps := []struct{ table, key, from string }{
		{"task_info", "task_id", "task_info i JOIN tasks d ON d.id = i.task_id WHERE " + dead},
		{"image_properties", "id", "image_properties d WHERE " + dead},
		{"image_tags", "id", "image_tags d WHERE " + dead},
		{"image_locations", "id", "image_locations d WHERE " + dead},
		{"image_members", "id", "image_members d WHERE " + dead},
		{"tasks", "id", "tasks d WHERE " + dead + " AND NOT EXISTS (SELECT 1 FROM task_info i WHERE i.task_id = d.id)"},
	}
	for _, step := range steps {
		if err := db.purge(ctx, p, step.table, step.key, "SELECT d.id FROM "+step.from); err != nil {
			return err
		}
	}
	return nil
}

// PurgeImages removes the rows of deleted images. It is a Conflict while
// something belongs to one of them: Purge is to be run before.
func (db *DB) PurgeImages(ctx context.Context, p Purge) error {
	return db.purge(ctx, p, "images", "id", "SELECT d.id FROM images d WHERE d.deleted = TRUE AND d.deleted_at < ?")
}

func (db *DB) purge(ctx context.Context, p Purge, table, key, doomed string) error {
	p.Table(table)
	var gone int64
	for p.Most < 0 || gone < int64(p.Most) {
		batch := int64(purgeBatch)
		if p.Most >= 0 {
			batch = min(batch, int64(p.Most)-gone)
		}
		var n int64
		err := db.write(ctx, func(t *tx) (err error) {
			// MySQL neither limits a subquery nor reads the table that it
			// changes, unless both are hidden one level deeper.
			n, err = t.exec("DELETE FROM "+table+" WHERE "+key+" IN (SELECT id FROM ("+doomed+" ORDER BY d.deleted_at LIMIT ?) doomed)",
				t.time(p.Before), batch)
			return err
		})
		if err != nil && db.dialect.referenced(err) {
			return glance.Because(glance.Conflict, err, "Rows of table "+table+" are still needed by others.")
		}
		if err != nil {
			return err
		}
		if gone += n; n < batch {
			break
		}
	}
	p.Gone(table, gone)
	return nil
}
