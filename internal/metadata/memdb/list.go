package memdb

import (
	"cmp"
	"context"
	"slices"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Images implements metadata.Images: every image is looked at.
func (db *DB) Images(ctx context.Context, sc metadata.Scope, q metadata.Query) (page []*glance.Image, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	err = db.read(ctx, func() error {
		var found []*record
		for _, r := range db.images {
			if candidate(r, sc, q) && kept(r, sc, q) && (q.After == nil || order(q.Sort, &r.image, q.After) > 0) {
				found = append(found, r)
			}
		}
		slices.SortFunc(found, func(a, b *record) int { return order(q.Sort, &a.image, &b.image) })
		if q.Limit >= 0 {
			found = found[:min(len(found), q.Limit)]
		}
		for _, r := range found {
			page = append(page, r.view())
		}
		return nil
	})
	return page, err
}

// candidate reports whether the scope may list the image at all.
func candidate(r *record, sc metadata.Scope, q metadata.Query) bool {
	img := &r.image
	if img.Deleted && !sc.Deleted {
		return false
	}
	if sc.Admin && (q.Public == nil || !*q.Public) {
		return true
	}
	switch {
	case img.Visibility == glance.VisibilityPublic, img.Visibility == glance.VisibilityCommunity:
		return true
	case sc.Project == "":
		return false
	case img.Owner == sc.Project:
		return true
	}
	m := r.liveMember(sc.Project)
	wanted := cmp.Or(q.MemberStatus, glance.MemberAccepted)
	return img.Visibility == glance.VisibilityShared && m != nil && (q.AnyMemberStatus || m.Status == wanted)
}

// kept reports whether the conditions of q hold.
func kept(r *record, sc metadata.Scope, q metadata.Query) bool {
	img := &r.image
	switch {
	case q.Visibility != "":
		if img.Visibility != q.Visibility {
			return false
		}
	case q.AllVisibilities:
	case img.Visibility == glance.VisibilityCommunity && (sc.Project == "" || img.Owner != sc.Project):
		return false
	}
	if q.Deleted != nil && (img.Deleted != *q.Deleted || !*q.Deleted && img.Status == glance.StatusKilled) {
		return false
	}
	if q.Public != nil && !*q.Public && img.Visibility == glance.VisibilityPublic {
		return false
	}
	for _, c := range q.Where {
		if !holds(img, c) {
			return false
		}
	}
	for _, want := range q.Properties {
		if p := r.property(want.Name); p == nil || p.deleted || p.Null || p.Value != want.Value {
			return false
		}
	}
	return !slices.ContainsFunc(q.Tags, func(t string) bool { return !img.HasTag(t) })
}

// holds reports whether one condition does. Null satisfies none.
func holds(img *glance.Image, c metadata.Condition) bool {
	text, number, at, null := value(img, c.Column)
	if null {
		return false
	}
	if c.Op == metadata.In {
		return slices.Contains(c.Texts, text)
	}
	var sign int
	switch c.Column.Type() {
	case metadata.Text:
		sign = cmp.Compare(text, c.Texts[0])
	case metadata.Integer:
		sign = cmp.Compare(number, c.Int)
	case metadata.Boolean:
		sign = cmp.Compare(number, bit(c.Bool))
	case metadata.Time:
		sign = at.Compare(stored(c.Time))
	}
	switch c.Op {
	case metadata.NotEq:
		return sign != 0
	case metadata.Less:
		return sign < 0
	case metadata.LessEq:
		return sign <= 0
	case metadata.Greater:
		return sign > 0
	case metadata.GreaterEq:
		return sign >= 0
	default:
		return sign == 0
	}
}

// order compares two images by the keys; null counts as "" or 0.
func order(keys []metadata.SortKey, a, b *glance.Image) int {
	for _, k := range keys {
		at, an, aw, _ := value(a, k.Column)
		bt, bn, bw, _ := value(b, k.Column)
		sign := cmp.Or(cmp.Compare(at, bt), cmp.Compare(an, bn), aw.Compare(bw))
		if k.Desc {
			sign = -sign
		}
		if sign != 0 {
			return sign
		}
	}
	return 0
}

// value gives what an image has in a column, in the variable of its type.
func value(img *glance.Image, c metadata.Column) (text string, number int64, at time.Time, null bool) {
	switch c {
	case metadata.ColumnName:
		return optional(img.Name), 0, at, img.Name == nil
	case metadata.ColumnSize:
		return "", optional(img.Size), at, img.Size == nil
	case metadata.ColumnVirtualSize:
		return "", optional(img.VirtualSize), at, img.VirtualSize == nil
	case metadata.ColumnMinDisk:
		return "", img.MinDisk, at, false
	case metadata.ColumnMinRAM:
		return "", img.MinRAM, at, false
	case metadata.ColumnProtected:
		return "", bit(img.Protected), at, false
	case metadata.ColumnHidden:
		return "", bit(img.Hidden), at, false
	case metadata.ColumnCreatedAt:
		return "", 0, img.CreatedAt, false
	case metadata.ColumnUpdatedAt:
		return "", 0, img.UpdatedAt, false
	}
	text = textOf(img, c)
	return text, 0, at, text == ""
}

// textOf gives the columns in which an empty text is null.
func textOf(img *glance.Image, c metadata.Column) string {
	switch c {
	case metadata.ColumnID:
		return img.ID
	case metadata.ColumnStatus:
		return string(img.Status)
	case metadata.ColumnDiskFormat:
		return img.DiskFormat
	case metadata.ColumnContainerFormat:
		return img.ContainerFormat
	case metadata.ColumnChecksum:
		return img.Checksum
	case metadata.ColumnOwner:
		return img.Owner
	case metadata.ColumnHashAlgo:
		return img.HashAlgo
	case metadata.ColumnHashValue:
		return img.HashValue
	}
	return ""
}

func optional[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
