package registry

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// metadefCommands is the table of metadata definitions.
func metadefCommands() map[string]command {
	table := map[string]command{
		"metadef_namespace_get_all": namespaceGetAll, "metadef_namespace_get": namespaceGet, "metadef_namespace_create": namespaceCreate,
		"metadef_namespace_update": namespaceUpdate, "metadef_namespace_delete": namespaceDelete,
		"metadef_resource_type_get_all": resourceTypeGetAll, "metadef_resource_type_get": resourceTypeGet,
		"metadef_resource_type_create": resourceTypeCreate, "metadef_resource_type_delete": resourceTypeDelete,
		"metadef_resource_type_association_get": associationGet, "metadef_resource_type_association_create": associationCreate,
		"metadef_resource_type_association_delete":               associationDelete,
		"metadef_resource_type_association_get_all_by_namespace": associationGetAll,
		"metadef_tag_get_all":                                    tagsGetAll, "metadef_tag_create_tags": tagsCreate,
	}
	for _, more := range []map[string]command{metadefObjects().commands(), metadefProperties().commands(), metadefTags().commands()} {
		maps.Copy(more, table) // tags come in pages
		table = more
	}
	return table
}

// decode reads an argument as it is spelled, over what to has already.
func (c *call) decode(name string, to any) error {
	var spelled struct{ Kwargs map[string]json.RawMessage }
	if err := json.Unmarshal(c.raw, &spelled); err != nil {
		return err // cannot be: it was read before
	}
	text, given := spelled.Kwargs[name]
	if !given {
		return bad("%s is missing.", name)
	}
	if json.Unmarshal(text, to) != nil {
		return bad("Invalid value for %s.", name)
	}
	return nil
}

// number is an argument that may be missing or null.
func (c *call) number(name string, missing int) (int, error) {
	n, given := c.args[name].(json.Number)
	if !given {
		return missing, nil
	}
	v, err := n.Int64()
	if err != nil || v < 0 {
		return 0, bad("Invalid value for %s.", name)
	}
	return int(v), nil
}

// metadefError gives an error the exception of what is missing or taken.
func metadefError(err error, noun string) error {
	err = as(err, glance.NotFound, wire.ClassMetadefMissing(noun))
	err = as(err, glance.Forbidden, wire.ClassMetadefForbidden)
	return as(err, glance.Conflict, wire.ClassMetadefExists(noun))
}

// namespace finds the namespace of a call.
func (c *call) namespace(ctx context.Context) (*glance.MetadefNamespace, error) {
	name, err := c.text("namespace_name")
	if err != nil {
		return nil, err
	}
	ns, err := c.DB.Namespace(ctx, c.scope(false), name)
	if err == nil && c.exact.Row != 0 && c.exact.Row != ns.ID {
		err = metadata.NoNamespace(name)
	}
	return ns, metadefError(err, wire.NounNamespace)
}

func namespaceGet(ctx context.Context, c *call) (any, error) {
	ns, err := c.namespace(ctx)
	if err != nil {
		return nil, err
	}
	return wire.NamespaceRow(ns), nil
}

func namespaceGetAll(ctx context.Context, c *call) (any, error) {
	q := metadata.NamespaceQuery{Sort: "created_at"}
	q.Marker, _ = c.args["marker"].(string)
	if key, _ := c.args["sort_key"].(string); key != "" {
		q.Sort = key
	}
	dir, _ := c.args["sort_dir"].(string)
	q.Asc = dir == "asc"
	limit, err := c.number("limit", -1)
	if err != nil {
		return nil, err
	}
	q.Limit = limit
	filters, _ := c.args["filters"].(map[string]any)
	visibility, _ := filters["visibility"].(string)
	q.Visibility = glance.Visibility(visibility)
	types, _ := filters["resource_types"].([]any)
	for _, t := range types {
		name, _ := t.(string)
		q.ResourceTypes = append(q.ResourceTypes, name)
	}
	page, err := c.DB.Namespaces(ctx, c.scope(false), q)
	if err != nil {
		return nil, metadefError(err, wire.NounNamespace)
	}
	rows := make([]wire.MetadefNamespace, 0, len(page))
	for _, ns := range page {
		rows = append(rows, wire.NamespaceRow(ns))
	}
	return rows, nil
}

func namespaceCreate(ctx context.Context, c *call) (any, error) {
	row := wire.MetadefNamespace{Visibility: string(glance.VisibilityPrivate)}
	err := c.writes()
	if err == nil {
		err = c.decode("values", &row)
	}
	if err != nil {
		return nil, err
	}
	ns := row.Namespace()
	if ns.Name == "" || ns.Visibility != glance.VisibilityPublic && ns.Visibility != glance.VisibilityPrivate {
		return nil, bad("Invalid value for values.")
	}
	ns.Associations = nil
	if c.exact.With != nil {
		c.exact.With.FillIn(ns)
	}
	if err := c.DB.CreateNamespace(ctx, ns); err != nil {
		return nil, metadefError(err, wire.NounNamespace)
	}
	return wire.NamespaceRow(ns), nil
}

// updated finds the namespace of a row that is to be changed: those who do not
// say its name get it searched.
func (c *call) updated(ctx context.Context) (id int64, name string, err error) {
	if err := c.decode("namespace_id", &id); err != nil || c.exact.Name != "" {
		return id, c.exact.Name, err
	}
	all, err := c.DB.Namespaces(ctx, c.scope(false), metadata.NamespaceQuery{Limit: -1, Sort: "id"})
	if err != nil {
		return 0, "", err
	}
	for _, ns := range all {
		if ns.ID == id {
			return id, ns.Name, nil
		}
	}
	return 0, "", metadefError(glance.Errorf(glance.NotFound, "Metadata definition namespace not found for id=%d", id), wire.NounNamespace)
}

