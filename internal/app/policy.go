package app

import (
	"log/slog"

	"glance/internal/config"
	"glance/internal/policy"
)

func buildPolicy(loaded *config.Loaded, opt *config.Policy, images *config.Images, log *slog.Logger) (*policy.Enforcer, *policy.Protection, error) {
	post, err := policyPost(opt)
	if err != nil {
		return nil, nil, asValueFailure(err)
	}
	enforcer, err := policy.Open(policy.Config{
		File: opt.File, Dirs: opt.Dirs, Find: loaded.Source.FindFile, DefaultRule: opt.DefaultRule,
		EnforceNewDefaults: opt.EnforceNewDefaults, EnforceScope: opt.EnforceScope,
		Post:     post,
		PostJSON: opt.RemoteContentType == "application/json",
		Log:      log,
	})
	if err != nil || images == nil || images.ProtectionFile == "" {
		return enforcer, nil, asValueFailure(err)
	}
	protection, err := policy.OpenProtection(images.ProtectionFile, images.ProtectionFormat, enforcer)
	return enforcer, protection, asValueFailure(err)
}

// asValueFailure makes the exit of a value that is wrong where it is used.
func asValueFailure(err error) error {
	if err == nil {
		return nil
	}
	return config.Fail(config.CodeValue, err)
}
