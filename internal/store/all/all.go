package all

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"glance/internal/ini"
	"glance/internal/store"
	"glance/internal/store/file"
)

// Options are the options that say which stores there are; those of the stores
// themselves are read from their sections.
type Options struct {
	EnabledBackends ini.Dict // [DEFAULT]: id and type; empty means a single store
	NodeStagingURI  string   // [DEFAULT]: directory of staged data of a single store
	DefaultBackend  string   // [glance_store]
	Stores          []string // [glance_store]: types, for a single store
	DefaultStore    string   // [glance_store]: scheme, for a single store
}

// Open opens the stores of a configuration. A store that cannot be written is
// logged and can be read; one of an unknown type, or that cannot even be read,
// is logged and left out. Options of the wrong form are ini.ValueErrors, all of
// them. The other errors have the original's texts.
func Open(src *ini.Source, o Options, log *slog.Logger) (*store.Set, error) {
	opener := opener{src: src, log: log}
	if len(o.EnabledBackends) > 0 {
		return opener.multi(o)
	}
	return opener.single(o)
}

type opener struct {
	src    *ini.Source
	log    *slog.Logger
	stores []store.Named
	wrong  ini.ValueErrors
}

// common are the options that every store of enabled_backends has.
type common struct {
	Description string `ini:"store_description" help:"What this store is, for users."`
	Weight      int    `ini:"weight" default:"0" help:"Locations in heavier stores are read first."`
}

const (
	sharedSection = "backend_defaults"
	singleSection = "glance_store"
)

func (p *opener) multi(o Options) (*store.Set, error) {
	for _, b := range o.EnabledBackends {
		if strings.HasPrefix(b.Key, store.ReservedPrefix) {
			return nil, errors.New("'os_glance_' prefix should not be used in enabled_backends config option. " +
				"It is reserved for internal use only.")
		}
	}
	if o.DefaultBackend == "" {
		return nil, errors.New("'default_backend' config option is not set.")
	}
	for _, b := range o.EnabledBackends {
		var c common
		p.fill(&c, b.Key)
		p.add(store.Named{ID: b.Key, Description: c.Description, Weight: c.Weight}, b.Value, b.Key, sharedSection)
	}
	p.addReserved(store.StagingStore)
	p.addReserved(store.TasksStore)
	return p.set(true, o.DefaultBackend)
}

func (p *opener) single(o Options) (*store.Set, error) {
	seen := map[string]bool{}
	for _, name := range o.Stores {
		t, ok := named(name)
		if ok {
			name = t.Name
		}
		if !seen[name] {
			p.add(store.Named{ID: name}, name, singleSection)
		}
		seen[name] = true
	}
	dir, ok := strings.CutPrefix(o.NodeStagingURI, "file://")
	if !ok || dir == "" {
		return nil, fmt.Errorf("node_staging_uri must be a URI of the form file:///directory, not %q", o.NodeStagingURI)
	}
	def := ""
	for _, n := range p.stores {
		if slices.Contains(n.Driver.Info().Schemes, o.DefaultStore) {
			def = n.ID
		}
	}
	if def == "" && len(p.wrong) == 0 {
		return nil, fmt.Errorf("Store for scheme %s not found", o.DefaultStore)
	}
	p.addDirectory(store.StagingStore, dir)
	return p.set(false, def)
}

// set finishes, unless options had the wrong form.
func (p *opener) set(multi bool, def string) (*store.Set, error) {
	if len(p.wrong) > 0 {
		p.wrong.Sort()
		return nil, p.wrong
	}
	return store.NewSet(multi, def, p.stores...)
}

// fill reads options; it reports whether all were right.
func (p *opener) fill(options any, section string, fallback ...string) bool {
	err := p.src.Fill(options, section, fallback...)
	var wrong ini.ValueErrors
	if errors.As(err, &wrong) {
		p.wrong = append(p.wrong, wrong...)
	}
	return err == nil
}

// add opens a store of a type as its section says.
func (p *opener) add(n store.Named, typeName, section string, fallback ...string) {
	t, ok := named(typeName)
	if !ok {
		p.log.Warn("store left out: unknown type", "section", section, "type", typeName)
		return
	}
	options := t.Options()
	if !p.fill(options, section, fallback...) {
		return
	}
	driver, err := t.open(n.ID, options, p.log.With("store", n.ID))
	p.keep(n, driver, err)
}

// reserved are the options of the service's own stores. Their sections may
// hold every option of a store of files; only the directory means something.
type reserved struct {
	Datadir string `ini:"filesystem_store_datadir" help:"Directory of this store; it is made when it is missing."`
}

func (p *opener) addReserved(id string) {
	o := reserved{}
	p.src.Declare(&fileOptions{}, id)
	p.fill(&o, id)
	if o.Datadir == "" {
		o.Datadir = "/var/lib/glance/" + id
	}
	p.addDirectory(id, o.Datadir)
}

func (p *opener) addDirectory(id, dir string) {
	driver, err := file.Open(file.Config{Datadir: dir}, p.log.With("store", id))
	p.keep(store.Named{ID: id}, driver, err)
}

// keep takes a store as far as it works.
func (p *opener) keep(n store.Named, driver store.Driver, err error) {
	switch {
	case driver == nil:
		p.log.Warn("store left out", "store", n.ID, "error", err)
		return
	case err != nil:
		p.log.Warn("Failed to configure store correctly. Disabling add method.", "store", n.ID, "error", err)
		n.AddDisabled = true
	}
	n.Driver = driver
	p.stores = append(p.stores, n)
}
