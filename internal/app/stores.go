package app

import (
	"log/slog"

	"glance/internal/config"
	"glance/internal/store"
	"glance/internal/store/all"
)

func buildStores(cfg *config.API, log *slog.Logger) (*store.Set, error) {
	stores, err := all.Open(cfg.Source, all.Options{
		EnabledBackends: cfg.Images.EnabledBackends, NodeStagingURI: cfg.Images.NodeStagingURI,
		DefaultBackend: cfg.Stores.DefaultBackend, Stores: cfg.Stores.Stores, DefaultStore: cfg.Stores.DefaultStore,
	}, log)
	if err != nil {
		return nil, config.Fail(config.CodeStore, err)
	}
	return stores, nil
}
