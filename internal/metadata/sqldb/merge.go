package sqldb

import (
	"cmp"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb/migrations"
)

// narrow are the conditions on properties and tags, as SELECTs of the images
// that meet them: those with an index for that, and those without.
func (l *lister) narrow() (indexed, scanned []term) {
	place := func(index string, t term) {
		if l.has(index) {
			indexed = append(indexed, t)
		} else {
			scanned = append(scanned, t)
		}
	}
	ids := "SELECT " + l.unindexed("image_id") + " AS candidate FROM " // else MySQL goes by that index so as not to sort
	for _, p := range l.q.Properties {
		of := term{ids + "image_properties WHERE name = ? AND value = ?", []any{p.Name, p.Value}}
		if l.leading != "" {
			of = term{of.text + " AND " + l.leading, append(of.args, p.Value)}
		}
		place(migrations.ByProperty, of)
	}
	for _, tag := range l.q.Tags {
		place(migrations.ByTag, term{ids + "image_tags WHERE value = ?", []any{tag}})
	}
	return indexed, scanned
}

// through writes a page of those images that a SELECT gives the ids of.
func (l *lister) through(ids term) {
	l.way = never
	l.add("SELECT " + imageColumns + " FROM ")
	l.from(ids)
	l.conditions()
	l.candidates()
	l.children()
	l.order()
	l.limit()
}

// mergeable reports whether all that makes an image a candidate has an index
// that goes on with the creation.
func (l *lister) mergeable(gathers []term) bool {
	return len(gathers) > 0 && l.created() && l.q.Limit >= 0 && l.has(migrations.ByOwner) && l.has(migrations.ByVisibility) && l.has(migrations.ByMember)
}

// merge takes a page of the images of each driver, and one of those that are
// shared with the project, and makes one of them all.
func (l *lister) merge(gathers []term) {
	members := l.plain && !l.owner && l.sc.Project != ""
	l.add("SELECT " + imageColumns + " FROM ")
	if len(gathers) == 1 && !members {
		l.way = byRank
		l.add("images WHERE "+gathers[0].text, gathers[0].args...)
		l.conditions()
		l.candidates()
		l.children()
		l.order()
		l.limit()
		return
	}
	l.add("(")
	separator := ""
	for i, g := range gathers {
		l.way = byRank
		l.branch(separator, string('a'+rune(i)), term{"images WHERE " + g.text, g.args})
		separator = " UNION "
	}
	if members {
		l.way = never
		l.branch(separator, "m", l.memberships())
	}
	l.add(") candidates " + l.drives + " images WHERE candidates.candidate = images.id")
	l.way = never
	l.order()
	l.limit()
}

// branch writes a page of ids; from is what they come from, with a condition.
func (l *lister) branch(separator, name string, from term) {
	l.add(separator+"SELECT id AS candidate FROM (SELECT id FROM "+from.text, from.args...)
	l.conditions()
	l.children()
	l.order()
	l.limit()
	l.add(") " + name)
}

// memberships are the images that are shared with the project.
func (l *lister) memberships() term {
	text, args := "SELECT DISTINCT m.image_id AS member_of FROM image_members m WHERE m.member = ? AND "+l.unindexed("m.deleted")+" = FALSE", []any{l.sc.Project}
	if !l.q.AnyMemberStatus {
		text, args = text+" AND m.status = ?", append(args, string(cmp.Or(l.q.MemberStatus, glance.MemberAccepted)))
	}
	return term{"(" + text + ") memberships " + l.drives + " images WHERE memberships.member_of = images.id AND " + l.unindexed("visibility") + " = 'shared'", args}
}

// walksNames reports whether the page is in the order that the index of names
// has: by name, then by creation, all in one direction.
func (l *lister) walksNames() bool {
	s := l.q.Sort
	return l.has(migrations.ByName) && l.q.Limit >= 0 && len(s) == 3 &&
		s[0].Column == metadata.ColumnName && s[1].Column == metadata.ColumnCreatedAt && s[2].Column == metadata.ColumnID &&
		!slices.ContainsFunc(s, func(k metadata.SortKey) bool { return k.Desc != s[0].Desc })
}

// walkNames takes a page of the images that have a name and one of those that
// have none: null and "" are the same to the order, but not to the index.
func (l *lister) walkNames() {
	l.add("SELECT " + imageColumns + " FROM (SELECT id AS candidate FROM (SELECT id FROM images WHERE name > ''")
	l.way = byName
	l.conditions()
	l.candidates()
	l.children()
	l.nameOrder()
	l.limit()
	l.add(") named UNION ALL SELECT id FROM (SELECT id FROM images WHERE (name IS NULL OR name = '')")
	l.way = never
	l.conditions()
	l.candidates()
	l.children()
	l.order()
	l.limit()
	l.add(") unnamed) candidates " + l.drives + " images WHERE candidates.candidate = images.id")
	l.order()
	l.limit()
}

// nameOrder writes the order of the index of names.
func (l *lister) nameOrder() {
	direction := ""
	if l.q.Sort[0].Desc {
		direction = " DESC"
	}
	l.add(" ORDER BY name" + direction + ", created_at" + direction + ", id" + direction)
}
