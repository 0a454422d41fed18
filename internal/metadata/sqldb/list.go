package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Images implements metadata.Images: one statement for the rows, and one for
// each table of children.
func (db *DB) Images(ctx context.Context, sc metadata.Scope, q metadata.Query) (page []*glance.Image, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	statement, args := listing(&db.dialect, db.few, sc, q)
	err = db.read(ctx, func(t *tx) error {
		row := newImageRow()
		page = make([]*glance.Image, 0, max(min(q.Limit, 1000), 0))
		err := t.query(func(rows *sql.Rows) error {
			img, err := row.scan(rows)
			page = append(page, img)
			return err
		}, statement, args...)
		if err != nil {
			return err
		}
		return t.loadChildren(page)
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// There are two ways to a page. Walking goes along the index of the first sort
// key from the marker on and stops when the page is full: a few rows when
// most images are the caller's, the whole table when few are. Gathering
// fetches everything the caller may list by the indexes of owner, visibility
// and membership and sorts it: the cost is what there is to gather. Which is
// better only the database knows, so the statement holds both and a count that
// stops at fewRows decides; the other half then costs nothing.
//
// Gathering f rows costs about f, walking about limit × images / f. With 2000
// neither exceeds some thousand rows in a table of some hundred thousand.
const fewRows = 2000

// listing is the statement of a page and its arguments.
func listing(d *dialect, few int, sc metadata.Scope, q metadata.Query) (string, []any) {
	l := &lister{dialect: d, few: strconv.Itoa(few), sc: sc, q: q}
	l.plain = !sc.Admin || q.Public != nil && *q.Public
	l.owner = slices.ContainsFunc(q.Where, func(c metadata.Condition) bool { return c.Column == metadata.ColumnOwner && c.Op == metadata.Eq })
	walkable := len(q.Sort) > 0 && (q.Sort[0].Column == metadata.ColumnCreatedAt || q.Sort[0].Column == metadata.ColumnID)
	gathers := l.drivers()
	switch {
	case slices.ContainsFunc(q.Where, selective):
		l.one(byCondition)
	case len(gathers) > 0 && walkable:
		l.choose(gathers)
	case len(gathers) > 0:
		l.one(byGathering)
	case walkable:
		l.one(byWalk)
	default:
		l.one(byScan)
	}
	return l.text.String(), l.args
}

// way is how the rows of a page are found, that is, which columns are written
// so that their indexes are used. All others are written unindexed: without
// statistics a planner thinks that few images are not deleted.
type way int

const (
	byScan      way = iota // no index
	byWalk                 // of the first sort key
	byGathering            // of what makes an image a candidate
	byCondition            // of a condition that few images meet
	never
)

type lister struct {
	*dialect
	few   string // how many rows are few
	sc    metadata.Scope
	q     metadata.Query
	plain bool // no administrator's eyes
	owner bool // the owner is given, and it is what is gathered
	way   way
	text  strings.Builder
	args  []any
}

func (l *lister) add(text string, args ...any) {
	l.text.WriteString(text)
	l.args = append(l.args, args...)
}

// choose writes both ways. The count stands in the limits, which are looked at
// before the first row: no limit of rows, no work.
func (l *lister) choose(gathers []term) {
	few := "("
	var args []any
	for i, g := range gathers {
		if i > 0 {
			few += " + "
		}
		few += "(SELECT COUNT(*) FROM (SELECT 1 FROM images WHERE " + g.text + " LIMIT " + l.few + "))"
		args = append(args, g.args...)
	}
	few += ") < " + l.few
	args = append(args, int64(l.q.Limit))
	l.add("SELECT " + imageColumns + " FROM (SELECT " + imageColumns + " FROM (")
	l.page(byGathering)
	l.add(" LIMIT CASE WHEN "+few+" THEN ? ELSE 0 END", args...)
	l.add(") UNION ALL SELECT " + imageColumns + " FROM (")
	l.page(byWalk)
	l.add(" LIMIT CASE WHEN NOT "+few+" THEN ? ELSE 0 END", args...)
	l.add("))")
	l.way = byScan
	l.order()
}

// one writes one way.
func (l *lister) one(w way) {
	l.page(w)
	if l.q.Limit >= 0 {
		l.add(" LIMIT ?", int64(l.q.Limit))
	}
}

// page writes a SELECT but for its limit.
func (l *lister) page(w way) {
	l.way = w
	l.add("SELECT " + imageColumns + " FROM images WHERE ")
	l.candidates()
	l.visibility()
	l.state()
	for _, c := range l.q.Where {
		l.condition(c)
	}
	l.children()
	l.after()
	l.order()
}

// term is a condition with its arguments.
type term struct {
	text string
	args []any
}

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
		l.add("1 = 1")
		return
	}
	w := byGathering
	if l.owner {
		w = never
	}
	l.add("(")
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

// shared writes that the project is a member. Gathering reads the whole index
// of memberships, since none begins with the member; images are shared by
// default, so that there are far more of those to go through.
func (l *lister) shared() {
	l.add(" OR (" + l.unindexed("visibility") + " = 'shared' AND ")
	if l.way == byGathering && !l.owner {
		l.add("id IN (SELECT i.image_id FROM image_members i WHERE i.member = ?) AND ", l.sc.Project)
	}
	l.add("EXISTS (SELECT 1 FROM image_members m WHERE m.image_id = images.id AND ")
	l.add("m.member = ? AND "+l.unindexed("m.deleted")+" = FALSE", l.sc.Project)
	if !l.q.AnyMemberStatus {
		l.add(" AND m.status = ?", string(cmp.Or(l.q.MemberStatus, glance.MemberAccepted)))
	}
	l.add("))")
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

// selective reports whether a condition leaves so few images that its index is
// the way.
func selective(c metadata.Condition) bool {
	switch c.Column {
	case metadata.ColumnID, metadata.ColumnChecksum, metadata.ColumnHashValue:
		return c.Op == metadata.Eq || c.Op == metadata.In
	}
	return false
}

// operators in the order of metadata.Op.
var operators = [...]string{" = ", " <> ", " < ", " <= ", " > ", " >= "}

func (l *lister) condition(c metadata.Condition) {
	column := l.unindexed(string(c.Column))
	if selective(c) {
		column = l.indexed(string(c.Column), byCondition)
	} else if c.Column == metadata.ColumnOwner && c.Op == metadata.Eq {
		column = l.indexed("owner", byGathering)
	}
	if c.Op == metadata.In {
		l.in(column, c.Texts)
		return
	}
	var value any
	switch c.Column.Type() {
	case metadata.Text:
		value = c.Texts[0]
	case metadata.Integer:
		value = c.Int
	case metadata.Boolean:
		value = c.Bool
	case metadata.Time:
		value = l.time(c.Time)
	}
	l.add(" AND "+column+operators[c.Op]+"?", value)
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
		l.add(" AND EXISTS (SELECT 1 FROM image_properties p WHERE p.image_id = images.id AND p.name = ? AND p.value = ? AND "+
			l.unindexed("p.deleted")+" = FALSE)", p.Name, p.Value)
	}
	for _, tag := range l.q.Tags {
		l.add(" AND EXISTS (SELECT 1 FROM image_tags g WHERE g.image_id = images.id AND g.value = ? AND "+
			l.unindexed("g.deleted")+" = FALSE)", tag)
	}
}

// indexed writes a column plainly on the way that its index serves.
func (l *lister) indexed(column string, w way) string {
	if l.way == w {
		return column
	}
	return l.unindexed(column)
}

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
		if i == 0 {
			l.add(l.indexed(string(column), byWalk))
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
	if l.way == byWalk { // where to begin on the index
		l.sortKey(" AND ", 0)
		l.add(beyond(l.q.Sort[0])+"= ?", l.marker(l.q.Sort[0].Column))
	}
	if len(l.q.Sort) == 0 {
		l.add(" AND 1 = 0")
		return
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