func namespaceUpdate(ctx context.Context, c *call) (any, error) {
	if err := c.writes(); err != nil {
		return nil, err
	}
	id, name, err := c.updated(ctx)
	if err != nil {
		return nil, err
	}
	ns, err := c.DB.UpdateNamespace(ctx, c.scope(false), name, func(ns *glance.MetadefNamespace) error {
		row := wire.NamespaceRow(ns)
		if ns.ID != id {
			return metadata.NoNamespace(name)
		}
		if err := c.unchanged(row.Version, "namespace", name); err != nil {
			return err
		}
		if err := c.decode("namespace_dict", &row); err != nil {
			return err
		}
		after := row.Namespace()
		ns.Name, ns.DisplayName, ns.Description, ns.Visibility = after.Name, after.DisplayName, after.Description, after.Visibility
		ns.Protected, ns.Owner = after.Protected, after.Owner
		return nil
	})
	if err != nil {
		return nil, metadefError(err, wire.NounNamespace)
	}
	return wire.NamespaceRow(ns), nil
}

// unchanged fails when a row is not the one that the caller has seen.
func (c *call) unchanged(version, what, name string) error {
	if v := c.exact.Version; v != "" && v != version {
		return &classed{glance.Errorf(glance.Conflict, "%s %s has changed", what, name), wire.ClassConflict}
	}
	return nil
}

func namespaceDelete(ctx context.Context, c *call) (any, error) {
	ns, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.DB.DeleteNamespace(ctx, ns); err != nil {
		return nil, metadefError(err, wire.NounNamespace)
	}
	return wire.NamespaceRow(ns), nil
}

// written is namespace for callers who may change what is in it.
func (c *call) written(ctx context.Context) (*glance.MetadefNamespace, error) {
	if err := c.writes(); err != nil {
		return nil, err
	}
	return c.namespace(ctx)
}

func resourceTypeGetAll(ctx context.Context, c *call) (any, error) {
	all, err := c.DB.ResourceTypes(ctx)
	rows := make([]wire.MetadefResourceType, 0, len(all))
	for i := range all {
		rows = append(rows, wire.ResourceTypeRow(&all[i]))
	}
	return rows, err
}

func resourceTypeGet(ctx context.Context, c *call) (any, error) {
	row, err := c.resourceType(ctx)
	if err != nil {
		return nil, err
	}
	return row, nil
}

func (c *call) resourceType(ctx context.Context) (row wire.MetadefResourceType, err error) {
	name, err := c.text("resource_type_name")
	if err != nil {
		return row, err
	}
	all, err := c.DB.ResourceTypes(ctx)
	if err != nil {
		return row, err
	}
	for i := range all {
		if all[i].Name == name {
			return wire.ResourceTypeRow(&all[i]), nil
		}
	}
	return row, metadefError(metadata.NoResourceType(name), wire.NounResourceType)
}

func resourceTypeCreate(ctx context.Context, c *call) (any, error) {
	if err := c.writes(); err != nil {
		return nil, err
	}
	var row wire.MetadefResourceType
	if err := c.decode("values", &row); err != nil {
		return nil, err
	}
	rt := row.ResourceType()
	if err := c.DB.AddResourceType(ctx, &rt); err != nil {
		return nil, metadefError(err, wire.NounResourceType)
	}
	return wire.ResourceTypeRow(&rt), nil
}

func resourceTypeDelete(ctx context.Context, c *call) (any, error) {
	if err := c.writes(); err != nil {
		return nil, err
	}
	gone, err := c.resourceType(ctx)
	if err != nil {
		return nil, err
	}
	err = as(c.DB.RemoveResourceType(ctx, gone.Name), glance.Conflict, wire.ClassMetadefUsed)
	return gone, metadefError(err, wire.NounResourceType)
}

func associationGetAll(ctx context.Context, c *call) (any, error) {
	ns, err := c.namespace(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.DB.Associations(ctx, ns)
	rows := make([]wire.MetadefAssociation, 0, len(all))
	for i := range all {
		rows = append(rows, wire.AssociationRow(&all[i]))
	}
	return rows, metadefError(err, wire.NounNamespace)
}

func associationGet(ctx context.Context, c *call) (any, error) {
	ns, err := c.namespace(ctx)
	if err != nil {
		return nil, err
	}
	return c.association(ctx, ns)
}

func (c *call) association(ctx context.Context, ns *glance.MetadefNamespace) (any, error) {
	name, err := c.text("resource_type_name")
	if err != nil {
		return nil, err
	}
	a, err := c.DB.Association(ctx, ns, name)
	if err != nil {
		return nil, metadefError(err, wire.NounAssociation)
	}
	return wire.AssociationRow(&a), nil
}

func associationCreate(ctx context.Context, c *call) (any, error) {
	ns, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	var row wire.MetadefAssociation
	if err := c.decode("values", &row); err != nil {
		return nil, err
	}
	a := row.Association()
	if err := c.DB.AddAssociation(ctx, ns, &a); err != nil {
		return nil, metadefError(err, wire.NounAssociation)
	}
	return wire.AssociationRow(&a), nil
}

func associationDelete(ctx context.Context, c *call) (any, error) {
	ns, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	gone, err := c.association(ctx, ns)
	if err != nil {
		return nil, err
	}
	name, err := c.text("resource_type_name")
	return gone, metadefError(errors.Join(err, c.DB.RemoveAssociation(ctx, ns, name)), wire.NounAssociation)
}
