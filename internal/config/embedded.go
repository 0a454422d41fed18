package config

import (
	"slices"

	"glance/internal/ini"
)

// Embedded is the configuration of glance-api where there is none: to try it
// out, on this machine only. Everything lies under ./var, which the program
// makes; there is no identity service, so every caller is an administrator.
const Embedded = `[DEFAULT]
bind_host = 127.0.0.1
bind_port = 9292
node_staging_uri = file://var/staging
enabled_import_methods = [glance-direct,web-download,copy-image]

[database]
connection = sqlite:///var/glance.sqlite

[glance_store]
stores = file,http
default_store = file
filesystem_store_datadir = var/images

[task]
work_dir = var/tasks
`

// EmbeddedName is the file name of positions in Embedded.
const EmbeddedName = "the built-in configuration"

// embeddedFlag asks for Embedded whatever files there are.
func embeddedFlag() Flag {
	return Flag{
		Names: []string{"embedded"}, Bool: true,
		Help: "Read no configuration file: serve the built-in configuration, on 127.0.0.1:9292 with everything in ./var and without an identity service.",
	}
}

// useEmbedded takes Embedded when it is asked for, or when neither a file nor
// an option is there. How loud to log is no configuration of a service and does
// not count.
func (l *Loaded) useEmbedded(args *Args) error {
	_, asked := args.Value("embedded")
	if !asked && (len(l.Source.Files()) > 0 || configures(args)) {
		return nil
	}
	f, err := ini.Parse(EmbeddedName, []byte(Embedded))
	if err != nil {
		return err
	}
	l.Source.AddFile(f)
	l.Source.SetSearchDirs() // nothing that lies about on this machine counts
	l.Embedded = true
	return nil
}

func configures(args *Args) bool {
	loud := []string{"debug", "verbose", checkFlag, userFlag}
	return slices.ContainsFunc(args.Given, func(g Given) bool { return !slices.Contains(loud, g.Flag.Names[0]) })
}
