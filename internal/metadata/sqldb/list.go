package sqldb

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Images implements metadata.Images: one statement for the rows, and one for
// each table of children.
func (db *DB) Images(ctx context.Context, sc metadata.Scope, q metadata.Query) (page []*glance.Image, err error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	err = db.read(ctx, func(t *tx) error {
		statement, args, err := listing(&db.dialect, db.few, sc, q, t.number)
		if err != nil {
			return err
		}
		row := newImageRow()
		page = make([]*glance.Image, 0, max(min(q.Limit, 1000), 0))
		err = t.query(func(rows *sql.Rows) error {
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
// better only the database knows. Where a limit may be computed the statement
// holds both ways and a count that stops at fewRows decides; the other half
// then costs nothing. Elsewhere that count is a statement of its own.
//
// Gathering f rows costs about f, walking about limit × images / f. With 2000
// neither exceeds some thousand rows in a table of some hundred thousand.
const fewRows = 2000

// listing is the statement of a page and its arguments. count asks the
// database for a number, where one is needed to choose the way.
func listing(d *dialect, few int, sc metadata.Scope, q metadata.Query, count func(string, ...any) (int64, error)) (string, []any, error) {
	l := &lister{dialect: d, few: strconv.Itoa(few), sc: sc, q: q}
	l.plain = !sc.Admin || q.Public != nil && *q.Public
	l.owner = slices.ContainsFunc(q.Where, func(c metadata.Condition) bool { return c.Column == metadata.ColumnOwner && c.Op == metadata.Eq })
	walkable := len(q.Sort) > 0 && (q.Sort[0].Column == metadata.ColumnCreatedAt || q.Sort[0].Column == metadata.ColumnID)
	gathers := l.drivers()
	switch {
	case slices.ContainsFunc(q.Where, selective):
		l.one(byCondition)
	case len(gathers) > 0 && walkable && d.chooses:
		l.choose(gathers)
	case len(gathers) > 0 && !d.chooses:
		text, args := l.counting(gathers)
		n, err := count("SELECT "+text, args...)
		if err != nil {
			return "", nil, err
		}
		if n < int64(few) {
			l.one(byGathering)
		} else {
			l.one(l.far(walkable))
		}
	case len(gathers) > 0:
		l.one(byGathering)
	default:
		l.one(l.far(walkable))
	}
	return l.text.String(), l.args, nil
}

// far is the way where there is much to gather. Where rows lie in the order of
// the primary key, going through all of them by another index takes ten times
// as long as reading the table, which is what a name costs that few have.
func (l *lister) far(walkable bool) way {
	if !walkable || l.clustered && l.named() {
		return byScan
	}
	return byWalk
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
	few, args := l.counting(gathers)
	few += " < " + l.few
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

// counting gives the expression of how many images there are to gather, not
// counted beyond what is few.
func (l *lister) counting(gathers []term) (text string, args []any) {
	separator := "("
	for _, g := range gathers {
		text += separator + "(SELECT COUNT(*) FROM (SELECT 1 FROM images WHERE " + g.text + " LIMIT " + l.few + ") few)"
		args = append(args, g.args...)
		separator = " + "
	}
	return text + ")", args
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
	l.add("SELECT " + imageColumns + " FROM images")
	if w == byGathering && l.plain && !l.owner && !l.chooses {
		l.union()
		l.way = never
	}
	l.add(" WHERE 1 = 1")
	l.visibility()
	l.state()
	for _, c := range l.q.Where {
		l.condition(c)
	}
	l.after()
	l.candidates() // what reads other tables comes last: MySQL goes by the order
	l.children()
	l.order()
}

// indexed writes a column plainly on the way that its index serves.
func (l *lister) indexed(column string, w way) string {
	if l.way == w {
		return column
	}
	return l.unindexed(column)
}
