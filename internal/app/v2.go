package app

import (
	"log/slog"
	"os"
	"path/filepath"

	v2 "glance/internal/api/v2"
	"glance/internal/config"
	"glance/internal/images"
	"glance/internal/imgformat"
	"glance/internal/metadata"
	"glance/internal/metadefs"
	"glance/internal/multihash"
	"glance/internal/policy"
	"glance/internal/quota"
	"glance/internal/store"
)

// room is what verbs are made of.
type room struct {
	db      metadata.Store
	stores  *store.Set
	policy  *policy.Enforcer
	protect *policy.Protection
	journal images.Journal
	staging *images.Staging
	jobs    *images.Jobs
	allow   *images.Allowance
	log     *slog.Logger
	cache   cacheRoom

	leftovers *images.Leftovers
}

// buildV2 makes the verbs and the door of the Images API v2.
func buildV2(cfg *config.API, r room) (*v2.Door, error) {
	opt := &cfg.Images
	storage, err := storageQuota(opt)
	if err != nil {
		return nil, asValueFailure(err)
	}
	if _, err := multihash.New(opt.HashingAlgorithm); err != nil {
		return nil, asValueFailure(err)
	}
	schema, err := buildSchema(cfg)
	if err != nil {
		return nil, asValueFailure(err)
	}
	limits := quota.Limits{
		MaxProperties: opt.PropertyQuota, MaxTags: opt.TagQuota, MaxMembers: opt.MemberQuota, MaxLocations: opt.LocationQuota,
	}
	buffers := &multihash.Pool{}
	door := &v2.Door{
		Catalog: &images.Catalog{Images: r.db, Tasks: r.db, Policy: r.policy, Protect: r.protect, Stores: r.stores, Log: r.log},
		Editor: &images.Editor{
			Images: r.db, Policy: r.policy, Protect: r.protect, Stores: r.stores, Limits: limits, SizeCap: opt.SizeCap,
			Allowance: r.allow,
			Locations: images.LocationChanges{
				Shown: opt.ShowLocations, Delayed: cfg.Deletion.DelayedDelete, HashAlgo: opt.HashingAlgorithm, Quota: storage,
				Journal: r.journal, Log: r.log,
			},
		},
		Deleter: &images.Deleter{
			Images: r.db, Policy: r.policy, Stores: r.stores, Journal: r.journal, Log: r.log, Delayed: cfg.Deletion.DelayedDelete,
			Staging: r.staging, Jobs: r.jobs, Leftovers: r.leftovers, Peers: newPeers(peerTimeout), SelfURL: selfURL(opt),
			Cache: r.cache.cache,
		},
		Uploader: &images.Uploader{
			Images: r.db, Policy: r.policy, Stores: r.stores, Journal: r.journal, Buffers: buffers, Log: r.log,
			Leftovers: r.leftovers, Allowance: r.allow, Quota: storage, SizeCap: opt.SizeCap, HashAlgo: opt.HashingAlgorithm,
			Formats: imgformat.Rules{
				AllowMismatch: !cfg.ImageFormat.RequireMatch, GPTNonFatal: cfg.ImageFormat.GPTNonfatal,
			},
		},
		Downloader: &images.Downloader{Images: r.db, Policy: r.policy, Stores: r.stores, Cache: r.cache.cache, Log: r.log},
		Sharer:     &images.Sharer{Images: r.db, Members: r.db, Policy: r.policy, Limits: limits},
		Locator:    buildLocator(cfg, r, limits, storage, buffers),
		Stager: &images.Stager{
			Images: r.db, Policy: r.policy, Staging: r.staging, Journal: r.journal, Buffers: buffers, Log: r.log,
			Leftovers: r.leftovers, Allowance: r.allow, SizeCap: opt.SizeCap, SelfURL: selfURL(opt),
		},
		CopyDeleter: &images.CopyDeleter{Images: r.db, Policy: r.policy, Stores: r.stores, Journal: r.journal, Log: r.log},
		Namespaces:  &metadefs.Namespaces{Metadefs: r.db, Policy: r.policy},
		Parts:       &metadefs.Parts{Metadefs: r.db, Policy: r.policy},
		Allowance:   r.allow,
		Schema:      schema,
		Config:      v2Config(opt, r.stores),
	}
	door.Importer = buildImporter(cfg, r, door)
	door.Board = buildBoard(cfg, r, door)
	door.Config.CacheDriver = r.cache.driver
	return door, nil
}

func v2Config(opt *config.Images, stores *store.Set) v2.Config {
	c := v2.Config{
		ShowDirectURL: opt.ShowDirectURL, ShowLocations: opt.ShowLocations, ImportMethods: opt.ImportMethods,
		LimitDefault: opt.LimitParamDefault, LimitMax: opt.APILimitMax,
	}
	if !stores.Multi() {
		return c
	}
	for _, n := range stores.Stores() {
		info := n.Driver.Info()
		c.StoreIDs = append(c.StoreIDs, n.ID)
		c.Stores = append(c.Stores, v2.StoreInfo{
			ID: n.ID, Description: n.Description, Type: info.Type, Default: n.ID == stores.Default(),
			ReadOnly: info.ReadOnly, Weight: int64(n.Weight), Properties: info.Properties,
		})
	}
	return c
}

// buildSchema reads schema-image.json where the installation has one; the
// shipped one stands in (spec schemas-v2 §2).
func buildSchema(cfg *config.API) (*v2.Schema, error) {
	const name = "schema-image.json"
	custom := v2.ShippedCustomProperties()
	if path := cfg.FindFile(name); filepath.IsAbs(path) {
		text, err := os.ReadFile(path) //nolint:gosec // found in the operator's directories
		if err != nil {
			return nil, err
		}
		custom = text
	}
	return v2.NewSchema(cfg.ImageFormat.ContainerFormats, cfg.ImageFormat.DiskFormats, custom)
}
