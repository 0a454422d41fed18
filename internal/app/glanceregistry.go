package app

import (
	"context"
	"io"
	"log/slog"

	"glance/internal/config"
	"glance/internal/metadata"
	"glance/internal/registry"
)

// GlanceRegistry runs the registry server until it is stopped; the result is
// its exit code.
func GlanceRegistry(ctx context.Context, in config.Input, stdout, stderr io.Writer) int {
	return serve(ctx, func() (*plan, error) {
		cfg, err := config.LoadRegistry(in)
		if err != nil {
			return nil, err
		}
		return &plan{
			loaded: &cfg.Loaded, listen: cfg.Server.Listen, port: cfg.Server.BindPort, dump: cfg.Dump(),
			reports: cfg.Reports.LogDir,
			build:   func(ctx context.Context, s site) (*Generation, error) { return buildRegistry(ctx, cfg, s) },
			check:   func(ctx context.Context, c *checker) { c.registry(ctx, cfg) },
		}, nil
	}, stdout, stderr)
}

// BuildRegistry builds everything that serves the registry protocol.
func BuildRegistry(ctx context.Context, cfg *config.Registry, log *slog.Logger) (*Generation, error) {
	return buildRegistry(ctx, cfg, site{log: log, life: ctx})
}

func buildRegistry(ctx context.Context, cfg *config.Registry, s site) (_ *Generation, err error) {
	log := s.log
	g := newGeneration(log, s.shares)
	defer func() {
		if err != nil {
			_ = g.close() // the error that made us give up is the one to tell
		}
	}()
	enforcer, _, err := buildPolicy(&cfg.Loaded, &cfg.Policy, nil, log)
	if err != nil {
		return nil, err
	}
	db, err := share(g, sharing[metadata.Store]{
		what: "database", configuration: []any{cfg.Database, cfg.Rules},
		build: func(room *Generation) (metadata.Store, error) {
			return buildRegistryMetadata(ctx, room, cfg)
		},
	})
	if err != nil {
		return nil, err
	}
	parts := commonParts(&cfg.CORS, &cfg.Healthcheck, &cfg.Middleware, &cfg.Images, enforcer)
	parts.AuthToken = buildAuthToken(g, &cfg.Loaded, log)
	if cfg.Old.EnableV1Registry || cfg.Old.EnableV2Registry {
		door := registry.Door{
			DB: db, Log: log, LimitDefault: cfg.Images.LimitParamDefault, LimitMax: cfg.Images.APILimitMax, Modules: cfg.Rules.Modules,
			NoREST: !cfg.Old.EnableV1Registry, NoRPC: !cfg.Old.EnableV2Registry,
		}
		parts.Registry = door.Handler()
	}
	g.handler, err = buildPipeline(&cfg.Loaded, &cfg.PasteDeploy, parts)
	return g, err
}
