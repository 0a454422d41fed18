package app

import (
	"fmt"
	"time"

	"glance/internal/auth/keystone"
	"glance/internal/config"
	"glance/internal/images"
	"glance/internal/metadata"
	"glance/internal/quota"
	"glance/internal/quota/all"
)

// buildAllowance makes what the identity service's limits are asked by; nil
// without use_keystone_limits.
func buildAllowance(g *Generation, cfg *config.API, db metadata.Images) (*images.Allowance, error) {
	if !cfg.Images.UseKeystoneLimits {
		return nil, nil
	}
	limits, err := shareLimits(g, &cfg.Limit, cfg.Program)
	if err != nil {
		return nil, asValueFailure(fmt.Errorf("use_keystone_limits: [oslo_limit] %w", err))
	}
	return &images.Allowance{Images: db, Limits: limits}, nil
}

// shareLimits lets a reload keep the login.
func shareLimits(g *Generation, opt *config.Limit, agent string) (quota.Source, error) {
	return share(g, sharing[quota.Source]{
		what:          "limits of the identity service",
		configuration: []any{opt, certificates(opt.CAFile, opt.CertFile, opt.KeyFile)},
		build: func(room *Generation) (quota.Source, error) {
			session, err := keystone.OpenSession(limitSession(opt, agent))
			if err != nil {
				return nil, err
			}
			room.onClose(session.Close)
			at := all.KeystoneEndpoint{
				ID: opt.EndpointID, ServiceType: opt.ServiceType, ServiceName: opt.ServiceName, Region: opt.RegionName,
				Interface: opt.Interface, Timeout: optionalSeconds(opt.Timeout),
			}
			return all.NewKeystone(session.Get, at)
		},
	})
}

func limitSession(opt *config.Limit, agent string) keystone.Config {
	conf := keystone.Config{
		Credentials: keystone.Credentials(opt.Credentials),
		CAFile:      opt.CAFile, CertFile: opt.CertFile, KeyFile: opt.KeyFile, Insecure: opt.Insecure,
		Timeout: optionalSeconds(opt.Timeout), UserAgent: agent,
		Interfaces: opt.ValidInterfaces, Region: opt.AdapterRegion, Endpoint: opt.EndpointOverride,
		EndpointType: opt.AdapterType, EndpointName: opt.AdapterName,
	}
	if opt.ConnectRetries != nil {
		conf.Retries = *opt.ConnectRetries
	}
	if opt.StatusRetries != nil {
		conf.StatusRetries = *opt.StatusRetries
	}
	return conf
}

// optionalSeconds is 0 where an option is unset.
func optionalSeconds(n *int) time.Duration {
	if n == nil {
		return 0
	}
	return seconds(*n)
}

// storageQuota is the quota of the configuration, which the limits of the
// identity service stand in for.
func storageQuota(opt *config.Images) (quota.Storage, error) {
	storage, err := quota.ParseStorage(opt.UserStorageQuota)
	if opt.UseKeystoneLimits {
		storage = 0
	}
	return storage, err
}
