package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"glance/internal/config"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/metadata/sealed"
	"glance/internal/multihash"
	"glance/internal/quota"
	"glance/internal/store"
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

// buildStaging gives the place where data waits for its import: a store of files
// that the service keeps for itself. One that cannot be written is no reason not
// to serve: staging fails then.
func buildStaging(stores *store.Set) (*images.Staging, error) {
	driver, err := stores.Reserved(store.StagingStore)
	if err != nil {
		return nil, config.Fail(config.CodeStore, err)
	}
	dir, ok := driver.Info().Properties["data_dir"].(string)
	if !ok {
		return nil, config.Fail(config.CodeStore, fmt.Errorf("store %s has no directory", store.StagingStore))
	}
	return &images.Staging{Driver: driver, Prefix: "file://" + dir + "/"}, nil
}

// buildJobs runs what outlives its request. A job keeps the generation that it
// works with: a reload does not end it, the end of the process does.
func buildJobs(ctx context.Context, g *Generation, most int) *images.Jobs {
	jobs := images.NewJobs(ctx, most, g.hold)
	g.onClose(jobs.Close)
	return jobs
}

// startReaper looks after staged data as long as the generation lasts.
func startReaper(ctx context.Context, g *Generation, r room) {
	reaper := images.Reaper{Images: r.db, Staging: r.staging, Log: r.log}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { reaper.Run(ctx) })
	g.onClose(func() error {
		cancel()
		running.Wait()
		return nil
	})
}

func buildLocator(cfg *config.API, r room, limits quota.Limits, storage quota.Storage, buffers *multihash.Pool) *images.Locator {
	opt := &cfg.Images
	return &images.Locator{
		Images: r.db, Tasks: r.db, Locks: r.db, Policy: r.policy, Protect: r.protect, Stores: r.stores, Journal: r.journal,
		Buffers: buffers, Jobs: r.jobs, Leftovers: r.leftovers, Log: r.log,
		Limits: limits, Quota: storage, SecureHash: opt.DoSecureHash, Attempts: opt.HTTPRetries, HashAlgo: opt.HashingAlgorithm,
		SelfURL: selfURL(opt), TaskLife: taskLife(&cfg.Task),
	}
}

// selfURL is the URL under which other nodes reach this one, as far as it is
// known.
func selfURL(opt *config.Images) string { return cmp.Or(opt.WorkerSelfReference, opt.PublicEndpoint) }

// taskLife is how long finished tasks are kept.
func taskLife(opt *config.Task) time.Duration { return time.Duration(opt.TimeToLive) * time.Hour }
