package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"glance/internal/config"
	"glance/internal/metadata"
	"glance/internal/metadata/all"
	"glance/internal/metadata/sqldb"
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
	options := databaseOptions(opt)
	options.CreateIfEmpty, options.Log = true, g.log
	db, err := all.Open(ctx, url, options)
	if err != nil {
		if strings.HasPrefix(url, "sqlite") { // no other URL is free of passwords
			err = fmt.Errorf("%s: %w", url, err)
		}
		return nil, config.Fail(config.CodeFailure, err)
	}
	g.onClose(db.Close)
	return db, nil
}

// databaseOptions gives section [database] to whoever opens the database.
func databaseOptions(opt *config.Database) all.Options {
	o := all.Options{
		NoSync:     !opt.SQLiteSync,
		Parameters: opt.Parameters,
		Start:      sqldb.Retry{Most: opt.MaxRetries, Interval: seconds(opt.RetryInterval)},
		SQLMode:    opt.MySQLMode,
		SyncWait:   opt.MySQLSyncWait,
	}
	o.Pool.Wait = 30 * time.Second
	if opt.PoolTimeout != nil {
		o.Pool.Wait = seconds(*opt.PoolTimeout)
	}
	if opt.MaxPoolSize > 0 && opt.MaxOverflow >= 0 {
		o.Pool.Most = opt.MaxPoolSize + opt.MaxOverflow
	}
	o.Pool.Lifetime = seconds(max(opt.RecycleTime, 0))
	if opt.UseReconnect {
		o.Reconnect = sqldb.Retry{
			Most: opt.DBMaxRetries, Interval: seconds(opt.DBRetryInterval),
			Double: opt.DBIncInterval, Longest: seconds(opt.DBMaxInterval),
		}
	}
	return o
}
