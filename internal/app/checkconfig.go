package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"glance/internal/config"
	"glance/internal/ini"
	"glance/internal/metadata/all"
	"glance/internal/metadata/sqldb"
	"glance/internal/multihash"
	"glance/internal/oslolog"
	"glance/internal/policy"
)

// checker collects what is wrong with a configuration, and what somebody should
// know of it.
type checker struct {
	text strings.Builder // for standard error
	log  *slog.Logger    // writes to text
	code int             // of the first failure
}

// checkConfig checks everything that a start would read or open, without
// starting anything: what is wrong and the exit code that a start would have.
// Options were checked by whoever made the plan. It is always an *config.Exit.
func checkConfig(ctx context.Context, p *plan) error {
	c := &checker{}
	h, err := oslolog.New(&c.text, false, oslolog.Options{DefaultFormat: "%(levelname)s: %(message)s", ContextFormat: "%(levelname)s: %(message)s"})
	if err != nil {
		return err
	}
	c.log = slog.New(warningsOnly{h})
	c.files(p.loaded)
	c.logging(p)
	_, err = loadTLS(&p.listen, serverTLS{})
	c.take(err)
	p.check(ctx, c)
	exit := &config.Exit{Code: c.code, Stderr: c.text.String()}
	if c.code == config.CodeOK {
		exit.Stdout = p.loaded.Program + ": the configuration is valid\n"
	}
	return exit
}

// warningsOnly leaves out what is said for the log of a running server.
type warningsOnly struct{ slog.Handler }

func (w warningsOnly) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

func (c *checker) note(format string, args ...any) {
	fmt.Fprintf(&c.text, "WARNING: "+format+"\n", args...)
}

// take notes an error and its exit code; nil is fine.
func (c *checker) take(err error) {
	if err == nil {
		return
	}
	var exit *config.Exit
	if !errors.As(err, &exit) {
		exit = config.Fail(config.CodeUnknown, err)
	}
	c.text.WriteString(exit.Stderr)
	if c.code == config.CodeOK {
		c.code = exit.Code
	}
}

// files tells what was read, and which of it has a newer name. What nobody
// knows is told at the end, when all owners have read their options.
func (c *checker) files(l *config.Loaded) {
	for _, d := range l.Source.Deprecations() {
		c.note("%s: option %s is now called %s", d.Pos, d.Old, d.New)
	}
}

func (c *checker) unknown(l *config.Loaded) {
	if l.Founding {
		return // those files hold options of both programs, in sections of their own
	}
	for _, s := range l.Source.Unknown() {
		c.note("%s: option %s is not known here", s.Pos, s.Name)
	}
}

func (c *checker) logging(p *plan) {
	opt := oslolog.Options(p.loaded.Log)
	if opt.LogConfig != "" {
		if _, err := os.Stat(opt.LogConfig); err != nil {
			c.take(config.Fail(config.CodeFailure, fmt.Errorf("log_config_append: %w", err)))
		}
		return
	}
	if _, err := oslolog.New(&c.text, p.loaded.Founding, opt); err != nil {
		c.take(config.Fail(config.CodeFailure, err))
	}
}

func (c *checker) api(ctx context.Context, cfg *config.API) {
	g := newGeneration(c.log, nil)
	defer func() { _ = g.close() }() // nothing was written
	enforcer := c.policy(&cfg.Loaded, &cfg.Policy, &cfg.Images)
	c.database(ctx, &cfg.Database, cfg.Registry.DataAPI)
	c.stores(cfg)
	if _, err := buildSchema(cfg); err != nil {
		c.take(asValueFailure(err))
	}
	c.uploads(g, cfg)
	c.take(checkCache(cfg))
	if enforcer != nil {
		c.pipeline(cfg, enforcer, buildAuthToken(g, &cfg.Loaded, c.log))
	}
	c.unknown(&cfg.Loaded)
}

// uploads looks at what data is held against.
func (c *checker) uploads(g *Generation, cfg *config.API) {
	_, err := storageQuota(&cfg.Images)
	c.take(asValueFailure(err))
	_, err = multihash.New(cfg.Images.HashingAlgorithm)
	c.take(asValueFailure(err))
	_, err = buildAllowance(g, cfg, nil)
	c.take(err)
}

