package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

const namespaceColumns = "SELECT id, namespace, display_name, description, visibility, protected, owner, created_at, updated_at FROM metadef_namespaces WHERE "

// namespaceRow takes rows of namespaceColumns.
type namespaceRow struct {
	id                                                number
	name, displayName, description, visibility, owner text
	protected                                         optionalFlag
	created, updated                                  stamp
}

func (r *namespaceRow) scan(rows *sql.Rows) (*glance.MetadefNamespace, error) {
	err := rows.Scan(&r.id, &r.name, &r.displayName, &r.description, &r.visibility, &r.protected, &r.owner, &r.created, &r.updated)
	if err != nil {
		return nil, err
	}
	return &glance.MetadefNamespace{
		ID: r.id.value, Name: r.name.value, DisplayName: r.displayName.pointer(), Description: r.description.pointer(),
		Visibility: glance.Visibility(r.visibility.value), Protected: r.protected.pointer(), Owner: r.owner.value,
		CreatedAt: r.created.Time, UpdatedAt: r.updated.Time,
	}, nil
}

// optionalFlag takes a boolean that may be null.
type optionalFlag struct {
	value flag
	null  bool
}

// Scan implements sql.Scanner.
func (f *optionalFlag) Scan(src any) error {
	f.null = src == nil
	return f.value.Scan(src)
}

func (f *optionalFlag) pointer() *bool {
	if f.null {
		return nil
	}
	v := bool(f.value)
	return &v
}

// namespaces reads rows of namespaces without parts.
func (t *tx) namespaces(condition string, args ...any) (list []*glance.MetadefNamespace, err error) {
	var row namespaceRow
	err = t.query(func(rows *sql.Rows) error {
		ns, err := row.scan(rows)
		list = append(list, ns)
		return err
	}, namespaceColumns+condition, args...)
	return list, err
}

// visibleNamespace reads a namespace by name; lock is what the dialect adds
// when the transaction goes on to change it.
func (t *tx) visibleNamespace(sc metadata.Scope, name, lock string) (*glance.MetadefNamespace, error) {
	list, err := t.namespaces("namespace = ?"+lock, name)
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, metadata.NoNamespace(name)
	case !list[0].VisibleTo(sc.Admin, sc.Project):
		return nil, metadata.HiddenNamespace(name)
	}
	return list[0], nil
}

// hold finds out whether a namespace that was read before is still there.
// With the lock of the dialect it stays until the transaction ends, and no
// part is added to it by anybody else. The name is asked for as well, since
// SQLite gives the number of the last row again when that is gone.
func (t *tx) hold(ns *glance.MetadefNamespace, lock string) error {
	n, err := t.number("SELECT id FROM metadef_namespaces WHERE id = ? AND namespace = ?"+lock, ns.ID, ns.Name)
	if err == nil && n == 0 {
		err = metadata.NoNamespace(ns.Name)
	}
	return err
}

// CreateNamespace implements metadata.Metadefs.
func (db *DB) CreateNamespace(ctx context.Context, ns *glance.MetadefNamespace) error {
	at := db.dialect.now()
	var id int64
	err := db.write(ctx, func(t *tx) (err error) {
		id, err = t.insertNumbered(metadata.NamespaceExists(ns.Name), "INSERT INTO metadef_namespaces (namespace, display_name, description, "+
			"visibility, protected, owner, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ns.Name, optional(ns.DisplayName),
			optional(ns.Description), unlessEmpty(string(ns.Visibility)), optional(ns.Protected), ns.Owner, t.time(at), t.time(at))
		if err != nil {
			return err
		}
		return t.insertParts(ns, id, at)
	})
	if err != nil {
		return err
	}
	ns.ID, ns.CreatedAt, ns.UpdatedAt = id, at, at
	for i := range ns.Associations {
		ns.Associations[i].CreatedAt, ns.Associations[i].UpdatedAt = at, at
	}
	setTimes(objects(), ns.Objects, at)
	setTimes(tags(), ns.Tags, at)
	setTimes(properties(), ns.Properties, at)
	return nil
}

// insertParts stores the parts of a new namespace in the order in which the
// original finds the first that is there twice.
func (t *tx) insertParts(ns *glance.MetadefNamespace, id int64, at time.Time) error {
	for i := range ns.Associations {
		if err := t.associate(id, ns.Name, &ns.Associations[i], at); err != nil {
			return err
		}
	}
	if err := insertAll(t, objects(), id, ns.Name, ns.Objects, at); err != nil {
		return err
	}
	if err := insertAll(t, tags(), id, ns.Name, ns.Tags, at); err != nil {
		return err
	}
	return insertAll(t, properties(), id, ns.Name, ns.Properties, at)
}

// Namespace implements metadata.Metadefs.
func (db *DB) Namespace(ctx context.Context, sc metadata.Scope, name string) (ns *glance.MetadefNamespace, err error) {
	err = db.read(ctx, func(t *tx) (err error) {
		ns, err = t.visibleNamespace(sc, name, "")
		return err
	})
	return ns, err
}

// UpdateNamespace implements metadata.Metadefs.
func (db *DB) UpdateNamespace(ctx context.Context, sc metadata.Scope, name string, change func(*glance.MetadefNamespace) error) (ns *glance.MetadefNamespace, err error) {
	err = db.write(ctx, func(t *tx) error {
		after, err := t.visibleNamespace(sc, name, t.forUpdate)
		if err != nil {
			return err
		}
		id := after.ID
		if err := change(after); err == nil {
			err = t.change(metadata.NamespaceRenamed(after.Name), "UPDATE metadef_namespaces SET namespace = ?, display_name = ?, "+
				"description = ?, visibility = ?, protected = ?, owner = ?, updated_at = ? WHERE id = ?", after.Name, optional(after.DisplayName),
				optional(after.Description), unlessEmpty(string(after.Visibility)), optional(after.Protected), after.Owner, t.time(t.now()), id)
			if err != nil {
				return err
			}
		} else if !errors.Is(err, metadata.ErrUnchanged) {
			return err
		}
		list, err := t.namespaces("id = ?", id)
		if err == nil && len(list) == 0 {
			err = fmt.Errorf("metadata: namespace %d is gone", id)
		}
		if err == nil {
			ns = list[0]
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return ns, nil
}

// DeleteNamespace implements metadata.Metadefs.
func (db *DB) DeleteNamespace(ctx context.Context, ns *glance.MetadefNamespace) error {
	return db.write(ctx, func(t *tx) error {
		if err := t.hold(ns, t.forUpdate); err != nil {
			return err
		}
		return t.deleteNamespace(ns.ID)
	})
}

// deleteNamespace deletes a namespace that the transaction holds.
func (t *tx) deleteNamespace(id int64) error {
	for _, table := range []string{"metadef_tags", "metadef_objects", "metadef_properties", "metadef_namespace_resource_types"} {
		if _, err := t.exec("DELETE FROM "+table+" WHERE namespace_id = ?", id); err != nil {
			return err
		}
	}
	_, err := t.exec("DELETE FROM metadef_namespaces WHERE id = ?", id)
	return err
}
