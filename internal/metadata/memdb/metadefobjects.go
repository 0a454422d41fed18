package memdb

import (
	"context"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// MetadefObjects implements metadata.Metadefs, as do all in this file.
func (db *DB) MetadefObjects(ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefObject, error) {
	return list(ctx, db, objects(), ns)
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
	return list(ctx, db, properties(), ns)
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
func (db *DB) MetadefTags(ctx context.Context, ns *glance.MetadefNamespace, q metadata.TagQuery) (page []glance.MetadefTag, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	err = db.read(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err != nil {
			return err
		}
		var marker *row[glance.MetadefTag]
		if q.Marker != "" {
			i := tags().index(n, q.Marker)
			if i < 0 {
				return metadata.NoMetadefPart(metadata.PartTag, q.Marker)
			}
			marker = &n.tags[i]
		}
		key := func(t row[glance.MetadefTag]) sortKey { return tagKey(t, q.Sort) }
		for _, t := range pageOf(slices.Clone(n.tags), marker, key, q.Asc, q.Limit) {
			page = append(page, t.value)
		}
		return nil
	})
	return page, err
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
	return db.write(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err != nil || len(given) == 0 {
			return err
		}
		at := now()
		after := &namespace{row: n.row}
		if keep {
			after.tags = slices.Clone(n.tags)
		}
		if err := addAll(&db.metadefs, tags(), after, given, at); err != nil {
			return err
		}
		n.tags = after.tags
		setTimes(tags(), given, at)
		return nil
	})
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
