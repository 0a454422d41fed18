package registry

import (
	"context"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// shelf is what the commands of objects, properties and tags differ in: T is a
// part, W its row.
type shelf[T any, W interface{ State() string }] struct {
	prefix         string // of the names of commands
	noun           string // in the names of exceptions
	name, id, dict string // arguments

	all       func(metadata.Store, context.Context, *glance.MetadefNamespace) ([]T, error)
	get       func(metadata.Store, context.Context, *glance.MetadefNamespace, string) (T, error)
	add       func(metadata.Store, context.Context, *glance.MetadefNamespace, *T) error
	update    func(metadata.Store, context.Context, *glance.MetadefNamespace, string, func(*T) error) (T, error)
	remove    func(metadata.Store, context.Context, *glance.MetadefNamespace, string) error
	removeAll func(metadata.Store, context.Context, *glance.MetadefNamespace) (int, error)

	row  func(*T) W
	read func(*W) T
}

func metadefObjects() shelf[glance.MetadefObject, wire.MetadefObject] {
	return shelf[glance.MetadefObject, wire.MetadefObject]{
		prefix: "metadef_object_", noun: wire.NounObject, name: "object_name", id: "object_id", dict: "object_dict",
		all: metadata.Store.MetadefObjects, get: metadata.Store.MetadefObject, add: metadata.Store.AddMetadefObject,
		update: metadata.Store.UpdateMetadefObject, remove: metadata.Store.RemoveMetadefObject, removeAll: metadata.Store.RemoveMetadefObjects,
		row: wire.ObjectRow, read: (*wire.MetadefObject).Object,
	}
}

func metadefProperties() shelf[glance.MetadefProperty, wire.MetadefProperty] {
	return shelf[glance.MetadefProperty, wire.MetadefProperty]{
		prefix: "metadef_property_", noun: wire.NounProperty, name: "property_name", id: "property_id", dict: "property_dict",
		all: metadata.Store.MetadefProperties, get: metadata.Store.MetadefProperty, add: metadata.Store.AddMetadefProperty,
		update: metadata.Store.UpdateMetadefProperty, remove: metadata.Store.RemoveMetadefProperty, removeAll: metadata.Store.RemoveMetadefProperties,
		row: wire.PropertyRow, read: (*wire.MetadefProperty).Property,
	}
}

func metadefTags() shelf[glance.MetadefTag, wire.MetadefTag] {
	return shelf[glance.MetadefTag, wire.MetadefTag]{
		prefix: "metadef_tag_", noun: wire.NounTag, name: "name", id: "id", dict: "tag_dict", all: allTags,
		get: metadata.Store.MetadefTag, add: metadata.Store.AddMetadefTag, update: metadata.Store.UpdateMetadefTag,
		remove: metadata.Store.RemoveMetadefTag, removeAll: metadata.Store.RemoveMetadefTags,
		row: wire.TagRow, read: (*wire.MetadefTag).Tag,
	}
}

func allTags(db metadata.Store, ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefTag, error) { //nolint:revive // as method expressions are
	return db.MetadefTags(ctx, ns, metadata.TagQuery{Limit: -1, Sort: "id"})
}

func (s shelf[T, W]) commands() map[string]command {
	return map[string]command{
		s.prefix + "get_all": s.getAll, s.prefix + "get": s.getOne, s.prefix + "create": s.create, s.prefix + "update": s.change,
		s.prefix + "delete": s.deleteOne, s.prefix + "delete_namespace_content": s.deleteAll, s.prefix + "count": s.count,
	}
}

func (s shelf[T, W]) getAll(ctx context.Context, c *call) (any, error) {
	ns, err := c.namespace(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := s.all(c.DB, ctx, ns)
	return s.rows(parts), metadefError(err, wire.NounNamespace)
}

func (s shelf[T, W]) rows(parts []T) []W {
	rows := make([]W, 0, len(parts))
	for i := range parts {
		rows = append(rows, s.row(&parts[i]))
	}
	return rows
}

func (s shelf[T, W]) count(ctx context.Context, c *call) (any, error) {
	ns, err := c.namespace(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := s.all(c.DB, ctx, ns)
	return len(parts), metadefError(err, wire.NounNamespace)
}

func (s shelf[T, W]) getOne(ctx context.Context, c *call) (any, error) {
	ns, err := c.namespace(ctx)
	if err != nil {
		return nil, err
	}
	return s.find(ctx, c, ns)
}

func (s shelf[T, W]) find(ctx context.Context, c *call, ns *glance.MetadefNamespace) (any, error) {
	name, err := c.text(s.name)
	if err != nil {
		return nil, err
	}
	part, err := s.get(c.DB, ctx, ns, name)
	if err != nil {
		return nil, metadefError(err, s.noun)
	}
	return s.row(&part), nil
}

func (s shelf[T, W]) create(ctx context.Context, c *call) (any, error) {
	ns, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	var row W
	if err := c.decode(s.dict, &row); err != nil {
		return nil, err
	}
	part := s.read(&row)
	if err := s.add(c.DB, ctx, ns, &part); err != nil {
		return nil, metadefError(err, s.noun)
	}
	return s.row(&part), nil
}

func (s shelf[T, W]) change(ctx context.Context, c *call) (any, error) {
	ns, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	name, err := c.text(s.id) // the id of a row is its name
	if err != nil {
		return nil, err
	}
	part, err := s.update(c.DB, ctx, ns, name, func(part *T) error {
		row := s.row(part)
		if err := c.unchanged(row.State(), s.noun, name); err != nil {
			return err
		}
		if err := c.decode(s.dict, &row); err != nil {
			return err
		}
		*part = s.read(&row)
		return nil
	})
	if err != nil {
		return nil, metadefError(err, s.noun)
	}
	return s.row(&part), nil
}

func (s shelf[T, W]) deleteOne(ctx context.Context, c *call) (any, error) {
	ns, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	gone, err := s.find(ctx, c, ns)
	if err != nil {
		return nil, err
	}
	name, err := c.text(s.name)
	if err == nil {
		err = s.remove(c.DB, ctx, ns, name)
	}
	return gone, metadefError(err, s.noun)
}

func (s shelf[T, W]) deleteAll(ctx context.Context, c *call) (any, error) {
	ns, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	n, err := s.removeAll(c.DB, ctx, ns)
	return n, metadefError(err, wire.NounNamespace)
}

// tagsGetAll gives a page of the tags of a namespace.
func tagsGetAll(ctx context.Context, c *call) (any, error) {
	ns, err := c.namespace(ctx)
	if err != nil {
		return nil, err
	}
	q := metadata.TagQuery{Sort: "created_at"}
	q.Marker, _ = c.args["marker"].(string)
	if key, _ := c.args["sort_key"].(string); key != "" {
		q.Sort = key
	}
	dir, _ := c.args["sort_dir"].(string)
	q.Asc = dir == "asc"
	if q.Limit, err = c.number("limit", -1); err != nil {
		return nil, err
	}
	page, err := c.DB.MetadefTags(ctx, ns, q)
	return metadefTags().rows(page), metadefError(err, wire.NounTag)
}

func tagsCreate(ctx context.Context, c *call) (any, error) {
	ns, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	var rows []wire.MetadefTag
	if err := c.decode("tag_list", &rows); err != nil {
		return nil, err
	}
	tags := make([]glance.MetadefTag, 0, len(rows))
	for i := range rows {
		tags = append(tags, rows[i].Tag())
	}
	keep, err := c.args.Flag("can_append")
	if err != nil {
		return nil, err
	}
	if err := c.DB.AddMetadefTags(ctx, ns, tags, keep); err != nil {
		return nil, metadefError(err, wire.NounTag)
	}
	return metadefTags().rows(tags), nil
}
