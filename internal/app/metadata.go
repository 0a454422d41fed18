package app

import (
	"context"
	"errors"

	"glance/internal/config"
	"glance/internal/metadata"
	"glance/internal/metadata/all"
)

// memoryAPI is the data_api that keeps everything in the memory of the process.
const memoryAPI = "glance.db.simple.api"

func buildMetadata(ctx context.Context, g *Generation, opt *config.Database, dataAPI string) (metadata.Store, error) {
	url := opt.Connection
	switch {
	case dataAPI == memoryAPI:
		url = all.Memory
	case url == "":
		return nil, config.Fail(config.CodeFailure, errors.New(
			"option connection of section [database] is not set: it should be a URL like sqlite:////var/lib/glance/glance.sqlite"))
	}
	db, err := all.Open(ctx, url, all.Options{CreateIfEmpty: true, NoSync: !opt.SQLiteSync, Parameters: opt.Parameters})
	if err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	g.onClose(db.Close)
	return db, nil
}
