package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"glance/internal/glance"
	"glance/internal/metadata"
)

// Images implements metadata.Images: one statement for the rows, and one for
// all tables of children. Who asks for the same page at the same time shares
// the answer.
func (db *DB) Images(ctx context.Context, sc metadata.Scope, q metadata.Query) ([]*glance.Image, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	statement, args, err := listing(&db.dialect, db.few, db.extra(ctx), sc, q, func(text string, args ...any) (int64, error) { return db.count(ctx, text, args) })
	if err != nil {
		return nil, err
	}
	read := func(ctx context.Context, _ []struct{}) ([]*glance.Image, error) {
		return db.page(ctx, q.Limit, statement, args)
	}
	page, shared, err := db.pages.ask(ctx, statementKey(statement, args), struct{}{}, func() *batcher[struct{}, []*glance.Image] {
		return &batcher[struct{}, []*glance.Image]{run: read, lanes: 1, most: 1 << 20}
	})
	if err != nil {
		return nil, db.failed("read a page", err)
	}
	if !shared {
		return page, nil
	}
	own := make([]*glance.Image, len(page))
	for i, img := range page {
		own[i] = img.Clone()
	}
	return own, nil
}

func (db *DB) page(ctx context.Context, limit int, statement string, args []any) (page []*glance.Image, err error) {
	err = db.read(ctx, func(t *tx) error {
		row := newImageRow()
		page = make([]*glance.Image, 0, max(min(limit, 1000), 0))
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

// statementKey tells statements with their arguments apart.
func statementKey(statement string, args []any) string {
	b := make([]byte, 0, len(statement)+32*len(args))
	b = append(b, statement...)
	for _, arg := range args {
		if text, ok := arg.(string); ok {
			b = strconv.AppendQuote(b, text)
		} else {
			b = fmt.Appendf(append(b, ' '), "%T %[1]v", arg)
		}
	}
	return string(b)
}
