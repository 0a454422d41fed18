package sqldb

import (
	"cmp"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// drivers are the conditions of which a candidate meets at least one and that
// have an index; none when everything is a candidate. Memberships are not
// counted among them: they have no index by member, and are few.
func (l *lister) drivers() []term {
	if l.owner {
		var list []term
		for _, c := range l.q.Where {
			if c.Column == metadata.ColumnOwner && c.Op == metadata.Eq {
				list = append(list, term{"owner = ?", []any{c.Texts[0]}})
			}
		}
		return list
	}
	if !l.plain {
		if l.q.Visibility == "" {
			return nil
		}
		return []term{{"visibility = ?", []any{string(l.q.Visibility)}}}
	}
	var list []term
	for _, v := range l.open() {
		list = append(list, term{"visibility = ?", []any{string(v)}})
	}
	if l.sc.Project != "" {
		list = append(list, term{"owner = ?", []any{l.sc.Project}})
	}
	return list
}

// open are the visibilities whose images a plain caller may list, all of them.
func (l *lister) open() []glance.Visibility {
	switch {
	case l.q.Visibility == glance.VisibilityPublic, l.q.Visibility == glance.VisibilityCommunity:
		return []glance.Visibility{l.q.Visibility}
	case l.q.Visibility != "":
		return nil
	case l.q.AllVisibilities:
		return []glance.Visibility{glance.VisibilityPublic, glance.VisibilityCommunity}
	}
	return []glance.Visibility{glance.VisibilityPublic}
}

// candidates writes who may list an image at all (spec images-v2 §8.1).
func (l *lister) candidates() {
	if !l.plain {
		return
	}
	w := byGathering
	if l.owner {
		w = never
	}
	l.add(" AND (")
	or := ""
	for _, v := range l.open() {
		l.add(or+l.indexed("visibility", w)+" = ?", string(v))
		or = " OR "
	}
	switch {
	case l.sc.Project != "":
		l.add(or+l.indexed("owner", w)+" = ?", l.sc.Project)
		l.shared()
	case or == "":
		l.add("1 = 0")
	}
	l.add(")")
}

// union gives the candidates as rows to start from, for databases that read
// the whole table where OR stands between conditions of several indexes.
func (l *lister) union() (ids term) {
	separator := ""
	for _, g := range l.drivers() {
		ids.text, ids.args = ids.text+separator+"SELECT id AS candidate FROM images WHERE "+g.text, append(ids.args, g.args...)
		separator = " UNION ALL "
	}
	if l.sc.Project != "" {
		ids.text, ids.args = ids.text+separator+"SELECT i.image_id FROM image_members i WHERE i.member = ?", append(ids.args, l.sc.Project)
	}
	return ids
}

// shared writes that the project is a member. Gathering reads the whole index
// of memberships, since none begins with the member; images are shared by
// default, so that there are far more of those to go through.
func (l *lister) shared() {
	l.add(" OR (" + l.unindexed("visibility") + " = 'shared' AND ")
	if l.way == byGathering && !l.owner {
		l.add("id IN (SELECT i.image_id FROM image_members i WHERE i.member = ?) AND ", l.sc.Project)
	}
	from, args := "image_members m WHERE m.image_id = images.id AND m.member = ? AND "+l.unindexed("m.deleted")+" = FALSE", []any{l.sc.Project}
	if !l.q.AnyMemberStatus {
		from, args = from+" AND m.status = ?", append(args, string(cmp.Or(l.q.MemberStatus, glance.MemberAccepted)))
	}
	l.exists(from, args...)
	l.add(")")
}

// visibility writes which of the candidates the query asks for.
func (l *lister) visibility() {
	column := l.unindexed("visibility")
	switch {
	case l.q.Visibility != "":
		if !l.plain && !l.owner {
			column = l.indexed("visibility", byGathering)
		}
		l.add(" AND "+column+" = ?", string(l.q.Visibility))
	case l.q.AllVisibilities:
	case l.sc.Project == "":
		l.add(" AND " + column + " <> 'community'")
	default:
		l.add(" AND ("+column+" <> 'community' OR "+l.unindexed("owner")+" = ?)", l.sc.Project)
	}
	if l.q.Public != nil && !*l.q.Public {
		l.add(" AND " + column + " <> 'public'")
	}
}

// state writes whether deleted images count.
func (l *lister) state() {
	deleted := " AND " + l.unindexed("deleted")
	switch {
	case l.q.Deleted != nil && *l.q.Deleted && !l.sc.Deleted:
		l.add(" AND 1 = 0")
	case l.q.Deleted != nil && *l.q.Deleted:
		l.add(deleted + " = TRUE")
	case l.q.Deleted != nil:
		l.add(deleted + " = FALSE AND status <> 'killed'")
	case !l.sc.Deleted:
		l.add(deleted + " = FALSE")
	}
}
