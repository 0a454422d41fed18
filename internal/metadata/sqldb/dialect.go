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
	// returning asks for new row numbers by RETURNING id and not by LastInsertId.
	returning bool
	// unindexed writes a column so that no index is chosen for its sake.
	unindexed func(column string) string
	// time encodes a time for a column or a comparison.
	time func(time.Time) any
	// snapshot are the options of a transaction that reads several tables as
	// they were at one moment.
	snapshot *sql.TxOptions
	// duplicate reports whether an error says that a unique key is there already.
	duplicate func(error) bool
	// missingParent reports whether an error says that a foreign key leads nowhere.
	missingParent func(error) bool
	// kind classifies an error of the driver: Unavailable or Internal.
	kind func(error) glance.Kind
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

// optionalTime encodes a time, null when it is zero.
func (d *dialect) optionalTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return d.time(t)
}
