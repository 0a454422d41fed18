package memdb

import (
	"context"
	"errors"
	"slices"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// metadefs are the metadata definitions, in row order.
type metadefs struct {
	last       int64 // the last row number
	namespaces []*namespace
	types      []*resourceType
}

// namespace is a namespace with its parts in row order.
type namespace struct {
	row          glance.MetadefNamespace // without parts
	objects      []row[glance.MetadefObject]
	properties   []row[glance.MetadefProperty]
	tags         []row[glance.MetadefTag]
	associations []association
}

func (m *metadefs) number() int64 {
	m.last++
	return m.last
}

// view is the namespace as its readers see it, without parts.
func (n *namespace) view() *glance.MetadefNamespace {
	v := n.row
	v.DisplayName, v.Description, v.Protected = clonePointer(v.DisplayName), clonePointer(v.Description), clonePointer(v.Protected)
	return &v
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// named gives the namespace of a name, nil when there is none.
func (m *metadefs) named(name string) *namespace {
	for _, n := range m.namespaces {
		if n.row.Name == name {
			return n
		}
	}
	return nil
}

// visible gives the namespace of a name if the scope sees it.
func (m *metadefs) visible(sc metadata.Scope, name string) (*namespace, error) {
	n := m.named(name)
	if n == nil {
		return nil, metadata.NoNamespace(name)
	}
	if !n.row.VisibleTo(sc.Admin, sc.Project) {
		return nil, metadata.HiddenNamespace(name)
	}
	return n, nil
}

// found gives the row of what Namespace gave.
func (m *metadefs) found(ns *glance.MetadefNamespace) (*namespace, error) {
	if n := m.named(ns.Name); n != nil && n.row.ID == ns.ID {
		return n, nil
	}
	return nil, metadata.NoNamespace(ns.Name)
}

// CreateNamespace implements metadata.Metadefs.
func (db *DB) CreateNamespace(ctx context.Context, ns *glance.MetadefNamespace) error {
	return db.write(ctx, func() error {
		m := &db.metadefs
		if m.named(ns.Name) != nil {
			return metadata.NamespaceExists(ns.Name)
		}
		at := now()
		n := &namespace{row: *ns}
		n.row.Associations, n.row.Objects, n.row.Properties, n.row.Tags = nil, nil, nil, nil
		n.row = *n.view()
		if err := n.fill(m, ns, at); err != nil {
			return err
		}
		n.row.ID, n.row.CreatedAt, n.row.UpdatedAt = m.number(), at, at
		m.namespaces = append(m.namespaces, n)
		ns.ID, ns.CreatedAt, ns.UpdatedAt = n.row.ID, at, at
		return nil
	})
}

// fill gives a new namespace its parts.
func (n *namespace) fill(m *metadefs, ns *glance.MetadefNamespace, at time.Time) error {
	for i, a := range ns.Associations {
		if slices.ContainsFunc(ns.Associations[:i], func(b glance.MetadefAssociation) bool { return a.ResourceType == b.ResourceType }) {
			return metadata.AssociationExists(a.ResourceType, ns.Name)
		}
	}
	if err := addAll(m, objects(), n, ns.Objects, at); err != nil {
		return err
	}
	if err := addAll(m, tags(), n, ns.Tags, at); err != nil {
		return err
	}
	if err := addAll(m, properties(), n, ns.Properties, at); err != nil {
		return err
	}
	for i := range ns.Associations {
		m.associate(n, &ns.Associations[i], at)
	}
	setTimes(objects(), ns.Objects, at)
	setTimes(tags(), ns.Tags, at)
	setTimes(properties(), ns.Properties, at)
	return nil
}

// Namespaces implements metadata.Metadefs.
func (db *DB) Namespaces(ctx context.Context, sc metadata.Scope, q metadata.NamespaceQuery) (page []*glance.MetadefNamespace, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	err = db.read(ctx, func() error {
		var marker **namespace
		if q.Marker != "" {
			n, err := db.metadefs.visible(sc, q.Marker)
			if err != nil {
				return err
			}
			marker = &n
		}
		var found []*namespace
		for _, n := range db.metadefs.namespaces {
			if n.row.VisibleTo(sc.Admin, sc.Project) && n.matches(q) {
				found = append(found, n)
			}
		}
		key := func(n *namespace) sortKey { return namespaceKey(&n.row, q.Sort) }
		for _, n := range pageOf(found, marker, key, q.Asc, q.Limit) {
			v := n.view()
			v.Associations = n.viewAssociations()
			page = append(page, v)
		}
		return nil
	})
	return page, err
}

func (n *namespace) matches(q metadata.NamespaceQuery) bool {
	if q.Visibility != "" && n.row.Visibility != q.Visibility {
		return false
	}
	return len(q.ResourceTypes) == 0 ||
		slices.ContainsFunc(n.associations, func(a association) bool { return slices.Contains(q.ResourceTypes, a.to.row.Name) })
}

// Namespace implements metadata.Metadefs.
func (db *DB) Namespace(ctx context.Context, sc metadata.Scope, name string) (ns *glance.MetadefNamespace, err error) {
	err = db.read(ctx, func() error {
		n, err := db.metadefs.visible(sc, name)
		if err == nil {
			ns = n.view()
		}
		return err
	})
	return ns, err
}

// UpdateNamespace implements metadata.Metadefs.
func (db *DB) UpdateNamespace(ctx context.Context, sc metadata.Scope, name string, change func(*glance.MetadefNamespace) error) (ns *glance.MetadefNamespace, err error) {
	err = db.write(ctx, func() error {
		n, err := db.metadefs.visible(sc, name)
		if err != nil {
			return err
		}
		after := n.view()
		if err := change(after); errors.Is(err, metadata.ErrUnchanged) {
			ns = n.view()
			return nil
		} else if err != nil {
			return err
		}
		if other := db.metadefs.named(after.Name); other != nil && other != n {
			return metadata.NamespaceRenamed(after.Name)
		}
		after.Associations, after.Objects, after.Properties, after.Tags = nil, nil, nil, nil
		after.ID, after.CreatedAt, after.UpdatedAt = n.row.ID, n.row.CreatedAt, now()
		n.row = *after
		ns = n.view()
		return nil
	})
	return ns, err
}

// DeleteNamespace implements metadata.Metadefs.
func (db *DB) DeleteNamespace(ctx context.Context, ns *glance.MetadefNamespace) error {
	return db.write(ctx, func() error {
		n, err := db.metadefs.found(ns)
		if err == nil {
			db.metadefs.namespaces = slices.DeleteFunc(db.metadefs.namespaces, func(other *namespace) bool { return other == n })
		}
		return err
	})
}
