package images

import (
	"slices"
	"strings"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// sortable lists the keys a list may be sorted by, as the error text has them.
var sortable = []string{
	"name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at",
}

// readSort makes the order total: created_at and id follow when the caller did
// not name them, in the caller's direction when there is just one (spec
// images-v2 §8.3).
func (l *Listing) readSort(q *metadata.Query) error {
	keys, dirs := l.SortKeys, l.SortDirs
	if len(keys) == 0 {
		keys = []string{"created_at"}
	}
	if err := checkSort(keys, dirs); err != nil {
		return err
	}
	tie := len(dirs) != 1 || dirs[0] == "desc"
	for i, key := range keys {
		desc := tie
		if len(dirs) > 1 {
			desc = dirs[i] == "desc"
		}
		q.Sort = append(q.Sort, metadata.SortKey{Column: metadata.Column(key), Desc: desc})
	}
	for _, key := range []string{"created_at", "id"} {
		if !slices.Contains(keys, key) {
			q.Sort = append(q.Sort, metadata.SortKey{Column: metadata.Column(key), Desc: tie})
		}
	}
	return nil
}

func checkSort(keys, dirs []string) error {
	for _, key := range keys {
		if !slices.Contains(sortable, key) {
			return glance.Errorf(glance.Invalid, "Invalid sort key: %s. It must be one of the following: %s.",
				key, strings.Join(sortable, ", "))
		}
	}
	for _, dir := range dirs {
		if dir != "asc" && dir != "desc" {
			return glance.Errorf(glance.Invalid, "Invalid sort direction: %s", dir)
		}
	}
	if len(dirs) > 1 && len(dirs) != len(keys) {
		return glance.Errorf(glance.Invalid, "Number of sort dirs does not match the number of sort keys")
	}
	return nil
}
