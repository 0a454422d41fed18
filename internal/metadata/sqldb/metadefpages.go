package sqldb

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// pageKey is one key of the order of a page.
type pageKey struct {
	expr   string // null as "", false or the first of times
	args   []any  // of expr
	marker any    // what the marker has
}

// pager writes statements of pages. All keys go in one direction, the last of
// them tells all rows apart.
type pager struct {
	text strings.Builder
	args []any
	keys []pageKey
	asc  bool
}

func (p *pager) add(text string, args ...any) {
	p.text.WriteString(text)
	p.args = append(p.args, args...)
}

// after writes that a row comes after the marker: its first key is beyond the
// marker's, or the same and the next key is beyond, and so on.
func (p *pager) after() {
	beyond := " < ?"
	if p.asc {
		beyond = " > ?"
	}
	p.add(" AND (")
	for i, k := range p.keys {
		p.add(k.expr, k.args...)
		p.add(beyond, k.marker)
		if i < len(p.keys)-1 {
			p.add(" OR ("+k.expr, k.args...)
			p.add(" = ? AND (", k.marker)
		}
	}
	p.add(strings.Repeat("))", len(p.keys)-1) + ")")
}

func (p *pager) order(limit int) {
	before, direction := " ORDER BY ", " DESC"
	if p.asc {
		direction = ""
	}
	for _, k := range p.keys {
		p.add(before+k.expr, k.args...)
		p.add(direction)
		before = ", "
	}
	if limit >= 0 {
		p.add(" LIMIT ?", int64(limit))
	}
}

// tiebreakers completes the keys of a page by created_at and id.
func (t *tx) tiebreakers(keys []pageKey, column string, created time.Time, id int64) []pageKey {
	if column != "created_at" && column != "id" {
		keys = append(keys, pageKey{expr: "created_at", marker: t.time(created)})
	}
	if column != "id" {
		keys = append(keys, pageKey{expr: "id", marker: id})
	}
	return keys
}

// namespaceKeys gives the keys of a page of namespaces. Without a marker ns is
// any namespace.
func (t *tx) namespaceKeys(column string, ns *glance.MetadefNamespace) []pageKey {
	k := pageKey{expr: column}
	switch column {
	case "id":
		k.marker = ns.ID
	case "namespace":
		k.marker = ns.Name
	case "display_name":
		k = textKey(column, ns.DisplayName)
	case "description":
		k = textKey(column, ns.Description)
	case "visibility":
		v := string(ns.Visibility)
		k = textKey(column, &v)
	case "protected":
		k = pageKey{expr: "COALESCE(protected, FALSE)", marker: ns.Protected != nil && *ns.Protected}
	case "owner":
		k.marker = ns.Owner
	case "created_at":
		k.marker = t.time(ns.CreatedAt)
	case "updated_at":
		k = t.updatedKey(ns.UpdatedAt)
	}
	return t.tiebreakers([]pageKey{k}, column, ns.CreatedAt, ns.ID)
}

func textKey(column string, marker *string) pageKey {
	k := pageKey{expr: "COALESCE(" + column + ", '')", marker: ""}
	if marker != nil {
		k.marker = *marker
	}
	return k
}

func (t *tx) updatedKey(marker time.Time) pageKey {
	return pageKey{expr: "COALESCE(updated_at, ?)", args: []any{t.time(time.Time{})}, marker: t.time(marker)}
}

