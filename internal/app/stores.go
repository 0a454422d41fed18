package app

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"glance/internal/config"
	"glance/internal/ini"
	"glance/internal/store"
	"glance/internal/store/all"
)

// shareStores gives g the stores of a configuration; those of an earlier
// generation when all of them work and nothing that they are made of has
// changed. A store that did not work is tried again.
func shareStores(g *Generation, cfg *config.API, log *slog.Logger) (*store.Set, error) {
	return share(g, sharing[*store.Set]{
		what: "stores", configuration: storeOptions(cfg),
		build: func(*Generation) (*store.Set, error) { return buildStores(cfg, log) },
		fits:  func(set *store.Set) bool { return complete(cfg, set) },
	})
}

func buildStores(cfg *config.API, log *slog.Logger) (*store.Set, error) {
	stores, err := all.Open(cfg.Source, all.Options{
		EnabledBackends: cfg.Images.EnabledBackends, NodeStagingURI: cfg.Images.NodeStagingURI,
		DefaultBackend: cfg.Stores.DefaultBackend, Stores: cfg.Stores.Stores, DefaultStore: cfg.Stores.DefaultStore,
	}, log)
	if err == nil {
		err = checkDefault(stores)
	}
	if err != nil {
		return nil, config.Fail(config.CodeStore, err)
	}
	return stores, nil
}

// checkDefault refuses a default store of files that can be neither written nor
// read. One that can only be read is served: that is how a node gives out
// images that others store.
func checkDefault(stores *store.Set) error {
	for _, n := range stores.Stores() {
		dir, ok := n.Driver.Info().Properties["data_dir"].(string)
		if n.ID != stores.Default() || !n.AddDisabled || !ok {
			continue
		}
		if _, err := os.ReadDir(dir); err != nil {
			return fmt.Errorf("store %s: its directory can be neither made nor read: %w", n.ID, err)
		}
	}
	return nil
}

// complete: every store was opened, and takes data if it ever can.
func complete(cfg *config.API, set *store.Set) bool {
	want := len(cfg.Images.EnabledBackends)
	if want == 0 {
		want = len(cfg.Stores.Stores)
	}
	broken := func(n store.Named) bool { return n.AddDisabled && !n.Driver.Info().ReadOnly }
	return len(set.Stores()) == want && !slices.ContainsFunc(set.Stores(), broken)
}

// storeOptions is everything that stores are made of: their options, and the
// state of the files that these name.
func storeOptions(cfg *config.API) []string {
	list := []string{cfg.Images.NodeStagingURI, cfg.Stores.DefaultBackend, cfg.Stores.DefaultStore, strings.Join(cfg.Stores.Stores, ",")}
	for _, b := range cfg.Images.EnabledBackends {
		list = append(list, b.Key+":"+b.Value)
	}
	eachStoreOption(cfg, func(name ini.Name, value string) {
		list = append(list, name.String()+"="+value, fileState(cfg.FindFile(value)))
	})
	return list
}

// eachStoreOption calls f for what the configuration files say to stores, each
// value of an option that has several.
func eachStoreOption(cfg *config.API, f func(name ini.Name, value string)) {
	sections := []string{"glance_store", "backend_defaults", store.StagingStore, store.TasksStore}
	if cfg.Founding {
		sections = append(sections, ini.DefaultSection, "app:"+cfg.Program)
	}
	for _, b := range cfg.Images.EnabledBackends {
		sections = append(sections, b.Key)
	}
	ours := func(section string) bool {
		return slices.ContainsFunc(sections, func(s string) bool { return strings.EqualFold(s, section) })
	}
	for _, file := range cfg.Source.Files() {
		for _, section := range file.Sections {
			if !ours(section.Name) {
				continue
			}
			for _, key := range section.Keys {
				for _, v := range key.Values {
					f(ini.Name{Section: section.Name, Key: key.Name}, v.Text)
				}
				if v, ok := cfg.Source.Value(section.Name, key.Name); ok { // with $options replaced
					f(ini.Name{Section: section.Name, Key: key.Name}, v.Text)
				}
			}
		}
	}
}

// fileState changes when somebody writes the file; empty when there is none.
func fileState(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return info.ModTime().String()
}
