package config

import "glance/internal/ini"

// Status is what glance-status looks at, and no more: the rest of the files may
// be wrong for this release.
type Status struct {
	Loaded

	Default StatusOptions
	Stores  StatusStores
	Policy  StatusPolicy
}

// StatusOptions are those of [DEFAULT].
type StatusOptions struct {
	EnabledBackends ini.Dict `ini:"enabled_backends"`
	OwnerIsTenant   bool     `ini:"owner_is_tenant" default:"true"`
}

// StatusStores are those of [glance_store].
type StatusStores struct {
	Stores []string `ini:"stores" default:"file,http"`
}

// StatusPolicy are those of [oslo_policy].
type StatusPolicy struct {
	File string `ini:"policy_file" default:"policy.yaml"`
}

// LoadStatus reads the configuration of glance-status; its commands are left in
// Args.Rest. Errors as LoadAPI.
func LoadStatus(in Input) (*Status, *Args, error) {
	loaded, args, err := start(in, spec{files: []string{in.Prog}, subcommands: true, words: "{upgrade} ..."})
	if err != nil {
		return nil, nil, err
	}
	c := &Status{Loaded: *loaded}
	return c, args, c.fill([]section{
		{ini.DefaultSection, &c.Default}, {storeSection, &c.Stores}, {"oslo_policy", &c.Policy},
	})
}
