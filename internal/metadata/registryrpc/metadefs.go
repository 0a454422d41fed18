package registryrpc

import (
	"context"
	"encoding/json"
	"errors"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// metadef runs a command of metadata definitions. What the registry says of the
// definitions is for the user.
func (db *DB) metadef(ctx context.Context, sc metadata.Scope, name string, kwargs args, beside wire.Exact, to any) (exact bool, err error) {
	exact, err = db.call(ctx, sc, name, kwargs, beside, to)
	var remote *remoteError
	if errors.As(err, &remote) && !isClass(err, wire.ClassConflict) {
		if k := remote.fault.Kind(); k != glance.Internal {
			err = glance.Errorf(k, "%s", remote.fault.Text)
		}
	}
	return exact, err
}

// of are the arguments of what is done with a namespace, and what goes beside:
// another one of that name is not meant.
func of(ns *glance.MetadefNamespace, more args) (args, wire.Exact) {
	kwargs := args{"namespace_name": ns.Name}
	for name, value := range more {
		kwargs[name] = value
	}
	return kwargs, wire.Exact{Row: ns.ID}
}

// columns are the values of a row that a request may set.
func columns(row any) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(row)
	if err != nil {
		return nil, err
	}
	var values map[string]json.RawMessage
	err = json.Unmarshal(text, &values)
	for _, name := range []string{"id", "created_at", "updated_at", "_version", "_associations"} {
		delete(values, name)
	}
	return values, err
}

// CreateNamespace stores a namespace with its parts; see metadata.Metadefs.
func (db *DB) CreateNamespace(ctx context.Context, ns *glance.MetadefNamespace) error {
	values, err := columns(wire.NamespaceRow(ns))
	if err != nil {
		return err
	}
	var row wire.MetadefNamespace
	exact, err := db.metadef(ctx, metadata.Everything(), "metadef_namespace_create", args{"values": values}, wire.Exact{With: wire.PartsOf(ns)}, &row)
	if err != nil {
		return err
	}
	ns.ID, ns.CreatedAt, ns.UpdatedAt = row.ID, row.CreatedAt.Time, row.UpdatedAt.Time
	if !exact {
		return db.addParts(ctx, ns)
	}
	for i := range ns.Associations {
		ns.Associations[i].CreatedAt, ns.Associations[i].UpdatedAt = ns.CreatedAt, ns.UpdatedAt
	}
	for i := range ns.Objects {
		ns.Objects[i].CreatedAt, ns.Objects[i].UpdatedAt = ns.CreatedAt, ns.UpdatedAt
	}
	for i := range ns.Properties {
		ns.Properties[i].CreatedAt, ns.Properties[i].UpdatedAt = ns.CreatedAt, ns.UpdatedAt
	}
	for i := range ns.Tags {
		ns.Tags[i].CreatedAt, ns.Tags[i].UpdatedAt = ns.CreatedAt, ns.UpdatedAt
	}
	return nil
}

// addParts adds them one by one, and removes the namespace when one cannot be
// added.
func (db *DB) addParts(ctx context.Context, ns *glance.MetadefNamespace) error {
	err := func() error {
		for i := range ns.Associations {
			if err := db.AddAssociation(ctx, ns, &ns.Associations[i]); err != nil {
				return err
			}
		}
		for i := range ns.Objects {
			if err := db.AddMetadefObject(ctx, ns, &ns.Objects[i]); err != nil {
				return err
			}
		}
		for i := range ns.Properties {
			if err := db.AddMetadefProperty(ctx, ns, &ns.Properties[i]); err != nil {
				return err
			}
		}
		for i := range ns.Tags {
			if err := db.AddMetadefTag(ctx, ns, &ns.Tags[i]); err != nil {
				return err
			}
		}
		return nil
	}()
	if err != nil {
		err = errors.Join(err, db.DeleteNamespace(context.WithoutCancel(ctx), ns))
	}
	return err
}

// Namespaces gives a page of namespaces; see metadata.Metadefs.
func (db *DB) Namespaces(ctx context.Context, sc metadata.Scope, q metadata.NamespaceQuery) ([]*glance.MetadefNamespace, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	kwargs := page(q.Marker, q.Limit, q.Sort, q.Asc)
	filters := args{}
	if q.Visibility != "" {
		filters["visibility"] = string(q.Visibility)
	}
	if len(q.ResourceTypes) > 0 {
		filters["resource_types"] = q.ResourceTypes
	}
	kwargs["filters"] = filters
	var rows []wire.MetadefNamespace
	exact, err := db.metadef(ctx, sc, "metadef_namespace_get_all", kwargs, wire.Exact{}, &rows)
	if err != nil {
		return nil, err
	}
	list := make([]*glance.MetadefNamespace, 0, len(rows))
	for i := range rows {
		ns := rows[i].Namespace()
		if !exact {
			if ns.Associations, err = db.Associations(ctx, ns); err != nil {
				return nil, err
			}
		}
		list = append(list, ns)
	}
	return list, nil
}

// page are the arguments of a list.
func page(marker string, limit int, sort string, asc bool) args {
	kwargs := args{"marker": nil, "limit": nil, "sort_key": sort, "sort_dir": "desc"}
	if marker != "" {
		kwargs["marker"] = marker
	}
	if limit >= 0 {
		kwargs["limit"] = limit
	}
	if asc {
		kwargs["sort_dir"] = "asc"
	}
	return kwargs
}

