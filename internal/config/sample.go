package config

import "glance/internal/ini"

// SampleAPI are the sections of glance-api.conf.sample.
func SampleAPI() []ini.Group { return groups(new(API).sections()) }

// SampleRegistry are the sections of glance-registry.conf.sample.
func SampleRegistry() []ini.Group { return groups(new(Registry).sections()) }

// SampleScrubber are the sections of glance-scrubber.conf.sample: those of
// glance-api that concern the database, the stores and what is removed from them.
func SampleScrubber() []ini.Group {
	c := new(API)
	return groups([]section{
		{ini.DefaultSection, &c.Deletion},
		{ini.DefaultSection, &c.Scrubber},
		{ini.DefaultSection, &c.Images},
		{ini.DefaultSection, &c.Registry},
		{ini.DefaultSection, &c.Log},
		{ini.DefaultSection, &c.LogHidden},
		{databaseSection, &c.Database},
		{storeSection, &c.Stores},
	})
}

// SampleCache are the sections of glance-cache.conf.sample: what programs about
// the image cache have to know beside glance-api.conf.
func SampleCache() []ini.Group {
	c := new(API)
	return groups([]section{
		{ini.DefaultSection, &c.Cache},
		{ini.DefaultSection, &c.Log},
		{ini.DefaultSection, &c.LogHidden},
	})
}

// SampleReplicator are the sections of glance-replicator.conf.sample.
func SampleReplicator() []ini.Group { return groups(new(Replicator).sections()) }

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
