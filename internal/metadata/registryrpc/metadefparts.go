package registryrpc

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// shelf is what the commands of objects, properties and tags differ in: T is a
// part, W its row.
type shelf[T, W any] struct {
	prefix         string // of the names of commands
	name, id, dict string // arguments
	row            func(*T) W
	read           func(*W) T
	state          func(*W) (id json.RawMessage, version string)
	times          func(part, stored *T)
}

func objects() shelf[glance.MetadefObject, wire.MetadefObject] {
	return shelf[glance.MetadefObject, wire.MetadefObject]{
		prefix: "metadef_object_", name: "object_name", id: "object_id", dict: "object_dict",
		row: wire.ObjectRow, read: (*wire.MetadefObject).Object,
		state: func(w *wire.MetadefObject) (json.RawMessage, string) { return w.ID, w.Version },
		times: func(o, stored *glance.MetadefObject) { o.CreatedAt, o.UpdatedAt = stored.CreatedAt, stored.UpdatedAt },
	}
}

func properties() shelf[glance.MetadefProperty, wire.MetadefProperty] {
	return shelf[glance.MetadefProperty, wire.MetadefProperty]{
		prefix: "metadef_property_", name: "property_name", id: "property_id", dict: "property_dict",
		row: wire.PropertyRow, read: (*wire.MetadefProperty).Property,
		state: func(w *wire.MetadefProperty) (json.RawMessage, string) { return w.ID, w.Version },
		times: func(p, stored *glance.MetadefProperty) { p.CreatedAt, p.UpdatedAt = stored.CreatedAt, stored.UpdatedAt },
	}
}

func tags() shelf[glance.MetadefTag, wire.MetadefTag] {
	return shelf[glance.MetadefTag, wire.MetadefTag]{
		prefix: "metadef_tag_", name: "name", id: "id", dict: "tag_dict", row: wire.TagRow, read: (*wire.MetadefTag).Tag,
		state: func(w *wire.MetadefTag) (json.RawMessage, string) { return w.ID, w.Version },
		times: func(t, stored *glance.MetadefTag) { t.CreatedAt, t.UpdatedAt = stored.CreatedAt, stored.UpdatedAt },
	}
}

func list[T, W any](ctx context.Context, db *DB, s shelf[T, W], ns *glance.MetadefNamespace, more args) ([]T, error) {
	kwargs, beside := of(ns, more)
	var rows []W
	_, err := db.metadef(ctx, metadata.Everything(), s.prefix+"get_all", kwargs, beside, &rows)
	return read(rows, s.read), err
}

func find[T, W any](ctx context.Context, db *DB, s shelf[T, W], ns *glance.MetadefNamespace, name string) (*W, error) {
	kwargs, beside := of(ns, args{s.name: name})
	row := new(W)
	_, err := db.metadef(ctx, metadata.Everything(), s.prefix+"get", kwargs, beside, row)
	return row, err
}

func get[T, W any](ctx context.Context, db *DB, s shelf[T, W], ns *glance.MetadefNamespace, name string) (part T, err error) {
	row, err := find(ctx, db, s, ns, name)
	if err == nil {
		part = s.read(row)
	}
	return part, err
}

func add[T, W any](ctx context.Context, db *DB, s shelf[T, W], ns *glance.MetadefNamespace, part *T) error {
	values, err := columns(s.row(part))
	if err != nil {
		return err
	}
	kwargs, beside := of(ns, args{s.dict: values})
	var row W
	if _, err = db.metadef(ctx, metadata.Everything(), s.prefix+"create", kwargs, beside, &row); err == nil {
		stored := s.read(&row)
		s.times(part, &stored)
	}
	return err
}

