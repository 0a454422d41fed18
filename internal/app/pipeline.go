package app

import (
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"glance/internal/api"
	"glance/internal/auth/headers"
	"glance/internal/auth/noauth"
	"glance/internal/config"
	"glance/internal/glance"
	"glance/internal/ini"
	"glance/internal/policy"
)

func buildAPIPipeline(cfg *config.API, door, old http.Handler, enforcer *policy.Enforcer, tokens authTokenFilter) (http.Handler, error) {
	parts := commonParts(&cfg.CORS, &cfg.Healthcheck, &cfg.Middleware, &cfg.Images, enforcer)
	parts.Versions = api.Versions{
		PublicEndpoint: cfg.Images.PublicEndpoint, ImageCache: cfg.Cache.Dir != "",
		ManyStores: len(cfg.Images.EnabledBackends) > 0, NoV2: !cfg.Old.EnableV2API, V1: old != nil,
	}
	parts.V1 = old
	if cfg.Old.EnableV2API {
		parts.V2 = door
	}
	parts.AuthToken = tokens
	if cfg.Cache.Dir != "" {
		parts.Cache, parts.CacheManage = api.CacheFilter, api.CacheManageFilter
	}
	return buildPipeline(&cfg.Loaded, &cfg.PasteDeploy, parts)
}

// commonParts are what pipelines of both servers are made of.
func commonParts(cors *config.CORS, health *config.Healthcheck, middleware *config.Middleware, images *config.Images, enforcer *policy.Enforcer) api.Parts {
	return api.Parts{
		CORS:         api.CORS(*cors),
		Healthcheck:  api.Healthcheck(*health),
		ProxyHeaders: middleware.ProxyHeaders,
		NoAuth:       noauth.Authenticator{},
		Headers: &headers.Authenticator{
			AllowAnonymous: images.AllowAnonymous,
			IsAdmin:        func(c glance.Caller) bool { return enforcer.Admin(&c) },
		},
		MaxRequestID: images.MaxRequestIDLength,
		Load:         loadPaste,
	}
}

// buildPipeline finds the paste file and builds what it says. A configuration
// without any has the built-in one.
func buildPipeline(loaded *config.Loaded, opt *config.PasteDeploy, parts api.Parts) (http.Handler, error) {
	file, err := findPaste(loaded, opt)
	if err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	olderIdentity(loaded, file)
	handler, err := api.Pipeline(file, loaded.Program, opt.Flavor, parts)
	if err != nil {
		return nil, config.Fail(config.CodeFailure, err)
	}
	return handler, nil
}

// findPaste: the file that is named, else the configuration file itself when it
// has applications in it, else the one beside it, else nil for the built-in one
// (spec servers §3).
func findPaste(loaded *config.Loaded, opt *config.PasteDeploy) (*ini.Paste, error) {
	if opt.ConfigFile != "" {
		return readPaste(loaded.FindFile(opt.ConfigFile))
	}
	for i := len(loaded.Files) - 1; i >= 0; i-- {
		file, err := readPaste(loaded.Files[i])
		if err == nil && hasApplication(file, loaded.Program) {
			return file, nil
		}
	}
	names := []string{loaded.Program + "-paste.ini"}
	if n := len(loaded.Files); n > 0 {
		last := loaded.Files[n-1]
		names = append([]string{strings.TrimSuffix(last, filepath.Ext(last)) + "-paste.ini"}, names...)
	}
	for _, name := range names {
		file, err := readPaste(loaded.FindFile(name))
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return nil, nil
}

// olderIdentity adds to filters that check tokens, and name the identity service
// by the options of their time, those of today; unless the configuration names
// it.
func olderIdentity(loaded *config.Loaded, file *ini.Paste) {
	if file == nil || loaded.Source.IsSet(authTokenSection, "auth_url") {
		return
	}
	for _, s := range file.Sections {
		given := config.OlderIdentity(func(name string) (string, bool) {
			key, ok := s.Get(name)
			return key.Value, ok
		})
		for _, name := range slices.Sorted(maps.Keys(given)) {
			s.Keys = append(s.Keys, ini.PasteKey{Name: name, Value: given[name], Line: s.Line})
		}
	}
}

// hasApplication reports whether a file of the founding form or of Diablo
// describes the program's application.
func hasApplication(file *ini.Paste, program string) bool {
	for _, s := range file.Sections {
		if s.Kind != "filter" && (s.Name == program || strings.HasPrefix(s.Name, program+"-")) {
			return true
		}
	}
	return false
}

func readPaste(path string) (*ini.Paste, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator named it
	if err != nil {
		return nil, err
	}
	return ini.ParsePaste(path, text)
}

// loadPaste reads the file that a paste file names with config:.
func loadPaste(name, from string) (*ini.Paste, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(from), name)
	}
	return readPaste(name)
}
