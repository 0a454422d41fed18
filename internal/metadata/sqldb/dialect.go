package sqldb

import (
	"database/sql"
	"strconv"
	"strings"
	"time"

	"glance/internal/glance"
)

// dialect is what databases differ in. The statements are written once: with
// ? for values, TRUE and FALSE for booleans, and nothing that one of SQLite,
// MySQL and PostgreSQL does not know. A dialect is chosen when a database is
// opened and never changes.
type dialect struct {
	name string

	// numbered makes $1, $2 of the question marks of every text.
	numbered bool
	// forUpdate ends a SELECT whose rows the transaction goes on to change.
	// Empty where a writing transaction is alone from its begin.
	forUpdate string
	// lockOwner is the statement that makes transactions about the bytes of one
	// owner wait for each other; nil where a writing transaction is alone.
	lockOwner func(owner string) (statement string, args []any)
	// metered are the options of such a transaction: it must see what the one
	// that it waited for has stored.
	metered *sql.TxOptions
	// returning asks for new row numbers by RETURNING id and not by LastInsertId.
	returning bool
	// unindexed writes a column so that no index is chosen for its sake.
	unindexed func(column string) string
	// exact writes a column so that only the very same text equals it.
	exact func(column string) string
	// integer writes an argument that any number may be compared with.
	integer string
	// ors says that OR of conditions uses the indexes of them all.
	ors bool
	// drives joins the rows before it with those of the table after it, which are
	// looked up for each; planners think that what they cannot count is much.
	drives string
	// probes says that EXISTS would be turned into a join with all rows of the
	// other table; a subquery with a value is asked for each image.
	probes bool
	// hashes says that EXISTS would be answered from all rows of the other table,
	// which is too much where few images are looked at.
	hashes bool
	// leading compares the part of a property's value that an index holds, where
	// the database must be told so.
	leading string
	// clustered says that every index ends with the primary key, so that its
	// order needs no sorting of ties.
	clustered bool
	// folds says that texts are equal that differ in case or blanks at the end.
	folds bool
	// time encodes a time for a column or a comparison.
	time func(time.Time) any
	// precision is that of the columns for times; what is stored is cut to it.
	precision time.Duration
	// snapshot are the options of a transaction that reads several tables as
	// they were at one moment.
	snapshot *sql.TxOptions
	// duplicate reports whether an error says that a unique key is there already.
	duplicate func(error) bool
	// referenced reports whether an error says that rows of other tables need
	// the one to be deleted, or that one to be stored needs a missing one.
	referenced func(error) bool
	// kind classifies an error of the driver: Unavailable, Invalid for a value
	// that does not fit its column, or Internal.
	kind func(error) glance.Kind
	// crowded reports whether an error says that there are as many connections
	// as the server allows.
	crowded func(error) bool
	// failure tells whether another attempt may succeed.
	failure func(error) failure
}

// text gives a statement in the dialect.
func (d *dialect) text(statement string) string {
	if !d.numbered {
		return statement
	}
	return dollars(statement)
}

// dollars replaces each ? by $n. Statements hold no texts in quotes with
// question marks: values are always arguments.
func dollars(statement string) string {
	var b strings.Builder
	n := 0
	for {
		before, after, more := strings.Cut(statement, "?")
		b.WriteString(before)
		if !more {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		statement = after
	}
}

// optionalTime encodes a time for a column, null when it is zero.
func (d *dialect) optionalTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return d.time(t.Truncate(d.precision))
}

// now is the present with the precision of the tables.
func (d *dialect) now() time.Time { return time.Now().UTC().Truncate(d.precision) }

// orNow is t with the precision of the tables, at when it is zero.
func (d *dialect) orNow(t, at time.Time) time.Time {
	if t.IsZero() {
		return at
	}
	return t.UTC().Truncate(d.precision)
}
