package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"glance/internal/config"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/metadata/sealed"
	"glance/internal/multihash"
	"glance/internal/quota"
	"glance/internal/store"
	"glance/internal/store/file"
)

// sealLocations puts metadata_encryption_key, where there is one, before the
// database.
func sealLocations(db metadata.Store, key string, log *slog.Logger) (metadata.Store, error) {
	if key == "" {
		return db, nil
	}
	s, err := sealed.New(db, key, log)
	if err != nil {
		return nil, config.Fail(config.CodeValue, fmt.Errorf("metadata_encryption_key: %w", err))
	}
	return s, nil
}

// buildStaging opens the place where data waits for its import. One that cannot
// be written is no reason not to serve: staging fails then.
func buildStaging(cfg *config.API, log *slog.Logger) (*images.Staging, error) {
	dir, err := stagingDir(cfg)
	if err != nil {
		return nil, err
	}
	driver, err := file.Open(file.Config{Datadir: dir}, log)
	var bad *store.BadConfig
	if errors.As(err, &bad) {
		log.Warn("data cannot be staged", "error", err)
	} else if err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	return &images.Staging{Driver: driver, Prefix: "file://" + dir + "/"}, nil
}

// stagingDir is the directory of the store that is reserved for staging, or
// with a single store that of node_staging_uri. Source: spec import §2.
func stagingDir(cfg *config.API) (string, error) {
	dir, ok := strings.CutPrefix(cfg.Images.NodeStagingURI, "file://")
	if !ok || dir == "" {
		return "", config.Fail(config.CodeValue, fmt.Errorf(
			"node_staging_uri: %q is no file:// and a directory", cfg.Images.NodeStagingURI))
	}
	if len(cfg.Images.EnabledBackends) > 0 {
		dir = "/var/lib/glance/" + store.StagingStore
		if v, ok := cfg.Source.Value(store.StagingStore, "filesystem_store_datadir"); ok {
			dir = v.Text
		}
	}
	return filepath.Abs(dir)
}

// buildJobs runs what outlives its request. A job keeps the generation that it
// works with: a reload does not end it, the end of the process does.
func buildJobs(ctx context.Context, g *Generation, most int) *images.Jobs {
	jobs := images.NewJobs(ctx, most, func() func() {
		g.enter() // cannot fail: the request that starts the job is in it
		return g.leave
	})
	g.onClose(jobs.Close)
	return jobs
}

func buildLocator(cfg *config.API, r room, limits quota.Limits, storage quota.Storage, buffers *multihash.Pool) *images.Locator {
	opt := &cfg.Images
	return &images.Locator{
		Images: r.db, Tasks: r.db, Locks: r.db, Policy: r.policy, Protect: r.protect, Stores: r.stores, Journal: r.journal,
		Buffers: buffers, Jobs: r.jobs, Log: r.log,
		Limits: limits, Quota: storage, SecureHash: opt.DoSecureHash, Attempts: opt.HTTPRetries, HashAlgo: opt.HashingAlgorithm,
		SelfURL: selfURL(opt), TaskLife: time.Duration(cfg.Task.TimeToLive) * time.Hour,
	}
}

// selfURL is the URL under which other nodes reach this one, as far as it is
// known.
func selfURL(opt *config.Images) string { return cmp.Or(opt.WorkerSelfReference, opt.PublicEndpoint) }
