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
	"glance/internal/images"
	"glance/internal/metadata"
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
			reports: cfg.Reports.LogDir,
			build: func(ctx context.Context, s site) (*Generation, error) {
				if err := makeEmbedded(cfg); err != nil {
					return nil, config.Fail(config.CodeFailure, err)
				}
				return buildAPI(ctx, cfg, s)
			},
			check: func(ctx context.Context, c *checker) { c.api(ctx, cfg) },
		}
		if cfg.Embedded {
			p.greet = greetEmbedded
		}
		return p, nil
	}, stdout, stderr)
}

// makeEmbedded makes the directory of the built-in configuration.
func makeEmbedded(cfg *config.API) error {
	if !cfg.Embedded {
		return nil
	}
	return os.MkdirAll("var", 0o750)
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

// BuildAPI builds everything that serves the Images API. What it works on
// beside requests ends with ctx.
func BuildAPI(ctx context.Context, cfg *config.API, log *slog.Logger) (*Generation, error) {
	return buildAPI(ctx, cfg, site{log: log, life: ctx})
}

func buildAPI(ctx context.Context, cfg *config.API, s site) (_ *Generation, err error) {
	log := s.log
	g := newGeneration(log, s.shares)
	defer func() {
		if err != nil {
			_ = g.close() // the error that made us give up is the one to tell
		}
	}()
	enforcer, protection, err := buildPolicy(&cfg.Loaded, &cfg.Policy, &cfg.Images, log)
	if err != nil {
		return nil, err
	}
	db, err := shareDatabase(ctx, g, cfg)
	if err != nil {
		return nil, err
	}
	if db, err = sealLocations(db, cfg.Images.EncryptionKey, log); err != nil {
		return nil, err
	}
	stores, err := shareStores(g, cfg, log)
	if err != nil {
		return nil, err
	}
	staging, err := buildStaging(stores)
	if err != nil {
		return nil, err
	}
	recoverer := buildRecoverer(cfg, db, stores, staging, log)
	journal, left, err := buildJournal(ctx, g, cfg, *recoverer)
	if err != nil {
		return nil, err
	}
	kept, err := buildCache(ctx, g, cfg, db)
	if err != nil {
		return nil, err
	}
	allow, err := buildAllowance(g, cfg, db)
	if err != nil {
		return nil, err
	}
	jobs := buildJobs(s.life, g, cfg.WSGI.TaskPoolThreads)
	r := room{
		db: db, stores: stores, policy: enforcer, protect: protection, journal: journal, staging: staging,
		jobs: jobs, leftovers: &images.Leftovers{Recoverer: recoverer, Jobs: jobs}, allow: allow, cache: kept, log: log,
	}
	door, err := buildV2(cfg, r)
	if err != nil {
		return nil, err
	}
	door.Curator = buildCurator(s, g, r, door.Downloader)
	old, err := buildV1(cfg, r, door)
	if err != nil {
		return nil, err
	}
	g.handler, err = buildAPIPipeline(cfg, api.NewRouter(door.Routes()...), old, enforcer, buildAuthToken(g, &cfg.Loaded, log))
	if err != nil {
		return nil, err
	}
	resume(ctx, door.Locator, left)
	startReaper(s.life, g, r)
	return g, nil
}

func shareDatabase(ctx context.Context, g *Generation, cfg *config.API) (metadata.Store, error) {
	return share(g, sharing[metadata.Store]{
		what: "database",
		configuration: []any{
			cfg.Database, cfg.Registry,
			certificates(cfg.Registry.ClientCAFile, cfg.Registry.ClientCertFile, cfg.Registry.ClientKeyFile),
		},
		build: func(room *Generation) (metadata.Store, error) {
			return buildAPIMetadata(ctx, room, cfg)
		},
	})
}
