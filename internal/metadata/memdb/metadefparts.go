package memdb

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// row is a part of a namespace with its number.
type row[T any] struct {
	id    int64
	value T
}

// shelf is what the kinds of parts differ in.
type shelf[T any] struct {
	part  metadata.MetadefPart
	rows  func(*namespace) *[]row[T]
	name  func(*T) *string
	times func(*T) (created, updated *time.Time)
	clone func(T) T
}

func objects() shelf[glance.MetadefObject] {
	return shelf[glance.MetadefObject]{
		part:  metadata.PartObject,
		rows:  func(n *namespace) *[]row[glance.MetadefObject] { return &n.objects },
		name:  func(o *glance.MetadefObject) *string { return &o.Name },
		times: func(o *glance.MetadefObject) (*time.Time, *time.Time) { return &o.CreatedAt, &o.UpdatedAt },
		clone: func(o glance.MetadefObject) glance.MetadefObject {
			o.Description, o.Properties = clonePointer(o.Description), slices.Clone(o.Properties)
			o.Required = metadata.SplitRequired(metadata.JoinRequired(o.Required))
			return o
		},
	}
}

func properties() shelf[glance.MetadefProperty] {
	return shelf[glance.MetadefProperty]{
		part:  metadata.PartProperty,
		rows:  func(n *namespace) *[]row[glance.MetadefProperty] { return &n.properties },
		name:  func(p *glance.MetadefProperty) *string { return &p.Name },
		times: func(p *glance.MetadefProperty) (*time.Time, *time.Time) { return &p.CreatedAt, &p.UpdatedAt },
		clone: func(p glance.MetadefProperty) glance.MetadefProperty {
			p.Schema = slices.Clone(p.Schema)
			return p
		},
	}
}

func tags() shelf[glance.MetadefTag] {
	return shelf[glance.MetadefTag]{
		part:  metadata.PartTag,
		rows:  func(n *namespace) *[]row[glance.MetadefTag] { return &n.tags },
		name:  func(t *glance.MetadefTag) *string { return &t.Name },
		times: func(t *glance.MetadefTag) (*time.Time, *time.Time) { return &t.CreatedAt, &t.UpdatedAt },
		clone: func(t glance.MetadefTag) glance.MetadefTag { return t },
	}
}

// index finds a part by name, -1 when there is none.
func (s shelf[T]) index(n *namespace, name string) int {
	rows := *s.rows(n)
	for i := range rows { // in place: copies would cost the most here
		if *s.name(&rows[i].value) == name {
			return i
		}
	}
	return -1
}

func (s shelf[T]) setTimes(v *T, at time.Time) {
	created, updated := s.times(v)
	*created, *updated = at, at
}

// addAll adds parts to a namespace. Those before one that is there already
// stay, so n must be a copy that is then thrown away.
func addAll[T any](m *metadefs, s shelf[T], n *namespace, values []T, at time.Time) error {
	for _, v := range values {
		if s.index(n, *s.name(&v)) >= 0 {
			return metadata.MetadefPartExists(s.part, *s.name(&v), n.row.Name)
		}
		v = s.clone(v)
		s.setTimes(&v, at)
		*s.rows(n) = append(*s.rows(n), row[T]{m.number(), v})
	}
	return nil
}

// setTimes tells the caller when its parts were stored.
func setTimes[T any](s shelf[T], values []T, at time.Time) {
	for i := range values {
		s.setTimes(&values[i], at)
	}
}

// list gives all parts of a kind by name.
func list[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace) (all []T, err error) {
	err = db.read(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err != nil {
			return err
		}
		for _, r := range *s.rows(n) {
			all = append(all, s.clone(r.value))
		}
		slices.SortFunc(all, func(a, b T) int { return cmp.Compare(*s.name(&a), *s.name(&b)) })
		return nil
	})
	return all, err
}

func get[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace, name string) (v T, err error) {
	err = db.read(ctx, func() error {
		n, i, err := s.find(db, ns, name)
		if err == nil {
			v = s.clone((*s.rows(n))[i].value)
		}
		return err
	})
	return v, err
}

func (s shelf[T]) find(db *DB, ns *glance.MetadefNamespace, name string) (*namespace, int, error) {
	n, err := db.metadefs.found(ns)
	if err != nil {
		return nil, 0, err
	}
	i := s.index(n, name)
	if i < 0 {
		return nil, 0, metadata.NoMetadefPart(s.part, name)
	}
	return n, i, nil
}

func add[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace, v *T) error {
	return db.write(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err != nil {
			return err
		}
		at := now()
		if err := addAll(&db.metadefs, s, n, []T{*v}, at); err != nil {
			return err
		}
		s.setTimes(v, at)
		return nil
	})
}

func update[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace, name string, change func(*T) error) (v T, err error) {
	err = db.write(ctx, func() error {
		n, i, err := s.find(db, ns, name)
		if err != nil {
			return err
		}
		before := &(*s.rows(n))[i].value
		after := s.clone(*before)
		if err := change(&after); errors.Is(err, metadata.ErrUnchanged) {
			v = s.clone(*before)
			return nil
		} else if err != nil {
			return err
		}
		if other := s.index(n, *s.name(&after)); other >= 0 && other != i {
			return metadata.MetadefPartRenamed(s.part, *s.name(&after), n.row.Name)
		}
		created, _ := s.times(before)
		at := *created
		s.setTimes(&after, now())
		created, _ = s.times(&after)
		*created = at
		*before = s.clone(after)
		v = s.clone(*before)
		return nil
	})
	return v, err
}

func remove[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace, name string) error {
	return db.write(ctx, func() error {
		n, i, err := s.find(db, ns, name)
		if err == nil {
			*s.rows(n) = slices.Delete(*s.rows(n), i, i+1)
		}
		return err
	})
}

func removeAll[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace) (count int, err error) {
	err = db.write(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err == nil {
			count = len(*s.rows(n))
			*s.rows(n) = nil
		}
		return err
	})
	return count, err
}
