package all

import (
	"log/slog"
	"slices"

	"glance/internal/ini"
	"glance/internal/store"
	"glance/internal/store/file"
	"glance/internal/store/http"
	"glance/internal/store/mem"
	"glance/internal/store/s3"
)

// Type is a kind of store that can be configured.
type Type struct {
	Name    string     // in enabled_backends and stores
	Options func() any // a pointer to a new struct of its options

	old  []string // names that stores also takes
	open func(id string, options any, log *slog.Logger) (store.Driver, error)
}

// Types lists the kinds of stores.
func Types() []Type {
	return []Type{
		newType("file", openFile, "filesystem", "glance.store.filesystem.Store"),
		newType("http", openHTTP, "https", "glance.store.http.Store"),
		newType("s3", openS3, "glance.store.s3.Store"),
		newType("mem", openMem),
	}
}

func newType[O any](name string, open func(string, *O, *slog.Logger) (store.Driver, error), old ...string) Type {
	return Type{
		Name:    name,
		Options: func() any { return new(O) },
		old:     old,
		open: func(id string, options any, log *slog.Logger) (store.Driver, error) {
			return open(id, options.(*O), log)
		},
	}
}

// named finds a type by its name in the configuration.
func named(name string) (Type, bool) {
	types := Types()
	i := slices.IndexFunc(types, func(t Type) bool { return t.Name == name || slices.Contains(t.old, name) })
	if i < 0 {
		return Type{}, false
	}
	return types[i], true
}

type fileOptions struct {
	file.Config
	Datadirs ini.MultiStr `ini:"filesystem_store_datadirs" help:"Several directories for images, each dir:priority; filesystem_store_datadir must be empty then."`
}

func openFile(_ string, o *fileOptions, log *slog.Logger) (store.Driver, error) {
	o.Config.Datadirs = o.Datadirs
	return file.Open(o.Config, log)
}

type httpOptions struct {
	http.Config
	Proxies ini.Dict `ini:"http_proxy_information" default:"" help:"Proxies by scheme, as http:address,https:address."`
}

func openHTTP(_ string, o *httpOptions, _ *slog.Logger) (store.Driver, error) {
	o.Config.Proxies = map[string]string{}
	for _, p := range o.Proxies {
		o.Config.Proxies[p.Key] = p.Value
	}
	s, err := http.Open(o.Config)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func openS3(_ string, o *s3.Config, log *slog.Logger) (store.Driver, error) { return s3.Open(*o, log) }

type memOptions struct{}

func openMem(id string, _ *memOptions, log *slog.Logger) (store.Driver, error) {
	log.Warn("this store forgets everything when the process ends")
	return mem.New(id), nil
}