// Namespace gives one namespace; see metadata.Metadefs.
func (db *DB) Namespace(ctx context.Context, sc metadata.Scope, name string) (*glance.MetadefNamespace, error) {
	row, err := db.namespace(ctx, sc, name)
	if err != nil {
		return nil, err
	}
	return row.Namespace(), nil
}

func (db *DB) namespace(ctx context.Context, sc metadata.Scope, name string) (*wire.MetadefNamespace, error) {
	var row wire.MetadefNamespace
	_, err := db.metadef(ctx, sc, "metadef_namespace_get", args{"namespace_name": name}, wire.Exact{}, &row)
	return &row, err
}

// UpdateNamespace changes a namespace; see metadata.Metadefs.
func (db *DB) UpdateNamespace(ctx context.Context, sc metadata.Scope, name string, change func(*glance.MetadefNamespace) error) (*glance.MetadefNamespace, error) {
	var changed *glance.MetadefNamespace
	err := again(ctx, func() error {
		row, err := db.namespace(ctx, sc, name)
		if err != nil {
			return err
		}
		after := row.Namespace()
		if err := change(after); errors.Is(err, metadata.ErrUnchanged) {
			changed = row.Namespace()
			return nil
		} else if err != nil {
			return err
		}
		values, err := columns(wire.NamespaceRow(after))
		if err != nil {
			return err
		}
		var stored wire.MetadefNamespace
		kwargs := args{"namespace_id": row.ID, "namespace_dict": values}
		_, err = db.metadef(ctx, sc, "metadef_namespace_update", kwargs, wire.Exact{Version: row.Version, Name: name}, &stored)
		changed = stored.Namespace()
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// DeleteNamespace deletes a namespace; see metadata.Metadefs.
func (db *DB) DeleteNamespace(ctx context.Context, ns *glance.MetadefNamespace) error {
	kwargs, beside := of(ns, nil)
	_, err := db.metadef(ctx, metadata.Everything(), "metadef_namespace_delete", kwargs, beside, nil)
	return err
}

// ResourceTypes gives all resource types; see metadata.Metadefs.
func (db *DB) ResourceTypes(ctx context.Context) ([]glance.MetadefResourceType, error) {
	var rows []wire.MetadefResourceType
	_, err := db.metadef(ctx, metadata.Everything(), "metadef_resource_type_get_all", args{}, wire.Exact{}, &rows)
	return read(rows, (*wire.MetadefResourceType).ResourceType), err
}

func read[W, T any](rows []W, value func(*W) T) []T {
	list := make([]T, 0, len(rows))
	for i := range rows {
		list = append(list, value(&rows[i]))
	}
	return list
}

// AddResourceType stores a resource type; see metadata.Metadefs.
func (db *DB) AddResourceType(ctx context.Context, rt *glance.MetadefResourceType) error {
	values, err := columns(wire.ResourceTypeRow(rt))
	if err != nil {
		return err
	}
	var row wire.MetadefResourceType
	_, err = db.metadef(ctx, metadata.Everything(), "metadef_resource_type_create", args{"values": values}, wire.Exact{}, &row)
	if err == nil {
		rt.CreatedAt, rt.UpdatedAt = row.CreatedAt.Time, row.UpdatedAt.Time
	}
	return err
}

// RemoveResourceType deletes a resource type; see metadata.Metadefs.
func (db *DB) RemoveResourceType(ctx context.Context, name string) error {
	_, err := db.metadef(ctx, metadata.Everything(), "metadef_resource_type_delete", args{"resource_type_name": name}, wire.Exact{}, nil)
	return err
}

// Associations gives the associations of a namespace; see metadata.Metadefs.
func (db *DB) Associations(ctx context.Context, ns *glance.MetadefNamespace) ([]glance.MetadefAssociation, error) {
	kwargs, beside := of(ns, nil)
	var rows []wire.MetadefAssociation
	_, err := db.metadef(ctx, metadata.Everything(), "metadef_resource_type_association_get_all_by_namespace", kwargs, beside, &rows)
	return read(rows, (*wire.MetadefAssociation).Association), err
}

// Association gives one association; see metadata.Metadefs.
func (db *DB) Association(ctx context.Context, ns *glance.MetadefNamespace, resourceType string) (glance.MetadefAssociation, error) {
	kwargs, beside := of(ns, args{"resource_type_name": resourceType})
	var row wire.MetadefAssociation
	_, err := db.metadef(ctx, metadata.Everything(), "metadef_resource_type_association_get", kwargs, beside, &row)
	return row.Association(), err
}

// AddAssociation stores an association; see metadata.Metadefs.
func (db *DB) AddAssociation(ctx context.Context, ns *glance.MetadefNamespace, a *glance.MetadefAssociation) error {
	values, err := columns(wire.AssociationRow(a))
	if err != nil {
		return err
	}
	kwargs, beside := of(ns, args{"values": values})
	var row wire.MetadefAssociation
	if _, err = db.metadef(ctx, metadata.Everything(), "metadef_resource_type_association_create", kwargs, beside, &row); err == nil {
		a.CreatedAt, a.UpdatedAt = row.CreatedAt.Time, row.UpdatedAt.Time
	}
	return err
}

// RemoveAssociation deletes an association; see metadata.Metadefs.
func (db *DB) RemoveAssociation(ctx context.Context, ns *glance.MetadefNamespace, resourceType string) error {
	kwargs, beside := of(ns, args{"resource_type_name": resourceType})
	_, err := db.metadef(ctx, metadata.Everything(), "metadef_resource_type_association_delete", kwargs, beside, nil)
	return err
}
