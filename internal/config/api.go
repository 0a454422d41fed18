package config

import "glance/internal/ini"

// API is the configuration of glance-api, and of the tools that work on the
// same database and stores. The options of stores and of notification and
// key drivers stay with their owners, who fill them from Source.
type API struct {
	Loaded

	Server    APIServer
	Registry  RegistryClient
	Old       OldAPI
	Internals Internals
	Images    Images
	Cache     Cache
	Events    Events
	Deletion  Deletion
	Scrubber  Scrubber

	ImageFormat     ImageFormat
	Task            Task
	TaskFlow        TaskFlow
	WSGI            WSGI
	PasteDeploy     PasteDeploy
	Stores          Stores
	ImportOptions   ImportOptions
	ImportFilter    ImportFilter
	InjectMetadata  InjectMetadata
	ImageConversion ImageConversion
	GlanceDownload  GlanceDownload
	Database        Database
	Keystone        Keystone
	Policy          Policy
	Limit           Limit
	CORS            CORS
	Middleware      Middleware
	Healthcheck     Healthcheck
	Profiler        Profiler
	Reports         Reports
	Concurrency     Concurrency
}

func (c *API) sections() []section {
	return []section{
		{ini.DefaultSection, &c.Server},
		{ini.DefaultSection, &c.Images},
		{ini.DefaultSection, &c.Cache},
		{ini.DefaultSection, &c.Deletion},
		{ini.DefaultSection, &c.Scrubber},
		{ini.DefaultSection, &c.Events},
		{ini.DefaultSection, &c.Registry},
		{ini.DefaultSection, &c.Old},
		{ini.DefaultSection, &c.Log},
		{ini.DefaultSection, &c.LogHidden},
		{ini.DefaultSection, &c.Internals},
		{"cors", &c.CORS},
		{databaseSection, &c.Database},
		{"glance_download_properties", &c.GlanceDownload},
		{storeSection, &c.Stores},
		{"healthcheck", &c.Healthcheck},
		{"image_conversion", &c.ImageConversion},
		{"image_format", &c.ImageFormat},
		{"image_import_opts", &c.ImportOptions},
		{"import_filtering_opts", &c.ImportFilter},
		{"inject_metadata_properties", &c.InjectMetadata},
		{"keystone_authtoken", &c.Keystone},
		{"oslo_concurrency", &c.Concurrency},
		{"oslo_limit", &c.Limit},
		{"oslo_middleware", &c.Middleware},
		{"oslo_policy", &c.Policy},
		{"oslo_reports", &c.Reports},
		{"paste_deploy", &c.PasteDeploy},
		{"profiler", &c.Profiler},
		{"task", &c.Task},
		{"taskflow_executor", &c.TaskFlow},
		{"wsgi", &c.WSGI},
	}
}

// LoadAPI reads the configuration of glance-api. The error is an *Exit: code 0
// for --help and --version, 1 for files, 2 for the command line, 5 for values.
// Without any file and any option, or when asked, it is the built-in
// configuration (Embedded).
func LoadAPI(in Input) (*API, error) {
	flags := append(optionFlags(ini.DefaultSection, APIServer{}), foundingFlags()...)
	flags = append(append(flags, embeddedFlag()), serverFlags()...)
	loaded, args, err := start(in, spec{
		files: []string{"glance-api"}, confPath: true, envDir: true, words: "[CONFPATH]", flags: flags,
	})
	if err != nil {
		return nil, err
	}
	if err := loaded.useEmbedded(args); err != nil {
		return nil, err
	}
	api, err := finishAPI(loaded)
	if err != nil {
		return nil, err
	}
	if url := in.env("OS_AUTH_URL"); url != "" {
		api.Registry.AuthURL = url
	}
	return api, nil
}

// foundingFlags are the flags of the founding document that later releases
// dropped.
func foundingFlags() []Flag {
	flags := optionFlags(ini.DefaultSection, RegistryClient{})
	flags = append(flags, optionFlags(storeSection, Stores{})...)
	flags = append(flags, datadirFlag())
	return append(flags, optionFlags(databaseSection, Database{})...)
}

// LoadTool reads the configuration of a tool that shares glance-api's. flags
// are its own and words what else it takes, as the usage line shows it: nothing
// else when empty. With subcommands everything from the first word on is left
// in Args.Rest for ParseFlags. Without any file the defaults hold.
func LoadTool(in Input, flags []Flag, words string, subcommands bool) (*API, *Args, error) {
	loaded, args, err := start(in, spec{
		files: toolFiles(in.Prog), subcommands: subcommands, words: words, flags: flags,
	})
	if err != nil {
		return nil, nil, err
	}
	loaded.Founding = false
	api, err := finishAPI(loaded)
	if err != nil {
		return nil, nil, err
	}
	if !api.Source.IsSet(ini.DefaultSection, "use_stderr") {
		api.Log.UseStderr = true
	}
	return api, args, nil
}

