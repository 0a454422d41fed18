package sqldb

import (
	"cmp"
	"database/sql"
	"slices"
	"strings"

	"glance/internal/glance"
)

// listSizes are the lengths that lists of values are filled up to, so that
// few texts exist. The last is the longest list of one statement.
var listSizes = [...]int{1, 2, 4, 8, 20, 50, 100, 250, 500, 1000}

// loadChildren reads the properties, tags and locations of images, a statement
// for each thousand of them.
func (t *tx) loadChildren(images []*glance.Image) error {
	for part := range slices.Chunk(images, listSizes[len(listSizes)-1]) {
		ids := make([]any, len(part))
		for i, img := range part {
			ids[i] = img.ID
		}
		ids = padded(ids)
		var c children
		statement, args := t.childrenOf("IN ("+marks(len(ids))+")", false, ids...)
		err := t.query(func(rows *sql.Rows) error { return c.scan(rows) }, statement, args...)
		if err == nil {
			err = c.give(part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// The tables of children, by the numbers that their rows have in a statement
// over all of them; 0 is an image.
const (
	aProperty = iota + 1
	aTag
	aLocation
)

// childrenOf writes one SELECT for each table of children, of the rows whose
// image_id meets the condition. One statement is one trip to a server, and
// sees one moment. Wide rows have their columns where imageColumns has those of
// the same type, so that they may follow an image.
func (t *tx) childrenOf(condition string, wide bool, ids ...any) (statement string, args []any) {
	live := " AND " + t.unindexed("deleted") + " = FALSE"
	where := " WHERE image_id " + condition
	from := func(kind, name, status, table string) string {
		columns := " SELECT " + kind + ", image_id, " + name + ", " + status
		if wide {
			columns += ", NULL, value, NULL, NULL, id" + strings.Repeat(", NULL", 11) + ", deleted"
		} else {
			columns += ", value, id, deleted"
		}
		return columns + " FROM " + table + where
	}
	return from("1", "name", "''", "image_properties") + live +
		" UNION ALL" + from("2", "''", "''", "image_tags") + live +
		" UNION ALL" + from("3", "meta_data", "status", "image_locations") + " AND status IN ('active', 'pending_delete')", slices.Concat(ids, ids, ids)
}

// child is a row of any of those tables.
type child struct {
	kind, id           number
	image, name, value text // name is the metadata of a location
	status             text
	deleted            flag
}

type children struct {
	row  child
	rows []child
}

func (c *children) scan(rows *sql.Rows) error {
	r := &c.row
	if err := rows.Scan(&r.kind, &r.image, &r.name, &r.status, &r.value, &r.id, &r.deleted); err != nil {
		return err
	}
	c.rows = append(c.rows, *r)
	return nil
}

// give hands the children to their images, in row order.
func (c *children) give(images []*glance.Image) error {
	slices.SortFunc(c.rows, func(a, b child) int {
		return cmp.Or(cmp.Compare(a.kind.value, b.kind.value), cmp.Compare(a.id.value, b.id.value))
	})
	byID := make(map[string]*glance.Image, len(images))
	for _, img := range images {
		byID[img.ID] = img
	}
	for i := range c.rows {
		r := &c.rows[i]
		img := byID[r.image.value]
		if img == nil {
			continue
		}
		switch r.kind.value {
		case aProperty:
			img.Properties = append(img.Properties, glance.Property{Name: r.name.value, Value: r.value.value, Null: r.value.null})
		case aTag:
			if !img.HasTag(r.value.value) {
				img.Tags = append(img.Tags, r.value.value)
			}
		case aLocation:
			if err := r.locate(img); err != nil {
				return err
			}
		}
	}
	return nil
}

// locate gives a live image its active locations and a deleted one those whose
// data waits for the scrubber.
func (r *child) locate(img *glance.Image) (err error) {
	l := glance.Location{ID: r.id.value, URL: r.value.value, Status: glance.LocationStatus(r.status.value)}
	if img.Deleted != (l.Status == glance.LocationPendingDelete) || bool(r.deleted) != img.Deleted {
		return nil
	}
	l.Metadata, err = decodeObject(r.name.value)
	img.Locations = append(img.Locations, l)
	return err
}

// padded fills a list up to the next length of listSizes with its last value.
func padded(values []any) []any {
	for _, size := range listSizes {
		if size >= len(values) {
			for len(values) < size {
				values = append(values, values[len(values)-1])
			}
			break
		}
	}
	return values
}