// pipeline builds what the paste file says, in front of nothing.
func (c *checker) pipeline(cfg *config.API, enforcer *policy.Enforcer, tokens authTokenFilter) {
	var old http.Handler
	serve, err := servesV1(cfg)
	if serve {
		old = http.NotFoundHandler()
	}
	if err == nil {
		_, err = buildAPIPipeline(cfg, http.NotFoundHandler(), old, enforcer, tokens)
	}
	c.take(err)
}

func (c *checker) registry(ctx context.Context, cfg *config.Registry) {
	g := newGeneration(c.log, nil)
	defer func() { _ = g.close() }() // nothing was written
	enforcer := c.policy(&cfg.Loaded, &cfg.Policy, nil)
	c.database(ctx, &cfg.Database, cfg.Rules.DataAPI)
	if enforcer != nil {
		parts := commonParts(&cfg.CORS, &cfg.Healthcheck, &cfg.Middleware, &cfg.Images, enforcer)
		parts.AuthToken, parts.Registry = buildAuthToken(g, &cfg.Loaded, c.log), http.NotFoundHandler()
		_, err := buildPipeline(&cfg.Loaded, &cfg.PasteDeploy, parts)
		c.take(err)
	}
}

func (c *checker) policy(l *config.Loaded, opt *config.Policy, images *config.Images) *policy.Enforcer {
	enforcer, _, err := buildPolicy(l, opt, images, c.log)
	c.take(err)
	return enforcer
}

// database looks at the revision of the schema. A database that a start would
// make is left unmade.
func (c *checker) database(ctx context.Context, opt *config.Database, dataAPI string) {
	switch dataAPI {
	case memoryAPI, "glance.db.registry.api":
		return
	}
	if opt.Connection == "" {
		_, err := buildMetadata(ctx, nil, opt, dataAPI) // says so
		c.take(err)
		return
	}
	if u, err := sqldb.ParseURL(opt.Connection, opt.Parameters); err == nil && u.Dialect == sqldb.SQLite {
		info, err := os.Stat(u.Database)
		if u.Memory() || errors.Is(err, fs.ErrNotExist) || (err == nil && info.Size() == 0) {
			c.note("the database is empty; a start makes its tables")
			return
		}
	}
	options := databaseOptions(opt)
	options.Log, options.Start = c.log, sqldb.Retry{} // nobody waits for a database here
	db, err := all.Open(ctx, opt.Connection, options)
	if err != nil {
		c.take(config.Fail(config.CodeFailure, err))
		return
	}
	if err := db.Close(); err != nil {
		c.take(config.Fail(config.CodeFailure, err))
	}
}

// stores opens all stores. Opening makes the directories of files that are
// missing; they go again, since whoever checks may be another user.
func (c *checker) stores(cfg *config.API) {
	defer c.unmake(missing(storeDirs(cfg)))
	set, err := buildStores(cfg, c.log)
	c.take(err)
	if err == nil {
		_, err = buildStaging(set)
		c.take(err)
	}
}

// storeDirs are the directories that stores of files may make.
func storeDirs(cfg *config.API) []string {
	dirs := []string{
		strings.TrimPrefix(cfg.Images.NodeStagingURI, "file://"), "/var/lib/glance/images",
		"/var/lib/glance/os_glance_staging_store", "/var/lib/glance/os_glance_tasks_store",
	}
	eachStoreOption(cfg, func(name ini.Name, value string) {
		if strings.HasPrefix(strings.ReplaceAll(name.Key, "-", "_"), "filesystem_store_datadir") {
			dir, _, _ := strings.Cut(value, ":")
			dirs = append(dirs, dir)
		}
	})
	return dirs
}

// missing are those of dirs that do not exist, with the directories above them
// that do not, the deepest first.
func missing(dirs []string) []string {
	var list []string
	for _, dir := range dirs {
		for dir = filepath.Clean(dir); ; dir = filepath.Dir(dir) {
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				break
			}
			list = append(list, dir)
		}
	}
	return list
}

func (c *checker) unmake(dirs []string) {
	for _, dir := range dirs {
		_ = os.Remove(dir) // one that was not made, or is in use by now, stays as it is
	}
}
