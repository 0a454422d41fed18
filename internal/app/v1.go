package app

import (
	"net/http"
	"strings"

	v1 "glance/internal/api/v1"
	v2 "glance/internal/api/v2"
	"glance/internal/config"
	"glance/internal/images"
	"glance/internal/ini"
)

// buildV1 makes the door of the Images API v1 over the verbs of v2; nil when it
// is not served.
func buildV1(cfg *config.API, r room, door *v2.Door) (http.Handler, error) {
	if serve, err := servesV1(cfg); err != nil || !serve {
		return nil, err
	}
	old := v1.Door{
		Catalog:    door.Catalog,
		Intake:     &images.Intake{Editor: door.Editor, Uploader: door.Uploader, Jobs: r.jobs, Log: r.log},
		Deleter:    door.Deleter,
		Downloader: door.Downloader,
		Sharer:     door.Sharer,
		Curator:    door.Curator,
		Config: v1.Config{
			DiskFormats: cfg.ImageFormat.DiskFormats, ContainerFormats: cfg.ImageFormat.ContainerFormats,
			LimitDefault: cfg.Images.LimitParamDefault, LimitMax: cfg.Images.APILimitMax, CacheDriver: r.cache.driver,
		},
	}
	return old.Handler(), nil
}

// servesV1: the original of today has no API v1, so it is served only where the
// operator says so, by the option or by a paste file that names it.
func servesV1(cfg *config.API) (bool, error) {
	if cfg.Source.IsSet(ini.DefaultSection, "enable_v1_api") {
		return cfg.Old.EnableV1API, nil
	}
	file, err := findPaste(&cfg.Loaded, &cfg.PasteDeploy)
	if err != nil {
		return false, config.Fail(config.CodeFailure, err)
	}
	return file != nil && namesV1(file), nil
}

// namesV1 looks for the factories of API v1, those of before it had versions
// included.
func namesV1(file *ini.Paste) bool {
	for _, s := range file.Sections {
		for _, key := range s.Keys {
			switch key.Name {
			case "use", "paste.app_factory", "glance.app_factory":
				factory := strings.TrimPrefix(strings.TrimSpace(key.Value), "call:")
				if strings.HasPrefix(factory, "glance.api.v1") || strings.HasPrefix(factory, "glance.server:") {
					return true
				}
			}
		}
	}
	return false
}
