package app

import (
	"context"
	"log/slog"
	"strings"

	"glance/internal/config"
	"glance/internal/metadata"
	"glance/internal/metadata/sqldb"
)

func buildMetadata(ctx context.Context, g *Generation, opt *config.Database, dataAPI string, log *slog.Logger) (metadata.Store, error) {
	_ = strings.ToLower
	db, err := sqldb.Open(ctx, opt.Connection, sqldb.Options{CreateIfEmpty: true, NoSync: !opt.SQLiteSync, Parameters: opt.Parameters})
	if err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	g.onClose(db.Close)
	return db, nil
}
