package sqldb

import (
	"context"
	"database/sql"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// counted are the images of an owner that count, as i; the owner is the only
// argument, unless it is nobody.
func counted(owner string) (where string, args []any) {
	const alive = " AND i.status NOT IN ('killed', 'deleted', 'pending_delete')"
	if owner == "" {
		return "i.owner IS NULL" + alive, nil
	}
	return "i.owner = ?" + alive, []any{owner}
}

// Usage implements metadata.Images.
func (db *DB) Usage(ctx context.Context, owner, except string) (sum int64, err error) {
	err = db.read(ctx, func(t *tx) (err error) {
		sum, err = t.usage(owner, except)
		return err
	})
	return sum, err
}

func (t *tx) usage(owner, except string) (int64, error) {
	whose, args := counted(owner)
	return t.number("SELECT COALESCE(SUM(i.size), 0) FROM images i JOIN image_locations l ON l.image_id = i.id WHERE "+whose+
		" AND i.id <> ? AND i.size > 0 AND l.status <> 'deleted'", append(args, except)...)
}

// Tally implements metadata.Images.
func (db *DB) Tally(ctx context.Context, owner string, of metadata.Total) (n int64, err error) {
	err = db.read(ctx, func(t *tx) (err error) {
		statement, args := t.tally(owner, of)
		n, err = t.number(statement, args...)
		return err
	})
	return n, err
}

func (t *tx) tally(owner string, of metadata.Total) (statement string, args []any) {
	what, which := "COUNT(*)", ""
	copied := "EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = i.id AND p.name = '" + glance.ImportingProperty +
		"' AND p.value <> '' AND p.deleted = FALSE))"
	switch of {
	case metadata.StagedBytes:
		what, which = "COALESCE(SUM(i.size), 0)", " AND i.size > 0 AND (i.status IN ('uploading', 'importing') OR "+copied
	case metadata.UploadingImages:
		which = " AND (i.status IN ('saving', 'uploading', 'importing') OR " + copied
	}
	whose, args := counted(owner)
	return "SELECT " + what + " FROM images i WHERE " + whose + " AND " + t.unindexed("i.deleted") + " = FALSE" + which, args
}

// lockAccount makes those who change the same account wait for the end of the
// transaction. It comes before anything is read: what the transaction sees of
// other rows is then not older.
func (t *tx) lockAccount(of *metadata.Account) error {
	if of == nil || t.lockOwner == nil {
		return nil
	}
	statement, args := t.lockOwner(of.Owner)
	return t.query(func(*sql.Rows) error { return nil }, statement, args...)
}
