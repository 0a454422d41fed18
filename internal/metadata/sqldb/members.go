package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

const memberColumns = "SELECT image_id, member, status, can_share, created_at, updated_at FROM image_members WHERE image_id = ?"

// members reads live rows in row order. The unique key of the table lets two
// live rows of one member pass when two programs add it at once; the first
// one counts (spec database §4, bug 2).
func (t *tx) members(condition string, args ...any) (list []glance.Member, err error) {
	var image, name, status text
	var share flag
	var created, updated stamp
	err = t.query(func(rows *sql.Rows) error {
		if err := rows.Scan(&image, &name, &status, &share, &created, &updated); err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(m glance.Member) bool { return m.Member == name.value }) {
			list = append(list, glance.Member{
				ImageID: image.value, Member: name.value, Status: glance.MemberStatus(status.value), CanShare: bool(share),
				CreatedAt: created.Time, UpdatedAt: updated.Time,
			})
		}
		return nil
	}, memberColumns+condition, args...)
	return list, err
}

// member reads one membership.
func (t *tx) member(imageID, name, lock string) (glance.Member, error) {
	list, err := t.members(" AND member = ? AND "+t.unindexed("deleted")+" = FALSE ORDER BY id"+lock, imageID, name)
	if err != nil || len(list) == 0 {
		return glance.Member{}, orElse(err, metadata.NoMember(imageID, name))
	}
	return list[0], nil
}

// Members implements metadata.Members.
func (db *DB) Members(ctx context.Context, imageID string) (list []glance.Member, err error) {
	err = db.read(ctx, func(t *tx) (err error) {
		list, err = t.liveMembers(imageID)
		return err
	})
	return list, err
}

func (t *tx) liveMembers(imageID string) ([]glance.Member, error) {
	return t.members(" AND "+t.unindexed("deleted")+" = FALSE ORDER BY id", imageID)
}

// Member implements metadata.Members.
func (db *DB) Member(ctx context.Context, imageID, name string) (m glance.Member, err error) {
	err = db.read(ctx, func(t *tx) (err error) {
		m, err = t.member(imageID, name, "")
		return err
	})
	return m, err
}

// AddMember implements metadata.Members. Locking the image keeps two
// additions from being counted at the same time.
func (db *DB) AddMember(ctx context.Context, m glance.Member, admit func(present int) error) (added glance.Member, err error) {
	err = db.write(ctx, func(t *tx) error {
		if img, err := t.image(m.ImageID, t.forUpdate); err != nil || img.Deleted {
			return orElse(err, metadata.NoImage(m.ImageID))
		}
		present, err := t.liveMembers(m.ImageID)
		if err != nil {
			return err
		}
		// The database says which names are the same.
		if _, err := t.member(m.ImageID, m.Member, ""); err == nil {
			return metadata.MemberExists(m.ImageID, m.Member)
		} else if glance.KindOf(err) != glance.NotFound {
			return err
		}
		if err := admit(len(present)); err != nil {
			return err
		}
		if err := t.addMember(m); err != nil {
			return err
		}
		added, err = t.member(m.ImageID, m.Member, "")
		return err
	})
	return added, err
}

// addMember revives the first row of the member, or adds one.
func (t *tx) addMember(m glance.Member) error {
	if m.Status == "" {
		m.Status = glance.MemberPending
	}
	var oldest number
	err := t.query(func(rows *sql.Rows) error { return rows.Scan(&oldest) },
		"SELECT MIN(id) FROM image_members WHERE image_id = ? AND member = ?", m.ImageID, m.Member)
	if err != nil {
		return err
	}
	at := t.time(t.now())
	if oldest.value > 0 {
		_, err = t.exec("UPDATE image_members SET status = ?, can_share = ?, deleted = FALSE, deleted_at = NULL, updated_at = ? WHERE id = ?",
			string(m.Status), m.CanShare, at, oldest.value)
		return err
	}
	return t.insert(metadata.MemberExists(m.ImageID, m.Member),
		"INSERT INTO image_members (image_id, member, status, can_share, created_at, updated_at, deleted) VALUES (?, ?, ?, ?, ?, ?, FALSE)",
		m.ImageID, m.Member, string(m.Status), m.CanShare, at, at)
}

// UpdateMember implements metadata.Members.
func (db *DB) UpdateMember(ctx context.Context, imageID, name string, change func(*glance.Member) error) (m glance.Member, err error) {
	err = db.write(ctx, func(t *tx) error {
		before, err := t.member(imageID, name, t.forUpdate)
		if err != nil {
			return err
		}
		m = before
		after := before
		if err := change(&after); errors.Is(err, metadata.ErrUnchanged) {
			return nil
		} else if err != nil {
			return err
		}
		_, err = t.exec("UPDATE image_members SET status = ?, can_share = ?, updated_at = ? WHERE image_id = ? AND member = ? AND deleted = FALSE",
			string(after.Status), after.CanShare, t.time(t.now()), imageID, name)
		if err != nil {
			return err
		}
		m, err = t.member(imageID, name, "")
		return err
	})
	if err != nil {
		return glance.Member{}, err
	}
	return m, nil
}

// RemoveMember implements metadata.Members.
func (db *DB) RemoveMember(ctx context.Context, imageID, name string) error {
	return db.write(ctx, func(t *tx) error {
		at := t.now()
		if err := t.removeDoubles(imageID, at); err != nil {
			return err
		}
		n, err := t.exec("UPDATE image_members SET deleted = TRUE, deleted_at = ?, updated_at = ? WHERE image_id = ? AND member = ? AND deleted = FALSE",
			t.time(at), t.time(at), imageID, name)
		if err == nil && n == 0 {
			err = metadata.NoMember(imageID, name)
		}
		return err
	})
}

// removeDoubles deletes the second and later live rows of the members of an
// image, each with an instant of its own, since the unique key of the table
// holds image, member and deleted_at.
func (t *tx) removeDoubles(imageID string, at time.Time) error {
	var ids []int64
	var id number
	err := t.query(func(rows *sql.Rows) error {
		err := rows.Scan(&id)
		ids = append(ids, id.value)
		return err
	}, "SELECT id FROM image_members m WHERE image_id = ? AND deleted = FALSE AND EXISTS (SELECT 1 FROM image_members f "+
		"WHERE f.image_id = m.image_id AND f.member = m.member AND f.deleted = FALSE AND f.id < m.id)", imageID)
	for i, id := range ids {
		if err != nil {
			break
		}
		_, err = t.exec("UPDATE image_members SET deleted = TRUE, deleted_at = ?, updated_at = ? WHERE id = ?",
			t.time(at.Add(-time.Duration(i+1)*time.Second)), t.time(at), id)
	}
	return err
}
