package main

import (
	"context"

	"glance/internal/metadata/sqldb"
)

const (
	imagesAtOnce = 10_000 // in a transaction
	valuesAtOnce = 12_000 // in a statement
)

// table gathers rows.
type table struct {
	name    string
	columns []string
	values  []any
}

func (t *table) add(values ...any) { t.values = append(t.values, values...) }

// flush writes the rows, as few statements of the same length as possible.
func (t *table) flush(ctx context.Context, db *sqldb.Filler) error {
	most := valuesAtOnce / len(t.columns) * len(t.columns)
	for rest := t.values; len(rest) > 0; {
		n := min(most, len(rest))
		if err := db.Insert(ctx, t.name, t.columns, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	t.values = t.values[:0]
	return nil
}
