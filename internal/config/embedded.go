package config

import (
	"slices"

	"glance/internal/ini"
)

// Embedded is the configuration of glance-api where there is none: to try it
// out, on this machine only. Everything lies under ./var, there is no identity
// service, so every caller is an administrator.
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

// useEmbedded takes Embedded when neither a file nor an option is there. How
// loud to log is no configuration of a service and does not count.
func (l *Loaded) useEmbedded(args *Args) error {
	loud := []string{"debug", "verbose"}
	for _, g := range args.Given {
		if !slices.Contains(loud, g.Flag.Names[0]) {
			return nil
		}
	}
	if len(l.Source.Files()) > 0 {
		return nil
	}
	f, err := ini.Parse(EmbeddedName, []byte(Embedded))
	if err != nil {
		return err
	}
	l.Source.AddFile(f)
	l.Embedded = true
	return nil
}
