package sqldb

import (
	"context"
	"database/sql"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

const selectAssociations = "SELECT a.namespace_id, r.name, a.prefix, a.properties_target, a.created_at, a.updated_at " +
	"FROM metadef_namespace_resource_types a JOIN metadef_resource_types r ON r.id = a.resource_type_id WHERE "

// associationRow takes rows of selectAssociations.
type associationRow struct {
	namespace            number
	name, prefix, target text
	created, updated     stamp
}

func (r *associationRow) scan(rows *sql.Rows) (glance.MetadefAssociation, error) {
	err := rows.Scan(&r.namespace, &r.name, &r.prefix, &r.target, &r.created, &r.updated)
	return glance.MetadefAssociation{
		ResourceType: r.name.value, Prefix: r.prefix.pointer(), PropertiesTarget: r.target.pointer(),
		CreatedAt: r.created.Time, UpdatedAt: r.updated.Time,
	}, err
}

func (t *tx) associations(condition string, args ...any) (list []glance.MetadefAssociation, err error) {
	var row associationRow
	err = t.query(func(rows *sql.Rows) error {
		a, err := row.scan(rows)
		list = append(list, a)
		return err
	}, selectAssociations+condition, args...)
	return list, err
}

// resourceType gives the row of a resource type, 0 when there is none.
func (t *tx) resourceType(name string) (int64, error) {
	return t.number("SELECT id FROM metadef_resource_types WHERE name = ?", name)
}

// associate stores an association, and its resource type when it is new. Where
// another writer makes or removes the type at the same time, the transaction
// begins anew.
func (t *tx) associate(namespace int64, namespaceName string, a *glance.MetadefAssociation, at time.Time) error {
	id, err := t.resourceType(a.ResourceType)
	if err == nil && id == 0 {
		id, err = t.insertType(errAgain, a.ResourceType, false, at)
	}
	if err != nil {
		return err
	}
	return t.insert(metadata.AssociationExists(a.ResourceType, namespaceName), "INSERT INTO metadef_namespace_resource_types "+
		"(resource_type_id, namespace_id, prefix, properties_target, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
		id, namespace, optional(a.Prefix), optional(a.PropertiesTarget), t.time(at), t.time(at))
}

func (t *tx) insertType(exists error, name string, protected bool, at time.Time) (int64, error) {
	return t.insertNumbered(exists, "INSERT INTO metadef_resource_types (name, protected, created_at, updated_at) VALUES (?, ?, ?, ?)",
		name, protected, t.time(at), t.time(at))
}

// AddResourceType implements metadata.Metadefs.
func (db *DB) AddResourceType(ctx context.Context, rt *glance.MetadefResourceType) error {
	at := db.dialect.now()
	err := db.write(ctx, func(t *tx) error {
		_, err := t.insertType(metadata.ResourceTypeExists(rt.Name), rt.Name, rt.Protected, at)
		return err
	})
	if err == nil {
		rt.CreatedAt, rt.UpdatedAt = at, at
	}
	return err
}

// RemoveResourceType implements metadata.Metadefs.
func (db *DB) RemoveResourceType(ctx context.Context, name string) error {
	return db.write(ctx, func(t *tx) error {
		id, err := t.resourceType(name)
		if err != nil || id == 0 {
			return orElse(err, metadata.NoResourceType(name))
		}
		used, err := t.number("SELECT COUNT(*) FROM metadef_namespace_resource_types WHERE resource_type_id = ?", id)
		if err != nil || used > 0 {
			return orElse(err, metadata.ResourceTypeUsed(name))
		}
		return t.change(errAgain, "DELETE FROM metadef_resource_types WHERE id = ?", id)
	})
}

// ResourceTypes implements metadata.Metadefs.
func (db *DB) ResourceTypes(ctx context.Context) (all []glance.MetadefResourceType, err error) {
	var name text
	var protected flag
	var created, updated stamp
	err = db.read(ctx, func(t *tx) error {
		return t.query(func(rows *sql.Rows) error {
			err := rows.Scan(&name, &protected, &created, &updated)
			all = append(all, glance.MetadefResourceType{
				Name: name.value, Protected: bool(protected), CreatedAt: created.Time, UpdatedAt: updated.Time,
			})
			return err
		}, "SELECT name, protected, created_at, updated_at FROM metadef_resource_types ORDER BY id")
	})
	return all, err
}

// Associations implements metadata.Metadefs.
func (db *DB) Associations(ctx context.Context, ns *glance.MetadefNamespace) (all []glance.MetadefAssociation, err error) {
	err = db.read(ctx, func(t *tx) (err error) {
		if err := t.hold(ns, ""); err != nil {
			return err
		}
		all, err = t.associations("a.namespace_id = ? ORDER BY a.resource_type_id", ns.ID)
		return err
	})
	return all, err
}

// Association implements metadata.Metadefs.
func (db *DB) Association(ctx context.Context, ns *glance.MetadefNamespace, resourceType string) (a glance.MetadefAssociation, err error) {
	err = db.read(ctx, func(t *tx) error {
		if err := t.hold(ns, ""); err != nil {
			return err
		}
		id, err := t.resourceType(resourceType)
		if err != nil || id == 0 {
			return orElse(err, metadata.NoResourceType(resourceType))
		}
		list, err := t.associations("a.namespace_id = ? AND a.resource_type_id = ?", ns.ID, id)
		if err != nil || len(list) == 0 {
			return orElse(err, metadata.NoAssociation(resourceType, ns.Name))
		}
		a = list[0]
		return nil
	})
	return a, err
}

// AddAssociation implements metadata.Metadefs.
func (db *DB) AddAssociation(ctx context.Context, ns *glance.MetadefNamespace, a *glance.MetadefAssociation) error {
	at := db.dialect.now()
	err := db.write(ctx, func(t *tx) error {
		if err := t.hold(ns, t.forUpdate); err != nil {
			return err
		}
		return t.associate(ns.ID, ns.Name, a, at)
	})
	if err == nil {
		a.CreatedAt, a.UpdatedAt = at, at
	}
	return err
}

// RemoveAssociation implements metadata.Metadefs.
func (db *DB) RemoveAssociation(ctx context.Context, ns *glance.MetadefNamespace, resourceType string) error {
	return db.write(ctx, func(t *tx) error {
		if err := t.hold(ns, t.forUpdate); err != nil {
			return err
		}
		id, err := t.resourceType(resourceType)
		if err != nil || id == 0 {
			return orElse(err, metadata.NoResourceType(resourceType))
		}
		n, err := t.exec("DELETE FROM metadef_namespace_resource_types WHERE namespace_id = ? AND resource_type_id = ?", ns.ID, id)
		if err == nil && n == 0 {
			err = metadata.NoAssociation(resourceType, ns.Name)
		}
		return err
	})
}
