package app

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"

	"glance/internal/api"
	"glance/internal/auth/keystone"
	"glance/internal/config"
	"glance/internal/ini"
)

const authTokenSection = "keystone_authtoken"

// authTokenFilter makes a filter of a section of the paste file.
type authTokenFilter = func(api.Options) (api.Middleware, error)

// buildAuthToken makes the filters that check tokens, each by the options of
// its section in the paste file over those of [keystone_authtoken].
func buildAuthToken(g *Generation, loaded *config.Loaded, log *slog.Logger) authTokenFilter {
	return func(o api.Options) (api.Middleware, error) {
		opt, err := authTokenOptions(loaded.Source, o)
		if err != nil {
			return nil, err
		}
		conf, err := keystoneConfig(opt)
		if err != nil {
			return nil, err
		}
		conf.UserAgent = loaded.Program
		filter, err := shareFilter(g, conf, log)
		if err != nil {
			return nil, err
		}
		return api.CheckTokens(filter), nil
	}
}

// shareFilter lets a reload keep the tokens that are remembered. Certificates
// are part of the configuration by what is in their files.
func shareFilter(g *Generation, conf keystone.Config, log *slog.Logger) (*keystone.Filter, error) {
	return share(g, sharing[*keystone.Filter]{
		what:          "check of tokens",
		configuration: []any{conf, certificates(conf.CAFile, conf.CertFile, conf.KeyFile)},
		build: func(room *Generation) (*keystone.Filter, error) {
			conf.Log = log.With("logger", "keystonemiddleware.auth_token")
			filter, err := keystone.Open(conf)
			if err == nil {
				room.onClose(filter.Close)
			}
			return filter, err
		},
	})
}

// certificates is what is in files that a shared room reads: a reload sees that
// they were renewed. What cannot be read is the room's to complain of.
func certificates(files ...string) map[string]string {
	found := map[string]string{}
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil {
			found[name] = string(text)
		}
	}
	return found
}

// authTokenOptions: auth_section moves the credentials elsewhere, and what the
// paste file says beats every section.
func authTokenOptions(src *ini.Source, o api.Options) (*config.Keystone, error) {
	over := func(section string) *ini.Source {
		paste := ini.Paste{File: o.Where.File}
		keys := ini.PasteSection{}
		for name, value := range o.Values {
			keys.Keys = append(keys.Keys, ini.PasteKey{Name: name, Value: strings.ReplaceAll(value, "$", "$$"), Line: o.Where.Line})
		}
		return src.Overlay(paste.Options(&keys, section))
	}
	opt := &config.Keystone{}
	if err := over(authTokenSection).Fill(opt, authTokenSection); err != nil {
		return nil, err
	}
	if section := opt.AuthSection; section != "" {
		if err := over(section).Fill(&opt.Credentials, section); err != nil {
			return nil, err
		}
		opt.AuthSection = section
	}
	return opt, nil
}

func keystoneConfig(opt *config.Keystone) (keystone.Config, error) {
	if opt.MemcacheSASL || opt.MemcacheTLS {
		return keystone.Config{}, errors.New("memcache_sasl_enabled and memcache_tls_enabled are not supported; memcache_security_strategy protects remembered tokens")
	}
	if v := strings.TrimPrefix(opt.AuthVersion, "v"); v != "" && v != "3" && !strings.HasPrefix(v, "3.") {
		return keystone.Config{}, errors.New("auth_version: the identity API is spoken in version 3 only")
	}
	conf := keystone.Config{
		Credentials: keystone.Credentials(opt.Credentials),
		CAFile:      opt.CAFile, CertFile: opt.CertFile, KeyFile: opt.KeyFile, Insecure: opt.Insecure,
		Interfaces: []string{opt.Interface}, Region: opt.RegionName, Retries: opt.MaxRetries,
		Delay: opt.DelayAuthDecision, Challenge: opt.WWWAuthenticateURI, CacheTime: seconds(opt.TokenCacheTime),
		Memcached: keystone.Memcached{
			Servers:  opt.MemcachedServers,
			Strategy: opt.MemcacheStrategy, Secret: opt.MemcacheSecret,
			Timeout: seconds(opt.MemcacheTimeout), DeadRetry: seconds(opt.MemcacheDeadRetry), Idle: opt.MemcacheMaxSize,
		},
		Catalog: opt.IncludeCatalog, ServiceRoles: opt.ServiceRoles, ServiceRolesRequired: opt.ServiceRolesRequired,
		ServiceType: opt.ServiceType,
	}
	if opt.ConnectTimeout != nil {
		conf.Timeout = seconds(*opt.ConnectTimeout)
	}
	return conf, nil
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
