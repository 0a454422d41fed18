package sqldb

import (
	"slices"

	"glance/internal/metadata"
)

// selective reports whether a condition leaves so few images that its index is
// the way.
func selective(c metadata.Condition) bool {
	switch c.Column {
	case metadata.ColumnID, metadata.ColumnChecksum, metadata.ColumnHashValue:
		return c.Op == metadata.Eq || c.Op == metadata.In
	}
	return false
}

// named reports whether images of one name are asked for. The original has no
// index of names, and few have the same.
func (l *lister) named() bool {
	return slices.ContainsFunc(l.q.Where, func(c metadata.Condition) bool { return c.Column == metadata.ColumnName && c.Op == metadata.Eq })
}

// operators in the order of metadata.Op.
var operators = [...]string{" = ", " <> ", " < ", " <= ", " > ", " >= "}

func (l *lister) condition(c metadata.Condition) {
	column := l.unindexed(string(c.Column))
	if selective(c) {
		column = l.indexed(string(c.Column), byCondition)
	} else if c.Column == metadata.ColumnName && c.Op == metadata.Eq {
		column = l.indexed("name", byName)
	} else if c.Column == metadata.ColumnOwner && c.Op == metadata.Eq {
		column = l.indexed("owner", byGathering)
	}
	if c.Op == metadata.In {
		l.in(column, c.Texts)
		return
	}
	var value any
	mark := "?"
	switch c.Column.Type() {
	case metadata.Text:
		value = c.Texts[0]
	case metadata.Integer:
		value, mark = c.Int, l.integer
	case metadata.Boolean:
		value = c.Bool
	case metadata.Time:
		value = l.time(c.Time)
	}
	l.add(" AND "+column+operators[c.Op]+mark, value)
}

func (l *lister) in(column string, texts []string) {
	if len(texts) == 0 {
		l.add(" AND 1 = 0")
		return
	}
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	values = padded(values)
	l.add(" AND "+column+" IN ("+marks(len(values))+")", values...)
}

// children writes the conditions on properties and tags. EXISTS finds an image
// once even where two rows say the same.
func (l *lister) children() {
	for _, p := range l.q.Properties {
		l.add(" AND ")
		l.exists("image_properties p WHERE p.image_id = images.id AND p.name = ? AND p.value = ? AND "+
			l.unindexed("p.deleted")+" = FALSE", p.Name, p.Value)
	}
	for _, tag := range l.q.Tags {
		l.add(" AND ")
		l.exists("image_tags g WHERE g.image_id = images.id AND g.value = ? AND "+l.unindexed("g.deleted")+" = FALSE", tag)
	}
}

// exists writes that there is a row.
func (l *lister) exists(from string, args ...any) {
	if l.probes || l.hashes && (l.way == byWalk || l.way == byRank || l.way == byName) {
		l.add("(SELECT 1 FROM "+from+" LIMIT 1) IS NOT NULL", args...)
		return
	}
	l.add("EXISTS (SELECT 1 FROM "+from+")", args...)
}
