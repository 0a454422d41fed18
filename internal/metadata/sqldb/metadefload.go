package sqldb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

var _ metadata.MetadefLoader = (*DB)(nil)

// metadefTables are all tables of metadata definitions, in an order in which
// they can be emptied.
func metadefTables() []string {
	return []string{
		"metadef_properties", "metadef_objects", "metadef_tags", "metadef_namespace_resource_types", "metadef_namespaces", "metadef_resource_types",
	}
}

// UnloadMetadefs implements metadata.MetadefLoader.
func (db *DB) UnloadMetadefs(ctx context.Context) ([]string, error) {
	err := db.write(ctx, func(t *tx) error {
		for _, table := range metadefTables() {
			if _, err := t.exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		return nil
	})
	return metadefTables(), err
}

// loading is one namespace that is being loaded.
type loading struct {
	*tx
	id      int64 // of the namespace
	at      time.Time
	changes bool // overwrites what is there
}

// LoadNamespace implements metadata.MetadefLoader.
func (db *DB) LoadNamespace(ctx context.Context, ns *glance.MetadefNamespace, mode metadata.LoadMode) (existed bool, err error) {
	err = db.write(ctx, func(t *tx) error {
		id, err := t.number("SELECT id FROM metadef_namespaces WHERE namespace = ?"+t.forUpdate, ns.Name)
		existed = id > 0
		if err != nil || existed && mode == metadata.LoadNew {
			return err
		}
		if existed && mode == metadata.LoadAnew {
			if err := t.deleteNamespace(id); err != nil {
				return err
			}
			id = 0
		}
		l := &loading{tx: t, id: id, at: t.now(), changes: mode == metadata.LoadChanged}
		return l.namespace(ns)
	})
	return existed, err
}

func (l *loading) namespace(ns *glance.MetadefNamespace) (err error) {
	values := []any{
		ns.Name, optional(ns.DisplayName), optional(ns.Description), unlessEmpty(string(ns.Visibility)), optional(ns.Protected), ns.Owner, l.time(l.at),
	}
	switch {
	case l.id == 0:
		l.id, err = l.insertNumbered(errAgain, "INSERT INTO metadef_namespaces (namespace, display_name, description, visibility, protected, owner, "+
			"created_at) VALUES (?, ?, ?, ?, ?, ?, ?)", values...)
	case l.changes:
		_, err = l.exec("UPDATE metadef_namespaces SET namespace = ?, display_name = ?, description = ?, visibility = ?, protected = ?, owner = ?, "+
			"updated_at = ? WHERE id = ?", append(values, l.id)...)
	}
	if err != nil {
		return err
	}
	for _, a := range ns.Associations {
		if err := l.association(a); err != nil {
			return fmt.Errorf("resource type %q: %w", a.ResourceType, err)
		}
	}
	if err := loadParts(l, properties(), ns.Properties); err != nil {
		return err
	}
	if err := loadParts(l, loadedObjects(), ns.Objects); err != nil {
		return err
	}
	return loadParts(l, tags(), ns.Tags)
}

func (l *loading) association(a glance.MetadefAssociation) error {
	to, err := l.resourceType(a.ResourceType)
	switch {
	case err != nil:
	case to == 0:
		to, err = l.insertNumbered(errAgain, "INSERT INTO metadef_resource_types (name, protected, created_at) VALUES (?, TRUE, ?)",
			a.ResourceType, l.time(l.at))
	case l.changes:
		_, err = l.exec("UPDATE metadef_resource_types SET updated_at = ? WHERE id = ?", l.time(l.at), to)
	}
	if err != nil {
		return err
	}
	there, err := l.number("SELECT COUNT(*) FROM metadef_namespace_resource_types WHERE resource_type_id = ? AND namespace_id = ?", to, l.id)
	values := []any{optional(a.Prefix), optional(a.PropertiesTarget), l.time(l.at), to, l.id}
	switch {
	case err != nil:
	case there == 0:
		err = l.insert(errAgain, "INSERT INTO metadef_namespace_resource_types (prefix, properties_target, created_at, resource_type_id, namespace_id) "+
			"VALUES (?, ?, ?, ?, ?)", values...)
	case l.changes:
		_, err = l.exec("UPDATE metadef_namespace_resource_types SET prefix = ?, properties_target = ?, updated_at = ? "+
			"WHERE resource_type_id = ? AND namespace_id = ?", values...)
	}
	return err
}

// loadedObjects is without the column required, which files do not fill.
func loadedObjects() shelf[glance.MetadefObject] {
	s := objects()
	s.columns = []string{"name", "description", "json_schema"}
	s.values = func(o *glance.MetadefObject) []any {
		return []any{o.Name, optional(o.Description), encodeSchema(o.Properties)}
	}
	return s
}

func loadParts[T any](l *loading, s shelf[T], parts []T) error {
	for i := range parts {
		if err := loadPart(l, s, &parts[i]); err != nil {
			return fmt.Errorf("%s %q: %w", s.part, *s.name(&parts[i]), err)
		}
	}
	return nil
}

func loadPart[T any](l *loading, s shelf[T], v *T) error {
	id, err := l.number("SELECT id FROM "+s.table+" WHERE namespace_id = ? AND name = ?", l.id, *s.name(v))
	values := append(s.values(v), l.time(l.at))
	switch {
	case err != nil:
	case id == 0:
		err = l.insert(errAgain, "INSERT INTO "+s.table+" ("+s.list()+", created_at, namespace_id) VALUES ("+marks(len(values)+1)+")",
			append(values, l.id)...)
	case l.changes:
		_, err = l.exec("UPDATE "+s.table+" SET "+strings.Join(s.columns, " = ?, ")+" = ?, updated_at = ? WHERE id = ?", append(values, id)...)
	}
	return err
}
