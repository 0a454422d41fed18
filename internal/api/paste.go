package api

import (
	_ "embed" // for the built-in pipelines
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"glance/internal/ini"
)

//go:embed glance-api-paste.ini
var builtInText string

// BuiltInPaste is the text of the paste file that holds when there is none:
// that of the current release, with API v1 and the registry.
func BuiltInPaste() string { return builtInText }

// Pipeline builds what a paste file calls program, or program-flavor when a
// flavor is given; program is glance-api or glance-registry. A nil file stands
// for BuiltInPaste. Errors name the file, the line and what is wrong there.
//
// All shapes of section that a shipped file of any release has are understood,
// and those that paste.deploy allows besides: app, composite, pipeline, filter
// and filter-app; use with egg:, call:, config: or another section; set, get,
// filter-with (spec servers §3, config §5).
func Pipeline(file *ini.Paste, program, flavor string, parts Parts) (http.Handler, error) {
	b := &builder{parts: &parts, program: program, flavor: flavor, apps: appFactories(), filters: filterFactories()}
	name := b.flavored()
	if file == nil {
		var err error
		if file, err = builtInPaste(); err != nil {
			return nil, err
		}
	}
	app, err := b.app(scope{file: file}, name, place{})
	if err != nil {
		return nil, &loadError{name: name, file: file.File, err: err}
	}
	return app, nil
}

// loadError has the original's words, which operators look for.
type loadError struct {
	name, file string
	err        error
}

func (e *loadError) Error() string {
	return "Unable to load " + e.name + " from configuration file " + e.file + ".\nGot: " + e.err.Error()
}

func (e *loadError) Unwrap() error { return e.err }

func builtInPaste() (*ini.Paste, error) {
	return ini.ParsePaste("glance-api-paste.ini (built in)", []byte(builtInText))
}

// builder builds one application out of the sections of a file.
type builder struct {
	parts           *Parts
	program, flavor string
	apps            map[string]appFactory
	filters         map[string]filterFactory
	open            []string // sections being built
}

func (b *builder) flavored() string {
	if b.flavor == "" {
		return b.program
	}
	return b.program + "-" + b.flavor
}

// scope is where names are looked up, and the global values that the sections
// around set.
type scope struct {
	file   *ini.Paste
	global map[string]string
}

// Kinds of sections that are applications, and filters, for paste.deploy.
var (
	appKinds    = []string{"app", "application", "composite", "composit", "pipeline", "filter-app"} //nolint:misspell // paste.deploy takes this spelling too
	filterKinds = []string{"filter"}
)

// section is a paste section after use, set and get are worked out.
type section struct {
	kind    string
	factory string // empty for a pipeline
	Options
}

// resolve finds and works out a section.
func (b *builder) resolve(in scope, name string, kinds []string) (*section, error) {
	var s *ini.PasteSection
	for _, kind := range kinds {
		if s = in.file.Section(kind, name); s != nil {
			break
		}
	}
	if s == nil {
		return nil, fmt.Errorf("LookupError: no section %q (prefixed by %s) found in %s", name, strings.Join(kinds, " or "), in.file.File)
	}
	out := &section{kind: s.Kind}
	out.Where, out.Name = ini.Pos{File: in.file.File, Line: s.Line}, s.Kind+":"+s.Name
	if err := b.enter(out.Options); err != nil {
		return nil, err
	}
	defer b.leave()

	globals := map[string]string{}
	for _, key := range in.file.Global {
		globals[key.Name] = key.Value
	}
	maps.Copy(globals, in.global)
	for _, key := range s.Keys {
		if key.Mode == ini.PasteSet {
			globals[key.Name] = key.Value
		}
	}
	out.scope = scope{in.file, globals}
	out.Values = maps.Clone(globals)
	if use, ok := s.Get("use"); ok {
		if err := b.use(out, ini.ParseUse(use.Value), kinds); err != nil {
			return nil, err
		}
	}
	out.take(s, globals)
	return out, nil
}

func (b *builder) enter(o Options) error {
	id := o.Where.File + " " + o.Name
	if slices.Contains(b.open, id) {
		return o.errorf("is part of itself")
	}
	b.open = append(b.open, id)
	return nil
}

func (b *builder) leave() { b.open = b.open[:len(b.open)-1] }

// use lets a section build on a factory or on another section.
func (b *builder) use(out *section, use ini.PasteUse, kinds []string) error {
	in := out.scope
	switch use.Scheme {
	case "egg":
		out.factory = "egg:" + strings.ToLower(use.Target) + "#" + use.Name
		return nil
	case "call":
		out.factory = use.Target
		return nil
	case "":
	case "config":
		if b.parts.Load == nil {
			return out.errorf("uses another file, which is not possible here")
		}
		file, err := b.parts.Load(use.Target, in.file.File)
		if err != nil {
			return out.errorf("%w", err)
		}
		in, use.Target = scope{file, in.global}, use.Name
	default:
		return out.errorf("use = %s:… is not understood", use.Scheme)
	}
	from, err := b.resolve(in, use.Target, kinds)
	if err != nil {
		return out.errorf("%w", err)
	}
	from.Where, from.Name = out.Where, out.Name
	*out = *from
	return nil
}

// take adds the keys of a section to those it builds on. globals are its own.
func (out *section) take(s *ini.PasteSection, globals map[string]string) {
	for _, key := range s.Keys {
		value := key.Value
		switch {
		case key.Mode == ini.PasteLocal && key.Name == "use":
			continue
		case key.Mode == ini.PasteSet:
			out.scope.global[key.Name] = value
			if _, ok := out.own(key.Name); !ok {
				out.Values[key.Name] = value
			}
			continue
		case key.Mode == ini.PasteGet:
			value = globals[key.Value]
		case slices.Contains(factoryKeys, key.Name):
			out.factory = strings.TrimSpace(value)
			continue
		}
		if !slices.Contains(out.keys, key.Name) {
			out.keys = append(out.keys, key.Name)
		}
		out.Values[key.Name] = value
	}
	// Releases 2012.1 to 2013.1 name the class in a key of its own.
	switch out.factory {
	case "glance.common.wsgi:app_factory":
		out.factory = out.Values["glance.app_factory"]
	case "glance.common.wsgi:filter_factory":
		out.factory = out.Values["glance.filter_factory"]
	}
}

