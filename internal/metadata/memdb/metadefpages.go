package memdb

import (
	"cmp"
	"slices"
	"time"

	"glance/internal/glance"
)

// sortKey is what a page is ordered by: one column, and what tells its ties
// apart. Null is "", 0 or the first of times.
type sortKey struct {
	text    string
	number  int64
	at      time.Time
	created time.Time
	id      int64
}

func (k sortKey) compare(o sortKey) int {
	return cmp.Or(cmp.Compare(k.text, o.text), cmp.Compare(k.number, o.number), k.at.Compare(o.at),
		k.created.Compare(o.created), cmp.Compare(k.id, o.id))
}

func namespaceKey(n *glance.MetadefNamespace, column string) sortKey {
	k := sortKey{created: n.CreatedAt, id: n.ID}
	switch column {
	case "id":
		k.number = n.ID
	case "namespace":
		k.text = n.Name
	case "display_name":
		k.text = optional(n.DisplayName)
	case "description":
		k.text = optional(n.Description)
	case "visibility":
		k.text = string(n.Visibility)
	case "protected":
		k.number = bit(optional(n.Protected))
	case "owner":
		k.text = n.Owner
	case "created_at":
		k.at = n.CreatedAt
	case "updated_at":
		k.at = n.UpdatedAt
	}
	return k
}

func tagKey(t row[glance.MetadefTag], column string) sortKey {
	k := sortKey{created: t.value.CreatedAt, id: t.id}
	switch column { // all tags of a page have the same namespace_id
	case "id":
		k.number = t.id
	case "name":
		k.text = t.value.Name
	case "created_at":
		k.at = t.value.CreatedAt
	case "updated_at":
		k.at = t.value.UpdatedAt
	}
	return k
}

// pageOf sorts rows and gives at most limit of those after a marker.
func pageOf[T any](rows []T, marker *T, key func(T) sortKey, asc bool, limit int) []T {
	order := func(a, b T) int {
		if asc {
			return key(a).compare(key(b))
		}
		return key(b).compare(key(a))
	}
	slices.SortFunc(rows, order)
	if marker != nil {
		rows = slices.DeleteFunc(rows, func(r T) bool { return order(r, *marker) <= 0 })
	}
	if limit >= 0 && len(rows) > limit {
		rows = rows[:limit]
	}
	return rows
}
