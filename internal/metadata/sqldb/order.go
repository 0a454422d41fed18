package sqldb

import (
	"strings"
	"time"

	"glance/internal/metadata"
)

// order writes the sort keys.
func (l *lister) order() {
	separator := " ORDER BY "
	for i, k := range l.q.Sort {
		l.sortKey(separator, i)
		if k.Desc {
			l.add(" DESC")
		}
		separator = ", "
	}
}

// sortKey writes the ith sort key, null as "", 0 or the first of times.
func (l *lister) sortKey(before string, i int) {
	column := l.q.Sort[i].Column
	l.add(before)
	switch column {
	case metadata.ColumnName, metadata.ColumnDiskFormat, metadata.ColumnContainerFormat, metadata.ColumnChecksum,
		metadata.ColumnOwner, metadata.ColumnHashAlgo, metadata.ColumnHashValue:
		l.add("COALESCE(" + string(column) + ", '')")
	case metadata.ColumnSize, metadata.ColumnVirtualSize:
		l.add("COALESCE(" + string(column) + ", 0)")
	case metadata.ColumnUpdatedAt:
		l.add("COALESCE("+string(column)+", ?)", l.time(time.Time{}))
	default:
		if i == 0 || l.clustered && column == metadata.ColumnID {
			l.add(l.indexed(string(column), byWalk, byRank, byName))
			return
		}
		l.add(l.unindexed(string(column)))
	}
}

// after writes that an image comes after the marker: its first key is beyond
// the marker's, or the same and the next key is beyond, and so on.
func (l *lister) after() {
	if l.q.After == nil {
		return
	}
	if len(l.q.Sort) == 0 {
		l.add(" AND 1 = 0")
		return
	}
	switch first := l.q.Sort[0]; { // where to begin on the index
	case l.way == byName && first.Column == metadata.ColumnName:
		if name := l.marker(first.Column); name != "" {
			l.add(" AND name"+beyond(first)+"= ?", name)
		}
	case l.way == byWalk, l.way == byRank, l.way == byName && l.created():
		l.sortKey(" AND ", 0)
		l.add(beyond(first)+"= ?", l.marker(first.Column))
	}
	w := l.way
	l.way = byScan
	l.add(" AND (")
	for i, k := range l.q.Sort {
		l.sortKey("", i)
		l.add(beyond(k)+" ?", l.marker(k.Column))
		if i < len(l.q.Sort)-1 {
			l.sortKey(" OR (", i)
			l.add(" = ? AND (", l.marker(k.Column))
		}
	}
	l.add(strings.Repeat("))", len(l.q.Sort)-1) + ")")
	l.way = w
}

func beyond(k metadata.SortKey) string {
	if k.Desc {
		return " <"
	}
	return " >"
}

// marker gives the marker's value of a column as sortKey counts it.
func (l *lister) marker(column metadata.Column) any {
	img := l.q.After
	switch column {
	case metadata.ColumnID:
		return img.ID
	case metadata.ColumnCreatedAt:
		return l.time(img.CreatedAt)
	case metadata.ColumnUpdatedAt:
		return l.time(img.UpdatedAt)
	}
	for _, c := range changeable(img) {
		if c.name == string(column) && c.value != nil {
			return c.value
		}
	}
	if column.Type() == metadata.Integer {
		return int64(0)
	}
	return ""
}