// Namespaces implements metadata.Metadefs: one statement for the marker, one
// for the rows and one for their associations.
func (db *DB) Namespaces(ctx context.Context, sc metadata.Scope, q metadata.NamespaceQuery) (page []*glance.MetadefNamespace, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	err = db.read(ctx, func(t *tx) error {
		p := &pager{asc: q.Asc}
		p.visible(sc, q)
		marker := &glance.MetadefNamespace{}
		if q.Marker != "" {
			if marker, err = t.visibleNamespace(sc, q.Marker, ""); err != nil {
				return err
			}
		}
		p.keys = t.namespaceKeys(q.Sort, marker)
		if q.Marker != "" {
			p.after()
		}
		p.order(q.Limit)
		if page, err = t.namespaces(p.text.String(), p.args...); err != nil {
			return err
		}
		return t.loadAssociations(page)
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// visible writes which namespaces the scope sees and the query wants.
func (p *pager) visible(sc metadata.Scope, q metadata.NamespaceQuery) {
	switch {
	case sc.Admin:
		p.add("1 = 1")
	case sc.Project == "":
		p.add("(visibility = 'public' OR owner = '')")
	default:
		p.add("(visibility = 'public' OR owner IN ('', ?))", sc.Project)
	}
	if q.Visibility != "" {
		p.add(" AND visibility = ?", string(q.Visibility))
	}
	if len(q.ResourceTypes) > 0 {
		names := make([]any, len(q.ResourceTypes))
		for i, name := range q.ResourceTypes {
			names[i] = name
		}
		names = padded(names)
		p.add(" AND id IN (SELECT a.namespace_id FROM metadef_namespace_resource_types a JOIN metadef_resource_types r "+
			"ON r.id = a.resource_type_id WHERE r.name IN ("+marks(len(names))+"))", names...)
	}
}

// MetadefTags implements metadata.Metadefs.
func (db *DB) MetadefTags(ctx context.Context, ns *glance.MetadefNamespace, q metadata.TagQuery) (page []glance.MetadefTag, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	err = db.read(ctx, func(t *tx) error {
		if err := t.hold(ns, ""); err != nil {
			return err
		}
		p := &pager{asc: q.Asc}
		p.add("namespace_id = ?", ns.ID)
		var marker partRow[glance.MetadefTag]
		if q.Marker != "" {
			if marker, err = selectPart(t, tags(), ns.ID, q.Marker, ""); err != nil {
				return err
			}
		}
		p.keys = t.tagKeys(q.Sort, marker)
		if q.Marker != "" {
			p.after()
		}
		p.order(q.Limit)
		rows, err := selectParts(t, tags(), p.text.String(), p.args...)
		page = valuesOf(rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

func (t *tx) tagKeys(column string, tag partRow[glance.MetadefTag]) []pageKey {
	var keys []pageKey
	switch column { // all tags of a page have the same namespace_id
	case "id":
		keys = []pageKey{{expr: "id", marker: tag.id}}
	case "name":
		keys = []pageKey{{expr: "name", marker: tag.value.Name}}
	case "created_at":
		keys = []pageKey{{expr: "created_at", marker: t.time(tag.value.CreatedAt)}}
	case "updated_at":
		keys = []pageKey{t.updatedKey(tag.value.UpdatedAt)}
	}
	return t.tiebreakers(keys, column, tag.value.CreatedAt, tag.id)
}

// loadAssociations reads the associations of namespaces, a thousand of them
// at a time.
func (t *tx) loadAssociations(list []*glance.MetadefNamespace) error {
	longest := listSizes[len(listSizes)-1]
	for len(list) > longest {
		if err := t.loadAssociations(list[:longest]); err != nil {
			return err
		}
		list = list[longest:]
	}
	if len(list) == 0 {
		return nil
	}
	byID := make(map[int64]*glance.MetadefNamespace, len(list))
	ids := make([]any, 0, longest)
	for _, ns := range list {
		byID[ns.ID] = ns
		ids = append(ids, ns.ID)
	}
	ids = padded(ids)
	var row associationRow
	return t.query(func(rows *sql.Rows) error {
		a, err := row.scan(rows)
		if err != nil {
			return err
		}
		if ns := byID[row.namespace.value]; ns != nil {
			ns.Associations = append(ns.Associations, a)
		}
		return nil
	}, selectAssociations+"a.namespace_id IN ("+marks(len(ids))+") ORDER BY a.namespace_id, a.resource_type_id", ids...)
}
