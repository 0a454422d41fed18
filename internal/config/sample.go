package config

import "glance/internal/ini"

// SampleAPI are the sections of glance-api.conf.sample.
func SampleAPI() []ini.Group { return groups(new(API).sections()) }

// SampleRegistry are the sections of glance-registry.conf.sample.
func SampleRegistry() []ini.Group { return groups(new(Registry).sections()) }

func groups(sections []section) []ini.Group {
	var list []ini.Group
	for _, s := range sections {
		if n := len(list); n > 0 && list[n-1].Section == s.name {
			list[n-1].Options = append(list[n-1].Options, s.options)
			continue
		}
		list = append(list, ini.Group{Section: s.name, Options: []any{s.options}})
	}
	return list
}
