package metadatatest

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// world is what a store was told, and the naive answer to every listing of it.
type world struct {
	images  []*glance.Image // as stored; no call changes them afterwards
	members map[string]map[string]glance.MemberStatus
	engine  Engine
}

// store puts the world into s. Images that are to be deleted are deleted last.
func (w *world) store(t *testing.T, s metadata.Store) {
	t.Helper()
	w.engine = engineOf(s)
	for i, img := range w.images {
		live := img.Clone()
		live.Deleted = false
		create(t, s, live)
		for member, status := range w.members[img.ID] {
			addMember(t, s, img.ID, member, status)
		}
		if img.Deleted {
			live = update(t, s, img.ID, func(img *glance.Image) { img.Deleted = true })
		}
		w.images[i] = live
	}
}

// list gives the ids of a page.
func (w *world) list(sc metadata.Scope, q metadata.Query) []string {
	var found []*glance.Image
	for _, img := range w.images {
		if w.listed(img, sc, q) {
			found = append(found, img)
		}
	}
	slices.SortFunc(found, func(a, b *glance.Image) int { return w.compareBy(q.Sort, a, b) })
	ids := []string{}
	for _, img := range found {
		if q.After == nil || w.compareBy(q.Sort, img, q.After) > 0 {
			ids = append(ids, img.ID)
		}
	}
	if q.Limit >= 0 {
		ids = ids[:min(len(ids), q.Limit)]
	}
	return ids
}

func (w *world) listed(img *glance.Image, sc metadata.Scope, q metadata.Query) bool {
	asAdmin := sc.Admin && (q.Public == nil || !*q.Public)
	own := sc.Project != "" && img.Owner == sc.Project
	member := sc.Project != "" && w.accepts(img, sc.Project, q)
	open := img.Visibility == glance.VisibilityPublic || img.Visibility == glance.VisibilityCommunity
	allowed := asAdmin || open || own || member && img.Visibility == glance.VisibilityShared
	shown := q.AllVisibilities || own || img.Visibility != glance.VisibilityCommunity
	if q.Visibility != "" {
		shown = img.Visibility == q.Visibility
	}
	alive := !img.Deleted || sc.Deleted
	if q.Deleted != nil {
		alive = alive && img.Deleted == *q.Deleted && (*q.Deleted || img.Status != glance.StatusKilled)
	}
	if q.Public != nil && !*q.Public {
		shown = shown && img.Visibility != glance.VisibilityPublic
	}
	return allowed && shown && alive && w.conditionsHold(img, q)
}

func (w *world) accepts(img *glance.Image, project string, q metadata.Query) bool {
	status, ok := w.members[img.ID][project]
	if img.Deleted || !ok {
		return false
	}
	if q.MemberStatus == "" {
		return q.AnyMemberStatus || status == glance.MemberAccepted
	}
	return q.AnyMemberStatus || status == q.MemberStatus
}

func (w *world) conditionsHold(img *glance.Image, q metadata.Query) bool {
	for _, c := range q.Where {
		if !w.conditionHolds(column(img, c.Column), c) {
			return false
		}
	}
	for _, want := range q.Properties {
		p, ok := img.Property(want.Name)
		if !ok || p.Null || w.compareValues(p.Value, want.Value) != 0 || img.Deleted {
			return false
		}
	}
	for _, tag := range q.Tags {
		if img.Deleted || !slices.ContainsFunc(img.Tags, func(has string) bool { return w.compareValues(has, tag) == 0 }) {
			return false
		}
	}
	return true
}

func (w *world) conditionHolds(value any, c metadata.Condition) bool {
	if value == nil {
		return false
	}
	if c.Op == metadata.In {
		return slices.ContainsFunc(c.Texts, func(text string) bool { return w.compareValues(value, text) == 0 })
	}
	var want any
	switch c.Column.Type() {
	case metadata.Text:
		want = c.Texts[0]
	case metadata.Integer:
		want = c.Int
	case metadata.Boolean:
		want = c.Bool
	case metadata.Time:
		want = c.Time
	}
	sign := w.compareValues(value, want)
	return [...]bool{
		metadata.Eq: sign == 0, metadata.NotEq: sign != 0, metadata.Less: sign < 0, metadata.LessEq: sign <= 0,
		metadata.Greater: sign > 0, metadata.GreaterEq: sign >= 0,
	}[c.Op]
}

func (w *world) compareBy(keys []metadata.SortKey, a, b *glance.Image) int {
	for _, k := range keys {
		sign := w.compareValues(zeroed(a, k.Column), zeroed(b, k.Column))
		if k.Desc {
			sign = -sign
		}
		if sign != 0 {
			return sign
		}
	}
	return 0
}

// zeroed is the value of a column, "" or 0 for null.
func zeroed(img *glance.Image, c metadata.Column) any {
	if v := column(img, c); v != nil {
		return v
	}
	if c.Type() == metadata.Integer {
		return int64(0)
	}
	return ""
}

// column is the value of a column as an any, nil for null.
func column(img *glance.Image, c metadata.Column) any {
	switch c {
	case metadata.ColumnName:
		return unlessNil(img.Name)
	case metadata.ColumnSize:
		return unlessNil(img.Size)
	case metadata.ColumnVirtualSize:
		return unlessNil(img.VirtualSize)
	case metadata.ColumnMinDisk:
		return img.MinDisk
	case metadata.ColumnMinRAM:
		return img.MinRAM
	case metadata.ColumnProtected:
		return img.Protected
	case metadata.ColumnHidden:
		return img.Hidden
	case metadata.ColumnCreatedAt:
		return img.CreatedAt
	case metadata.ColumnUpdatedAt:
		return img.UpdatedAt
	}
	text := map[metadata.Column]string{
		metadata.ColumnID: img.ID, metadata.ColumnStatus: string(img.Status), metadata.ColumnDiskFormat: img.DiskFormat,
		metadata.ColumnContainerFormat: img.ContainerFormat, metadata.ColumnChecksum: img.Checksum,
		metadata.ColumnOwner: img.Owner, metadata.ColumnHashAlgo: img.HashAlgo, metadata.ColumnHashValue: img.HashValue,
	}[c]
	if text == "" {
		return nil
	}
	return text
}

func unlessNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func (w *world) compareValues(a, b any) int {
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case bool:
		return cmp.Compare(show(a), show(b)) // "false" before "true"
	case time.Time:
		return a.Compare(b.(time.Time))
	default:
		return strings.Compare(w.engine.fold(a.(string)), w.engine.fold(b.(string)))
	}
}

func byID() []metadata.SortKey { return []metadata.SortKey{{Column: metadata.ColumnID}} }

// agree lists once and compares with the naive answer.
func (w *world) agree(t *testing.T, s metadata.Store, sc metadata.Scope, q metadata.Query) []*glance.Image {
	t.Helper()
	page, err := s.Images(t.Context(), sc, q)
	if err != nil {
		t.Fatalf("scope %+v, query %s: %v", sc, show(q), err)
	}
	ids := []string{}
	for _, img := range page {
		ids = append(ids, img.ID)
	}
	if want := w.list(sc, q); !slices.Equal(ids, want) {
		t.Errorf("scope %+v, query %s:\n got %v\nwant %v", sc, show(q), ids, want)
	}
	return page
}
