package sqldb

import (
	"context"
	"encoding/json"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

func objects() shelf[glance.MetadefObject] {
	return shelf[glance.MetadefObject]{
		part: metadata.PartObject, table: "metadef_objects", order: "name, id",
		columns: []string{"name", "description", "required", "json_schema"},
		name:    func(o *glance.MetadefObject) *string { return &o.Name },
		times:   func(o *glance.MetadefObject) (*time.Time, *time.Time) { return &o.CreatedAt, &o.UpdatedAt },
		values: func(o *glance.MetadefObject) []any {
			return []any{o.Name, optional(o.Description), unlessEmpty(metadata.JoinRequired(o.Required)), encodeSchema(o.Properties)}
		},
		read: func(o *glance.MetadefObject, columns []text) {
			o.Name, o.Description = columns[0].value, columns[1].pointer()
			o.Required, o.Properties = metadata.SplitRequired(columns[2].value), rawJSON(columns[3].value)
		},
	}
}

func properties() shelf[glance.MetadefProperty] {
	return shelf[glance.MetadefProperty]{
		part: metadata.PartProperty, table: "metadef_properties", order: "name, id",
		columns: []string{"name", "json_schema"},
		name:    func(p *glance.MetadefProperty) *string { return &p.Name },
		times:   func(p *glance.MetadefProperty) (*time.Time, *time.Time) { return &p.CreatedAt, &p.UpdatedAt },
		values:  func(p *glance.MetadefProperty) []any { return []any{p.Name, encodeSchema(p.Schema)} },
		read: func(p *glance.MetadefProperty, columns []text) {
			p.Name, p.Schema = columns[0].value, rawJSON(columns[1].value)
		},
	}
}

func tags() shelf[glance.MetadefTag] {
	return shelf[glance.MetadefTag]{
		part: metadata.PartTag, table: "metadef_tags",
		columns: []string{"name"},
		name:    func(tag *glance.MetadefTag) *string { return &tag.Name },
		times:   func(tag *glance.MetadefTag) (*time.Time, *time.Time) { return &tag.CreatedAt, &tag.UpdatedAt },
		values:  func(tag *glance.MetadefTag) []any { return []any{tag.Name} },
		read:    func(tag *glance.MetadefTag, columns []text) { tag.Name = columns[0].value },
	}
}

// encodeSchema gives the text of a column that is never null.
func encodeSchema(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "{}"
	}
	return string(pythonJSON(raw))
}

// MetadefObjects implements metadata.Metadefs, as do all in this file.
func (db *DB) MetadefObjects(ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefObject, error) {
	return allParts(ctx, db, objects(), ns)
}

// MetadefObject gives one object.
func (db *DB) MetadefObject(ctx context.Context, ns *glance.MetadefNamespace, name string) (glance.MetadefObject, error) {
	return onePart(ctx, db, objects(), ns, name)
}

// AddMetadefObject stores an object.
func (db *DB) AddMetadefObject(ctx context.Context, ns *glance.MetadefNamespace, o *glance.MetadefObject) error {
	return addPart(ctx, db, objects(), ns, o)
}

// UpdateMetadefObject changes an object.
func (db *DB) UpdateMetadefObject(ctx context.Context, ns *glance.MetadefNamespace, name string, change func(*glance.MetadefObject) error) (glance.MetadefObject, error) {
	return updatePart(ctx, db, objects(), ns, name, change)
}

// RemoveMetadefObject deletes an object.
func (db *DB) RemoveMetadefObject(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
	return removePart(ctx, db, objects(), ns, name)
}

// RemoveMetadefObjects deletes all objects.
func (db *DB) RemoveMetadefObjects(ctx context.Context, ns *glance.MetadefNamespace) (int, error) {
	return removeParts(ctx, db, objects(), ns)
}

// MetadefProperties gives all properties by name.
func (db *DB) MetadefProperties(ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefProperty, error) {
	return allParts(ctx, db, properties(), ns)
}

// MetadefProperty gives one property.
func (db *DB) MetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, name string) (glance.MetadefProperty, error) {
	return onePart(ctx, db, properties(), ns, name)
}

// AddMetadefProperty stores a property.
func (db *DB) AddMetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, p *glance.MetadefProperty) error {
	return addPart(ctx, db, properties(), ns, p)
}

// UpdateMetadefProperty changes a property.
func (db *DB) UpdateMetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, name string, change func(*glance.MetadefProperty) error) (glance.MetadefProperty, error) {
	return updatePart(ctx, db, properties(), ns, name, change)
}

// RemoveMetadefProperty deletes a property.
func (db *DB) RemoveMetadefProperty(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
	return removePart(ctx, db, properties(), ns, name)
}

// RemoveMetadefProperties deletes all properties.
func (db *DB) RemoveMetadefProperties(ctx context.Context, ns *glance.MetadefNamespace) (int, error) {
	return removeParts(ctx, db, properties(), ns)
}

// MetadefTag gives one tag.
func (db *DB) MetadefTag(ctx context.Context, ns *glance.MetadefNamespace, name string) (glance.MetadefTag, error) {
	return onePart(ctx, db, tags(), ns, name)
}

// AddMetadefTag stores a tag.
func (db *DB) AddMetadefTag(ctx context.Context, ns *glance.MetadefNamespace, tag *glance.MetadefTag) error {
	return addPart(ctx, db, tags(), ns, tag)
}

// AddMetadefTags stores tags.
func (db *DB) AddMetadefTags(ctx context.Context, ns *glance.MetadefNamespace, given []glance.MetadefTag, keep bool) error {
	at := db.dialect.now()
	err := db.write(ctx, func(t *tx) error {
		if err := t.hold(ns, t.forUpdate); err != nil || len(given) == 0 {
			return err
		}
		if !keep {
			if _, err := t.exec("DELETE FROM metadef_tags WHERE namespace_id = ?", ns.ID); err != nil {
				return err
			}
		}
		return insertAll(t, tags(), ns.ID, ns.Name, given, at)
	})
	if err == nil {
		setTimes(tags(), given, at)
	}
	return err
}

// UpdateMetadefTag changes a tag.
func (db *DB) UpdateMetadefTag(ctx context.Context, ns *glance.MetadefNamespace, name string, change func(*glance.MetadefTag) error) (glance.MetadefTag, error) {
	return updatePart(ctx, db, tags(), ns, name, change)
}

// RemoveMetadefTag deletes a tag.
func (db *DB) RemoveMetadefTag(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
	return removePart(ctx, db, tags(), ns, name)
}

// RemoveMetadefTags deletes all tags.
func (db *DB) RemoveMetadefTags(ctx context.Context, ns *glance.MetadefNamespace) (int, error) {
	return removeParts(ctx, db, tags(), ns)
}
