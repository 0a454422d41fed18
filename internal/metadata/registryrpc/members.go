package registryrpc

import (
	"context"
	"errors"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// Members gives the members of an image; see metadata.Members.
func (db *DB) Members(ctx context.Context, imageID string) ([]glance.Member, error) {
	rows, err := db.find(ctx, args{"image_id": imageID})
	if err != nil {
		return nil, err
	}
	list := make([]glance.Member, 0, len(rows))
	for i := range rows {
		list = append(list, rows[i].Row())
	}
	return list, nil
}

func (db *DB) find(ctx context.Context, kwargs args) ([]wire.Member2, error) {
	var rows []wire.Member2
	_, err := db.call(ctx, metadata.Everything(), "image_member_find", kwargs, wire.Exact{}, &rows)
	return rows, err
}

// Member gives one membership; see metadata.Members.
func (db *DB) Member(ctx context.Context, imageID, member string) (glance.Member, error) {
	row, err := db.member(ctx, imageID, member)
	if err != nil {
		return glance.Member{}, err
	}
	return row.Row(), nil
}

func (db *DB) member(ctx context.Context, imageID, member string) (*wire.Member2, error) {
	rows, err := db.find(ctx, args{"image_id": imageID, "member": member})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if !rows[i].Deleted {
			return &rows[i], nil
		}
	}
	return nil, metadata.NoMember(imageID, member)
}

// AddMember stores a membership; see metadata.Members. The number of members
// that it was admitted with must still be that when it is stored.
func (db *DB) AddMember(ctx context.Context, m glance.Member, admit func(present int) error) (glance.Member, error) {
	var added glance.Member
	err := again(ctx, func() error {
		rows, err := db.find(ctx, args{"image_id": m.ImageID})
		if err != nil {
			return err
		}
		for i := range rows {
			if rows[i].Member == m.Member {
				return metadata.MemberExists(m.ImageID, m.Member)
			}
		}
		present := len(rows)
		if present == 0 { // which a missing image has too
			if _, _, err := db.image(ctx, metadata.Everything(), m.ImageID); err != nil {
				return err
			}
		}
		if err := admit(present); err != nil {
			return err
		}
		added, err = db.create(ctx, m, present)
		return err
	})
	return added, err
}

func (db *DB) create(ctx context.Context, m glance.Member, present int) (glance.Member, error) {
	values := args{"image_id": m.ImageID, "member": m.Member, "can_share": m.CanShare}
	if m.Status != "" {
		values["status"] = string(m.Status)
	}
	var row wire.Member2
	_, err := db.call(ctx, metadata.Everything(), "image_member_create", args{"values": values}, wire.Exact{Present: &present}, &row)
	switch {
	case isClass(err, wire.ClassDuplicate):
		return glance.Member{}, metadata.MemberExists(m.ImageID, m.Member)
	case err != nil:
		return glance.Member{}, errIs(err, glance.NotFound, metadata.NoImage(m.ImageID))
	}
	return row.Row(), nil
}

// UpdateMember changes a membership; see metadata.Members.
func (db *DB) UpdateMember(ctx context.Context, imageID, member string, change func(*glance.Member) error) (glance.Member, error) {
	var changed glance.Member
	err := again(ctx, func() error {
		row, err := db.member(ctx, imageID, member)
		if err != nil {
			return err
		}
		changed = row.Row()
		before := changed
		if err := change(&changed); errors.Is(err, metadata.ErrUnchanged) {
			changed = before
			return nil
		} else if err != nil {
			return err
		}
		values := args{"status": string(changed.Status)}
		if changed.CanShare != before.CanShare {
			values["can_share"] = changed.CanShare
		}
		var after wire.Member2
		kwargs := args{"memb_id": row.ID, "values": values}
		_, err = db.call(ctx, metadata.Everything(), "image_member_update", kwargs, wire.Exact{Version: row.Version}, &after)
		changed = after.Row()
		return errIs(err, glance.NotFound, metadata.NoMember(imageID, member))
	})
	if err != nil {
		return glance.Member{}, err
	}
	return changed, nil
}

// RemoveMember deletes a membership; see metadata.Members.
func (db *DB) RemoveMember(ctx context.Context, imageID, member string) error {
	row, err := db.member(ctx, imageID, member)
	if err != nil {
		return err
	}
	_, err = db.call(ctx, metadata.Everything(), "image_member_delete", args{"memb_id": row.ID}, wire.Exact{}, nil)
	return errIs(err, glance.NotFound, metadata.NoMember(imageID, member))
}
