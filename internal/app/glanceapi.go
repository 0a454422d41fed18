package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"glance/internal/api"
	"glance/internal/config"
)

// GlanceAPI runs the API server until it is stopped; the result is its exit
// code (spec servers §4).
func GlanceAPI(ctx context.Context, in config.Input, stdout, stderr io.Writer) int {
	return serve(ctx, func() (*plan, error) {
		cfg, err := config.LoadAPI(in)
		if err != nil {
			return nil, err
		}
		p := &plan{
			loaded: &cfg.Loaded, listen: cfg.Server.Listen, port: cfg.Server.BindPort, dump: cfg.Dump(),
			build: func(ctx context.Context, log *slog.Logger) (*Generation, error) { return BuildAPI(ctx, cfg, log) },
		}
		if cfg.Embedded {
			if err := os.MkdirAll("var", 0o750); err != nil {
				return nil, config.Fail(config.CodeFailure, err)
			}
			p.greet = greetEmbedded
		}
		return p, nil
	}, stdout, stderr)
}

// greetEmbedded says what somebody sees who just tries the server out.
func greetEmbedded(out io.Writer, url string) {
	data, err := filepath.Abs("var")
	if err != nil {
		data = "var"
	}
	url = strings.TrimSuffix(url, "/")
	_, _ = fmt.Fprintf(out, "Images API on %s, without identity service: every caller is an administrator.\n"+
		"Images and database in %s.\nTry: curl -s %s/v2/images\n", url, data, url)
}

// BuildAPI builds everything that serves the Images API.
func BuildAPI(ctx context.Context, cfg *config.API, log *slog.Logger) (_ *Generation, err error) {
	g := newGeneration(log)
	defer func() {
		if err != nil {
			_ = g.close() // the error that made us give up is the one to tell
		}
	}()
	enforcer, protection, err := buildPolicy(&cfg.Loaded, &cfg.Policy, &cfg.Images, log)
	if err != nil {
		return nil, err
	}
	db, err := buildMetadata(ctx, g, &cfg.Database, cfg.Registry.DataAPI)
	if err != nil {
		return nil, err
	}
	if db, err = sealLocations(db, cfg.Images.EncryptionKey, log); err != nil {
		return nil, err
	}
	stores, err := buildStores(cfg, log)
	if err != nil {
		return nil, err
	}
	staging, err := buildStaging(stores)
	if err != nil {
		return nil, err
	}
	journal, err := buildJournal(ctx, g, cfg, db, stores, staging, log)
	if err != nil {
		return nil, err
	}
	r := room{
		db: db, stores: stores, policy: enforcer, protect: protection, journal: journal, staging: staging,
		jobs: buildJobs(ctx, g, cfg.WSGI.TaskPoolThreads), log: log,
	}
	door, err := buildV2(cfg, r)
	if err != nil {
		return nil, err
	}
	old, err := buildV1(cfg, r, door)
	if err != nil {
		return nil, err
	}
	g.handler, err = buildAPIPipeline(cfg, api.NewRouter(door.Routes()...), old, enforcer, buildAuthToken(g, &cfg.Loaded, log))
	return g, err
}