// ScrubberFlags are the flags of glance-scrubber for LoadTool.
func ScrubberFlags() []Flag { return optionFlags(ini.DefaultSection, Scrubber{}) }

// toolFiles are the configuration files of a tool. Source: spec tools §1.
func toolFiles(prog string) []string {
	switch prog {
	case "glance-manage":
		return []string{"glance-api", "glance-manage"}
	case "glance-policy":
		return []string{"glance-api"}
	case "glance-cache-cleaner", "glance-cache-prefetcher", "glance-cache-pruner", "glance-cache-manage":
		return []string{"glance-api", "glance-cache"}
	default:
		return []string{prog}
	}
}

func finishAPI(l *Loaded) (*API, error) {
	c := &API{Loaded: *l}
	if err := c.fill(c.sections()); err != nil {
		return nil, err
	}
	if c.Database.Connection == "" {
		if err := c.registryDatabase(); err != nil {
			return nil, err
		}
	}
	if err := moveCredentials(c.Source, &c.Keystone.Credentials); err != nil {
		return nil, err
	}
	if err := moveCredentials(c.Source, &c.Limit.Credentials); err != nil {
		return nil, err
	}
	c.Images.ProtectionFile = c.FindFile(c.Images.ProtectionFile)
	return c, nil
}

// moveCredentials reads credentials from the section that auth_section names.
func moveCredentials(src *ini.Source, c *Credentials) error {
	if c.AuthSection == "" {
		return nil
	}
	section := c.AuthSection
	err := src.Fill(c, section)
	c.AuthSection = section
	if err != nil {
		return Fail(CodeOption, err)
	}
	return nil
}

// Registry is the configuration of glance-registry. Source: spec registry §1.
type Registry struct {
	Loaded

	Server      RegistryServer
	Rules       RegistryRules
	Images      Images
	Old         OldAPI
	Internals   Internals
	PasteDeploy PasteDeploy
	Database    Database
	Keystone    Keystone
	Policy      Policy
	CORS        CORS
	Middleware  Middleware
	Healthcheck Healthcheck
	Profiler    Profiler
	Reports     Reports
	Concurrency Concurrency
}

// RegistryRules are the options of the registry alone.
type RegistryRules struct {
	DataAPI string   `ini:"data_api" default:"glance.db.sqlalchemy.api" help:"Python path of the metadata driver."`
	Modules []string `ini:"allowed_rpc_exception_modules" default:"glance.common.exception,builtins,exceptions" help:"Modules whose exceptions callers are told by name."`
}

func (c *Registry) sections() []section {
	return []section{
		{ini.DefaultSection, &c.Server},
		{ini.DefaultSection, &c.Rules},
		{ini.DefaultSection, &c.Images},
		{ini.DefaultSection, &c.Old},
		{ini.DefaultSection, &c.Log},
		{ini.DefaultSection, &c.LogHidden},
		{ini.DefaultSection, &c.Internals},
		{"cors", &c.CORS},
		{databaseSection, &c.Database},
		{"healthcheck", &c.Healthcheck},
		{"keystone_authtoken", &c.Keystone},
		{"oslo_concurrency", &c.Concurrency},
		{"oslo_middleware", &c.Middleware},
		{"oslo_policy", &c.Policy},
		{"oslo_reports", &c.Reports},
		{"paste_deploy", &c.PasteDeploy},
		{"profiler", &c.Profiler},
	}
}

// LoadRegistry reads the configuration of glance-registry; errors as LoadAPI.
func LoadRegistry(in Input) (*Registry, error) {
	flags := append(optionFlags(ini.DefaultSection, RegistryServer{}), optionFlags(databaseSection, Database{})...)
	flags = append(flags, serverFlags()...)
	loaded, _, err := start(in, spec{
		files: []string{"glance-registry"}, confPath: true, words: "[CONFPATH]", flags: flags,
	})
	if err != nil {
		return nil, err
	}
	c := &Registry{Loaded: *loaded}
	if err := c.fill(c.sections()); err != nil {
		return nil, err
	}
	if err := moveCredentials(c.Source, &c.Keystone.Credentials); err != nil {
		return nil, err
	}
	return c, nil
}
