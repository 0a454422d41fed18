package memdb

import (
	"context"
	"errors"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Members implements metadata.Members.
func (db *DB) Members(ctx context.Context, imageID string) (list []glance.Member, err error) {
	err = db.read(ctx, func() error {
		if r := db.images[imageID]; r != nil {
			for _, m := range r.members {
				if !m.deleted {
					list = append(list, m.Member)
				}
			}
		}
		return nil
	})
	return list, err
}

// Member implements metadata.Members.
func (db *DB) Member(ctx context.Context, imageID, name string) (m glance.Member, err error) {
	err = db.read(ctx, func() error {
		row, err := db.member(imageID, name)
		if err == nil {
			m = row.Member
		}
		return err
	})
	return m, err
}

func (db *DB) member(imageID, name string) (*member, error) {
	if r := db.images[imageID]; r != nil {
		if row := r.liveMember(name); row != nil {
			return row, nil
		}
	}
	return nil, metadata.NoMember(imageID, name)
}

// AddMember implements metadata.Members.
func (db *DB) AddMember(ctx context.Context, m glance.Member, admit func(present int) error) (glance.Member, error) {
	err := db.write(ctx, func() error {
		r := db.images[m.ImageID]
		if r == nil || r.image.Deleted {
			return metadata.NoImage(m.ImageID)
		}
		present := 0
		for _, row := range r.members {
			if !row.deleted {
				present++
			}
		}
		if r.liveMember(m.Member) != nil {
			return metadata.MemberExists(m.ImageID, m.Member)
		}
		if err := admit(present); err != nil {
			return err
		}
		m = r.addMember(m)
		return nil
	})
	if err != nil {
		return glance.Member{}, err
	}
	return m, nil
}

func (r *record) addMember(m glance.Member) glance.Member {
	if m.Status == "" {
		m.Status = glance.MemberPending
	}
	m.CreatedAt = now()
	m.UpdatedAt = m.CreatedAt
	if i := slices.IndexFunc(r.members, func(row member) bool { return row.Member.Member == m.Member }); i >= 0 {
		m.CreatedAt = r.members[i].CreatedAt
		r.members[i] = member{Member: m}
	} else {
		r.members = append(r.members, member{Member: m})
	}
	return m
}

// UpdateMember implements metadata.Members.
func (db *DB) UpdateMember(ctx context.Context, imageID, name string, change func(*glance.Member) error) (m glance.Member, err error) {
	err = db.write(ctx, func() error {
		row, err := db.member(imageID, name)
		if err != nil {
			return err
		}
		m = row.Member
		if err := change(&m); errors.Is(err, metadata.ErrUnchanged) {
			m = row.Member
			return nil
		} else if err != nil {
			return err
		}
		row.Status, row.CanShare, row.UpdatedAt = m.Status, m.CanShare, now()
		m = row.Member
		return nil
	})
	if err != nil {
		return glance.Member{}, err
	}
	return m, nil
}

// RemoveMember implements metadata.Members.
func (db *DB) RemoveMember(ctx context.Context, imageID, name string) error {
	return db.write(ctx, func() error {
		row, err := db.member(imageID, name)
		if err == nil {
			row.deleted = true
		}
		return err
	})
}