var factoryKeys = []string{
	"paste.app_factory", "paste.composite_factory", "paste.composit_factory", "paste.filter_factory", "paste.filter_app_factory",
}

// app builds an application by name.
func (b *builder) app(in scope, name string, at place) (http.Handler, error) {
	s, err := b.resolve(in, name, appKinds)
	if err != nil {
		return nil, err
	}
	if err := b.enter(s.Options); err != nil {
		return nil, err
	}
	defer b.leave()
	if with, ok := s.own("filter-with"); ok {
		return b.filtered(s.Options, []string{with}, at, func(at place) (http.Handler, error) { return b.section(s, at) })
	}
	return b.section(s, at)
}

func (b *builder) section(s *section, at place) (http.Handler, error) {
	switch {
	case s.kind == "pipeline" && s.factory == "":
		list, _ := s.own("pipeline")
		return b.pipeline(s.Options, strings.Fields(list), at)
	case s.kind == "filter-app":
		next, _ := s.own("next")
		return b.wrap([]*section{s}, at, func(at place) (http.Handler, error) { return b.app(s.scope, next, at) })
	case s.factory == "":
		return nil, s.errorf("names no factory")
	}
	build, ok := b.apps[s.factory]
	if !ok {
		return nil, unknownFactory(s.Options, "application", s.factory)
	}
	return build(b, s.Options, at)
}

// pipeline builds filters with an application at the end.
func (b *builder) pipeline(o Options, list []string, at place) (http.Handler, error) {
	if len(list) == 0 {
		return nil, o.errorf("is an empty pipeline")
	}
	last := len(list) - 1
	return b.filtered(o, list[:last], at, func(at place) (http.Handler, error) { return b.app(o.scope, list[last], at) })
}

// filtered puts filters, by name, in front of what inner builds.
func (b *builder) filtered(o Options, list []string, at place, inner func(place) (http.Handler, error)) (http.Handler, error) {
	filters := make([]*section, len(list))
	for i, name := range list {
		var err error
		if filters[i], err = b.resolve(o.scope, name, filterKinds); err != nil {
			return nil, o.errorf("%w", err)
		}
	}
	return b.wrap(filters, at, inner)
}

func (b *builder) wrap(filters []*section, at place, inner func(place) (http.Handler, error)) (http.Handler, error) {
	made := make([]Middleware, len(filters))
	for i, s := range filters {
		at.tokens = at.tokens || slices.Contains(tokenFilters, s.factory)
		at.identified = at.identified || slices.Contains(identifyingFilters, s.factory)
		build, ok := b.filters[s.factory]
		if !ok {
			return nil, unknownFactory(s.Options, "filter", s.factory)
		}
		var err error
		if made[i], err = build(b, s.Options, at); err != nil {
			return nil, err
		}
	}
	app, err := inner(at)
	if err != nil {
		return nil, err
	}
	for _, m := range slices.Backward(made) {
		app = m(app)
	}
	return app, nil
}

// urlMap mounts applications by the keys of the section that are paths.
// Applications that are switched off are left out.
func urlMap(b *builder, o Options, at place) (http.Handler, error) {
	m := &URLMap{}
	for _, key := range o.keys {
		switch {
		case strings.HasPrefix(key, "domain "), strings.HasPrefix(key, "port "):
			return nil, o.errorf("mounts by host name or port (%s), which is not possible here", key)
		case !strings.HasPrefix(key, "/"):
			continue
		}
		below := at
		below.prefix += strings.TrimRight(key, "/")
		app, err := b.app(o.scope, strings.TrimSpace(o.Values[key]), below)
		switch {
		case errors.Is(err, errSwitchedOff):
		case err != nil:
			return nil, err
		default:
			m.Mount(key, app)
		}
	}
	// Paste files of today name no API v1, which an option may want all the same.
	if b.parts.V1 != nil && slices.Contains(o.keys, "/v2") && !slices.Contains(o.keys, "/v1") {
		m.Mount("/v1", b.parts.V1)
	}
	return m, nil
}

// flavors is the composite whose keys are pipelines, one for each flavor.
func flavors(b *builder, o Options, at place) (http.Handler, error) {
	flavor := b.flavor
	if flavor == "" {
		flavor = "default"
	}
	list, ok := o.own(flavor)
	if !ok {
		return nil, o.errorf("has no pipeline for flavor %q, only for %s", flavor, strings.Join(o.keys, ", "))
	}
	return b.pipeline(o, strings.Fields(list), at)
}

// root is everything a glance-api serves, below the filters.
func (b *builder) root() http.Handler {
	m := &URLMap{}
	m.Mount("/", b.parts.Versions)
	if b.parts.V1 != nil {
		m.Mount("/v1", b.parts.V1)
	}
	if b.parts.V2 != nil {
		m.Mount("/v2", b.parts.V2)
	}
	return m
}

// builtIn is the built-in glance-api of the flavor, for a section that stands
// for all of it.
func (b *builder) builtIn(o Options) (http.Handler, error) {
	file, err := builtInPaste()
	if err != nil {
		return nil, err
	}
	app, err := b.app(scope{file: file}, b.flavored(), place{})
	if err != nil {
		return nil, o.errorf("%w", err)
	}
	return app, nil
}
