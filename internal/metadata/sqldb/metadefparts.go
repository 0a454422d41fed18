package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// shelf is what the tables of objects, properties and tags differ in. All
// have id, namespace_id, created_at and updated_at, and names that are unique
// in their namespace.
type shelf[T any] struct {
	part    metadata.MetadefPart
	table   string
	columns []string // further columns, texts all of them; the first is name
	order   string   // of all parts of a namespace, empty for those that come in pages

	name   func(*T) *string
	times  func(*T) (created, updated *time.Time)
	values func(*T) []any   // of columns
	read   func(*T, []text) // sets what stands in columns
}

func (s shelf[T]) list() string { return strings.Join(s.columns, ", ") }

func (s shelf[T]) setTimes(v *T, created, updated time.Time) {
	c, u := s.times(v)
	*c, *u = created, updated
}

// setTimes tells the caller when its parts were stored.
func setTimes[T any](s shelf[T], values []T, at time.Time) {
	for i := range values {
		s.setTimes(&values[i], at, at)
	}
}

// partRow is a part with the number of its row.
type partRow[T any] struct {
	id    int64
	value T
}

func valuesOf[T any](rows []partRow[T]) (values []T) {
	for _, r := range rows {
		values = append(values, r.value)
	}
	return values
}

// selectParts reads the parts that a condition names.
func selectParts[T any](t *tx, s shelf[T], condition string, args ...any) (list []partRow[T], err error) {
	var id number
	var created, updated stamp
	columns := make([]text, len(s.columns))
	dest := []any{&id, &created, &updated}
	for i := range columns {
		dest = append(dest, &columns[i])
	}
	err = t.query(func(rows *sql.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		r := partRow[T]{id: id.value}
		s.read(&r.value, columns)
		s.setTimes(&r.value, created.Time, updated.Time)
		list = append(list, r)
		return nil
	}, "SELECT id, created_at, updated_at, "+s.list()+" FROM "+s.table+" WHERE "+condition, args...)
	return list, err
}

// selectPart reads one part of a namespace.
func selectPart[T any](t *tx, s shelf[T], namespace int64, name, lock string) (partRow[T], error) {
	list, err := selectParts(t, s, "namespace_id = ? AND name = ?"+lock, namespace, name)
	if err != nil || len(list) == 0 {
		return partRow[T]{}, orElse(err, metadata.NoMetadefPart(s.part, name))
	}
	return list[0], nil
}

// insertAll adds parts to a namespace.
func insertAll[T any](t *tx, s shelf[T], namespace int64, namespaceName string, values []T, at time.Time) error {
	statement := "INSERT INTO " + s.table + " (namespace_id, created_at, updated_at, " + s.list() + ") VALUES (" + marks(3+len(s.columns)) + ")"
	for i := range values {
		args := append([]any{namespace, t.time(at), t.time(at)}, s.values(&values[i])...)
		if err := t.insert(metadata.MetadefPartExists(s.part, *s.name(&values[i]), namespaceName), statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// The functions below are the calls of metadata.Metadefs, for any part.

func allParts[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace) (all []T, err error) {
	err = db.read(ctx, func(t *tx) error {
		if err := t.hold(ns, ""); err != nil {
			return err
		}
		rows, err := selectParts(t, s, "namespace_id = ? ORDER BY "+s.order, ns.ID)
		all = valuesOf(rows)
		return err
	})
	return all, err
}

func onePart[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace, name string) (v T, err error) {
	err = db.read(ctx, func(t *tx) error {
		if err := t.hold(ns, ""); err != nil {
			return err
		}
		row, err := selectPart(t, s, ns.ID, name, "")
		v = row.value
		return err
	})
	return v, err
}

func addPart[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace, v *T) error {
	at := db.dialect.now()
	err := db.write(ctx, func(t *tx) error {
		if err := t.hold(ns, t.forUpdate); err != nil {
			return err
		}
		return insertAll(t, s, ns.ID, ns.Name, []T{*v}, at)
	})
	if err == nil {
		s.setTimes(v, at, at)
	}
	return err
}

func updatePart[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace, name string, change func(*T) error) (v T, err error) {
	err = db.write(ctx, func(t *tx) error {
		if err := t.hold(ns, t.forUpdate); err != nil {
			return err
		}
		row, err := selectPart(t, s, ns.ID, name, t.forUpdate)
		if err != nil {
			return err
		}
		if err := change(&row.value); err == nil {
			args := append(s.values(&row.value), t.time(t.now()), row.id)
			err = t.change(metadata.MetadefPartRenamed(s.part, *s.name(&row.value), ns.Name),
				"UPDATE "+s.table+" SET "+strings.Join(s.columns, " = ?, ")+" = ?, updated_at = ? WHERE id = ?", args...)
			if err != nil {
				return err
			}
		} else if !errors.Is(err, metadata.ErrUnchanged) {
			return err
		}
		rows, err := selectParts(t, s, "id = ?", row.id)
		if err != nil || len(rows) == 0 {
			return orElse(err, metadata.NoMetadefPart(s.part, name))
		}
		v = rows[0].value
		return nil
	})
	return v, err
}

func removePart[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace, name string) error {
	return db.write(ctx, func(t *tx) error {
		if err := t.hold(ns, t.forUpdate); err != nil {
			return err
		}
		n, err := t.exec("DELETE FROM "+s.table+" WHERE namespace_id = ? AND name = ?", ns.ID, name)
		if err == nil && n == 0 {
			err = metadata.NoMetadefPart(s.part, name)
		}
		return err
	})
}

func removeParts[T any](ctx context.Context, db *DB, s shelf[T], ns *glance.MetadefNamespace) (n int, err error) {
	err = db.write(ctx, func(t *tx) error {
		if err := t.hold(ns, t.forUpdate); err != nil {
			return err
		}
		count, err := t.exec("DELETE FROM "+s.table+" WHERE namespace_id = ?", ns.ID)
		n = int(count)
		return err
	})
	return n, err
}
