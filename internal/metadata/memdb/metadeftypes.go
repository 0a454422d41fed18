package memdb

import (
	"cmp"
	"context"
	"slices"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

type resourceType struct {
	id  int64
	row glance.MetadefResourceType
}

type association struct {
	to  *resourceType
	row glance.MetadefAssociation
}

// typed gives the resource type of a name, nil when there is none.
func (m *metadefs) typed(name string) *resourceType {
	for _, t := range m.types {
		if t.row.Name == name {
			return t
		}
	}
	return nil
}

// associate adds an association that is not there yet, and its resource type.
func (m *metadefs) associate(n *namespace, a *glance.MetadefAssociation, at time.Time) {
	t := m.typed(a.ResourceType)
	if t == nil {
		t = &resourceType{m.number(), glance.MetadefResourceType{Name: a.ResourceType, CreatedAt: at, UpdatedAt: at}}
		m.types = append(m.types, t)
	}
	a.CreatedAt, a.UpdatedAt = at, at
	n.associations = append(n.associations, association{t, cloneAssociation(*a)})
}

func cloneAssociation(a glance.MetadefAssociation) glance.MetadefAssociation {
	a.Prefix, a.PropertiesTarget = clonePointer(a.Prefix), clonePointer(a.PropertiesTarget)
	return a
}

// viewAssociations gives the associations in the order of the resource types,
// as the tables do.
func (n *namespace) viewAssociations() (all []glance.MetadefAssociation) {
	for _, a := range slices.SortedFunc(slices.Values(n.associations), func(a, b association) int { return cmp.Compare(a.to.id, b.to.id) }) {
		all = append(all, cloneAssociation(a.row))
	}
	return all
}

// association gives the index of an association.
func (n *namespace) association(m *metadefs, name string) (int, error) {
	if m.typed(name) == nil {
		return 0, metadata.NoResourceType(name)
	}
	i := slices.IndexFunc(n.associations, func(a association) bool { return a.row.ResourceType == name })
	if i < 0 {
		return 0, metadata.NoAssociation(name, n.row.Name)
	}
	return i, nil
}

// ResourceTypes implements metadata.Metadefs.
func (db *DB) ResourceTypes(ctx context.Context) (all []glance.MetadefResourceType, err error) {
	err = db.read(ctx, func() error {
		for _, t := range db.metadefs.types {
			all = append(all, t.row)
		}
		return nil
	})
	return all, err
}

// AddResourceType implements metadata.Metadefs.
func (db *DB) AddResourceType(ctx context.Context, rt *glance.MetadefResourceType) error {
	return db.write(ctx, func() error {
		m := &db.metadefs
		if m.typed(rt.Name) != nil {
			return metadata.ResourceTypeExists(rt.Name)
		}
		at := now()
		rt.CreatedAt, rt.UpdatedAt = at, at
		m.types = append(m.types, &resourceType{m.number(), *rt})
		return nil
	})
}

// RemoveResourceType implements metadata.Metadefs.
func (db *DB) RemoveResourceType(ctx context.Context, name string) error {
	return db.write(ctx, func() error {
		m := &db.metadefs
		t := m.typed(name)
		if t == nil {
			return metadata.NoResourceType(name)
		}
		for _, n := range m.namespaces {
			if slices.ContainsFunc(n.associations, func(a association) bool { return a.to == t }) {
				return metadata.ResourceTypeUsed(name)
			}
		}
		m.types = slices.DeleteFunc(m.types, func(other *resourceType) bool { return other == t })
		return nil
	})
}

// Associations implements metadata.Metadefs.
func (db *DB) Associations(ctx context.Context, ns *glance.MetadefNamespace) (all []glance.MetadefAssociation, err error) {
	err = db.read(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err == nil {
			all = n.viewAssociations()
		}
		return err
	})
	return all, err
}

// Association implements metadata.Metadefs.
func (db *DB) Association(ctx context.Context, ns *glance.MetadefNamespace, name string) (a glance.MetadefAssociation, err error) {
	err = db.read(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err != nil {
			return err
		}
		i, err := n.association(&db.metadefs, name)
		if err == nil {
			a = cloneAssociation(n.associations[i].row)
		}
		return err
	})
	return a, err
}

// AddAssociation implements metadata.Metadefs.
func (db *DB) AddAssociation(ctx context.Context, ns *glance.MetadefNamespace, a *glance.MetadefAssociation) error {
	return db.write(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err != nil {
			return err
		}
		if _, err := n.association(&db.metadefs, a.ResourceType); err == nil {
			return metadata.AssociationExists(a.ResourceType, n.row.Name)
		}
		db.metadefs.associate(n, a, now())
		return nil
	})
}

// RemoveAssociation implements metadata.Metadefs.
func (db *DB) RemoveAssociation(ctx context.Context, ns *glance.MetadefNamespace, name string) error {
	return db.write(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err != nil {
			return err
		}
		i, err := n.association(&db.metadefs, name)
		if err == nil {
			n.associations = slices.Delete(n.associations, i, i+1)
		}
		return err
	})
}
