package sqldb

import (
	"slices"
	"strconv"
	"strings"

	"glance/internal/metadata"
	"glance/internal/metadata/sqldb/migrations"
)

// There are several ways to a page. Walking goes along the index of the first
// sort key from the marker on and stops when the page is full: a few rows when
// most images are the caller's, the whole table when few are. Gathering
// fetches everything the caller may list by the indexes of owner, visibility
// and membership and sorts it: the cost is what there is to gather. Which is
// better a count tells that stops at fewRows.
//
// Gathering f rows costs about f, walking about limit × images / f. With 2000
// neither exceeds some thousand rows in a table of some hundred thousand.
//
// With the extra indexes (package migrations) the images of each owner and of
// each visibility lie in the order of their creation: merging takes a page of
// each and sorts those. Conditions on names, properties and tags that few
// images meet are then a way of their own.
const fewRows = 2000

// way is how the rows of a page are found, that is, which columns are written
// so that their indexes are used. All others are written unindexed: without
// statistics a planner thinks that few images are not deleted.
type way int

const (
	byScan      way = iota // no index
	byWalk                 // of the first sort key
	byGathering            // of what makes an image a candidate
	byCondition            // of a condition that few images meet
	byName                 // of names and creation
	byRank                 // of one thing that makes an image a candidate, and of creation
	never
)

type lister struct {
	*dialect
	extra []string // the extra indexes that there are
	few   int      // how many rows are few
	sc    metadata.Scope
	q     metadata.Query
	plain bool // no administrator's eyes
	owner bool // the owner is given, and it is what is gathered
	way   way
	text  strings.Builder
	args  []any
}

// term is a piece of a statement with its arguments.
type term struct {
	text string
	args []any
}

// listing is the statement of a page and its arguments. count asks the
// database for a number, where one is needed to choose the way.
func listing(d *dialect, few int, extra []string, sc metadata.Scope, q metadata.Query, count func(string, ...any) (int64, error)) (string, []any, error) {
	l := &lister{dialect: d, extra: extra, few: few, sc: sc, q: q}
	l.plain = !sc.Admin || q.Public != nil && *q.Public
	l.owner = slices.ContainsFunc(q.Where, func(c metadata.Condition) bool { return c.Column == metadata.ColumnOwner && c.Op == metadata.Eq })
	if err := l.write(count); err != nil {
		return "", nil, err
	}
	return l.text.String(), l.args, nil
}

func (l *lister) has(index string) bool { return slices.Contains(l.extra, index) }

// write chooses a way and writes it.
func (l *lister) write(count func(string, ...any) (int64, error)) error {
	fewOf := func(of term) (bool, error) {
		n, err := count("SELECT "+of.text, of.args...)
		return n < int64(l.few), err
	}
	if slices.ContainsFunc(l.q.Where, selective) {
		l.one(byCondition)
		return nil
	}
	narrow, scanned := l.narrow()
	if done, err := l.throughFew(narrow, fewOf); done || err != nil {
		return err
	}
	gathers := l.drivers()
	many, err := l.manyMemberships(fewOf)
	switch {
	case err != nil:
		return err
	case l.named() && l.has(migrations.ByName):
		l.one(byName)
		return nil
	case l.mergeable(gathers) && !many:
		l.merge(gathers)
		return nil
	case len(gathers) > 0 && !many:
		few, err := fewOf(l.countingImages(gathers))
		if err != nil {
			return err
		}
		if few {
			l.one(byGathering)
			return nil
		}
	}
	// To read a table of children once takes longer than to find a page of what
	// many images have, but not than to look for that at all images.
	if done, err := l.throughFew(scanned, fewOf); done || err != nil {
		return err
	}
	if l.walksNames() {
		l.walkNames()
		return nil
	}
	l.one(l.far())
	return nil
}

// manyMemberships reports whether a page in the order of creation is found
// sooner by walking, since so many images are shared with the project. Without
// an index by member nobody can tell.
func (l *lister) manyMemberships(fewOf func(term) (bool, error)) (bool, error) {
	if !l.plain || l.owner || l.sc.Project == "" || !l.created() || !l.has(migrations.ByMember) {
		return false, nil
	}
	few, err := fewOf(l.counting(term{"SELECT 1 FROM image_members WHERE member = ?", []any{l.sc.Project}}))
	return !few, err
}

// throughFew takes the first of conditions that few images meet.
func (l *lister) throughFew(conditions []term, fewOf func(term) (bool, error)) (done bool, err error) {
	for _, ids := range conditions {
		few, err := fewOf(l.counting(ids))
		if err != nil {
			return false, err
		}
		if few {
			l.through(ids)
			return true, nil
		}
	}
	return false, nil
}

// created reports whether the page is in the order of creation.
func (l *lister) created() bool {
	return len(l.q.Sort) > 0 && l.q.Sort[0].Column == metadata.ColumnCreatedAt
}

// far is the way where there is much to gather. Where rows lie in the order of
// the primary key, going through all of them by another index takes ten times
// as long as reading the table, which is what a name costs that few have.
func (l *lister) far() way {
	walkable := l.created() || len(l.q.Sort) > 0 && l.q.Sort[0].Column == metadata.ColumnID
	if !walkable || l.clustered && l.named() {
		return byScan
	}
	return byWalk
}

// counting counts what a SELECT gives, not beyond what is few.
func (l *lister) counting(of term) term {
	return term{"(SELECT COUNT(*) FROM (" + of.text + " LIMIT " + strconv.Itoa(l.few) + ") few)", of.args}
}

// countingImages counts the images that meet conditions, those that meet
// several more than once.
func (l *lister) countingImages(gathers []term) (sum term) {
	separator := ""
	for _, g := range gathers {
		c := l.counting(term{"SELECT 1 FROM images WHERE " + g.text, g.args})
		sum.text, sum.args = sum.text+separator+c.text, append(sum.args, c.args...)
		separator = " + "
	}
	return sum
}

func (l *lister) add(text string, args ...any) {
	l.text.WriteString(text)
	l.args = append(l.args, args...)
}

// one writes a statement that goes one way.
func (l *lister) one(w way) {
	l.way = w
	l.add("SELECT " + imageColumns + " FROM ")
	if w == byGathering && l.plain && !l.owner && !l.ors {
		l.from(l.union())
		l.way = never
	} else {
		l.add("images WHERE 1 = 1")
	}
	l.conditions()
	l.candidates()
	l.children()
	l.order()
	l.limit()
}

// from writes the images of a SELECT that gives ids.
func (l *lister) from(ids term) {
	l.add("(SELECT DISTINCT candidate FROM ("+ids.text+") ids) candidates "+l.drives+" images WHERE candidates.candidate = images.id", ids.args...)
}

// conditions writes all but what reads other tables, which comes last: MySQL
// goes by the order.
func (l *lister) conditions() {
	l.visibility()
	l.state()
	for _, c := range l.q.Where {
		l.condition(c)
	}
	l.after()
}

func (l *lister) limit() {
	if l.q.Limit >= 0 {
		l.add(" LIMIT ?", int64(l.q.Limit))
	}
}

// indexed writes a column plainly on the ways that its index serves.
func (l *lister) indexed(column string, ways ...way) string {
	if slices.Contains(ways, l.way) {
		return column
	}
	return l.unindexed(column)
}