func update[T, W any](ctx context.Context, db *DB, s shelf[T, W], ns *glance.MetadefNamespace, name string, change func(*T) error) (changed T, err error) {
	err = again(ctx, func() error {
		row, err := find(ctx, db, s, ns, name)
		if err != nil {
			return err
		}
		after := s.read(row)
		if err := change(&after); errors.Is(err, metadata.ErrUnchanged) {
			changed = s.read(row)
			return nil
		} else if err != nil {
			return err
		}
		values, err := columns(s.row(&after))
		if err != nil {
			return err
		}
		id, version := s.state(row)
		kwargs, beside := of(ns, args{s.id: id, s.dict: values})
		beside.Version = version
		var stored W
		_, err = db.metadef(ctx, metadata.Everything(), s.prefix+"update", kwargs, beside, &stored)
		changed = s.read(&stored)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return changed, nil
}

func remove[T, W any](ctx context.Context, db *DB, s shelf[T, W], ns *glance.MetadefNamespace, name string) error {
	kwargs, beside := of(ns, args{s.name: name})
	_, err := db.metadef(ctx, metadata.Everything(), s.prefix+"delete", kwargs, beside, nil)
	return err
}

func removeAll[T, W any](ctx context.Context, db *DB, s shelf[T, W], ns *glance.MetadefNamespace) (n int, err error) {
	kwargs, beside := of(ns, nil)
	_, err = db.metadef(ctx, metadata.Everything(), s.prefix+"delete_namespace_content", kwargs, beside, &n)
	return n, err
}

// MetadefObjects implements metadata.Metadefs, as do all in this file.
func (db *DB) MetadefObjects(ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefObject, error) {
	return list(ctx, db, objects(), ns, nil)
}

// MetadefObject gives one object.
func (db *DB) MetadefObject(ctx context.Context, ns *glance.MetadefNamespace, name string) (glance.MetadefObject, error) {
	return get(ctx, db, objects(), ns, name)
}

// AddMetadefObject stores an object.
func (db *DB) AddMetadefObject(ctx context.Context, ns *glance.MetadefNamespace, o *glance.MetadefObject) error {
	return add(ctx, db, objects(), ns, o)
}

// UpdateMetadefObject changes an object.
func (db *DB) UpdateMetadefObject(ctx context.Context, ns *glance.MetadefNamespace, name string, change func(*glance.MetadefObject) error) (glance.MetadefObject, error) {
	return update(ctx, db, objects(), ns, name, change)
}

// RemoveMetadefObject deletes an object.
func (db *DB) RemoveMetadefObject(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
	return remove(ctx, db, objects(), ns, name)
}

// RemoveMetadefObjects deletes all objects.
func (db *DB) RemoveMetadefObjects(ctx context.Context, ns *glance.MetadefNamespace) (int, error) {
	return removeAll(ctx, db, objects(), ns)
}

// MetadefProperties gives all properties by name.
func (db *DB) MetadefProperties(ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefProperty, error) {
	return list(ctx, db, properties(), ns, nil)
}

// MetadefProperty gives one property.
func (db *DB) MetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, name string) (glance.MetadefProperty, error) {
	return get(ctx, db, properties(), ns, name)
}

// AddMetadefProperty stores a property.
func (db *DB) AddMetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, p *glance.MetadefProperty) error {
	return add(ctx, db, properties(), ns, p)
}

// UpdateMetadefProperty changes a property.
func (db *DB) UpdateMetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, name string, change func(*glance.MetadefProperty) error) (glance.MetadefProperty, error) {
	return update(ctx, db, properties(), ns, name, change)
}

// RemoveMetadefProperty deletes a property.
func (db *DB) RemoveMetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
	return remove(ctx, db, properties(), ns, name)
}

// RemoveMetadefProperties deletes all properties.
func (db *DB) RemoveMetadefProperties(ctx context.Context, ns *glance.MetadefNamespace) (int, error) {
	return removeAll(ctx, db, properties(), ns)
}

// MetadefTags gives a page of tags.
func (db *DB) MetadefTags(ctx context.Context, ns *glance.MetadefNamespace, q metadata.TagQuery) ([]glance.MetadefTag, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	return list(ctx, db, tags(), ns, page(q.Marker, q.Limit, q.Sort, q.Asc))
}

// MetadefTag gives one tag.
func (db *DB) MetadefTag(ctx context.Context, ns *glance.MetadefNamespace, name string) (glance.MetadefTag, error) {
	return get(ctx, db, tags(), ns, name)
}

// AddMetadefTag stores a tag.
func (db *DB) AddMetadefTag(ctx context.Context, ns *glance.MetadefNamespace, t *glance.MetadefTag) error {
	return add(ctx, db, tags(), ns, t)
}

// AddMetadefTags stores tags.
func (db *DB) AddMetadefTags(ctx context.Context, ns *glance.MetadefNamespace, given []glance.MetadefTag, keep bool) error {
	values := make([]map[string]json.RawMessage, 0, len(given))
	for i := range given {
		v, err := columns(wire.TagRow(&given[i]))
		if err != nil {
			return err
		}
		values = append(values, v)
	}
	kwargs, beside := of(ns, args{"tag_list": values, "can_append": keep})
	var rows []wire.MetadefTag
	if _, err := db.metadef(ctx, metadata.Everything(), "metadef_tag_create_tags", kwargs, beside, &rows); err != nil {
		return err
	}
	stored := map[string]time.Time{}
	for i := range rows {
		stored[rows[i].Name] = rows[i].CreatedAt.Time
	}
	for i := range given {
		given[i].CreatedAt = stored[given[i].Name]
		given[i].UpdatedAt = given[i].CreatedAt
	}
	return nil
}

// UpdateMetadefTag changes a tag.
func (db *DB) UpdateMetadefTag(ctx context.Context, ns *glance.MetadefNamespace, name string, change func(*glance.MetadefTag) error) (glance.MetadefTag, error) {
	return update(ctx, db, tags(), ns, name, change)
}

// RemoveMetadefTag deletes a tag.
func (db *DB) RemoveMetadefTag(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
	return remove(ctx, db, tags(), ns, name)
}

// RemoveMetadefTags deletes all tags.
func (db *DB) RemoveMetadefTags(ctx context.Context, ns *glance.MetadefNamespace) (int, error) {
	return removeAll(ctx, db, tags(), ns)
}
