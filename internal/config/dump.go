package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"glance/internal/ini"
)

const ruler = 80

// Dump is what the program logs at level DEBUG when it starts: all options, in
// the founding form (spec servers §4) or in that of oslo.config. Secrets and
// the passwords of URLs are masked. In the founding form the logger is root.
func (c *API) Dump() []string {
	if !c.Founding {
		return c.dump(c.sections())
	}
	rows := c.foundingRows(&c.Server.Listen, c.Server.BindPort)
	datadir := "/var/lib/glance/images/"
	if v, ok := c.Source.Value(storeSection, "filesystem_store_datadir"); ok {
		datadir = v.Text
	}
	return foundingDump(append(rows,
		row{"default_store", c.Stores.DefaultStore},
		row{"filesystem_store_datadir", datadir},
		row{"registry_host", c.Registry.RegistryHost},
		row{"registry_port", fmt.Sprint(c.Registry.RegistryPort)},
	))
}

// Dump is as that of API.
func (c *Registry) Dump() []string {
	if !c.Founding {
		return c.dump(c.sections())
	}
	rows := c.foundingRows(&c.Server.Listen, c.Server.BindPort)
	return foundingDump(append(rows, row{"sql_connection", python(MaskURL(c.Database.Connection))}))
}

type row struct{ name, value string }

func (l *Loaded) foundingRows(listen *Listen, port int) []row {
	file := l.Log.File
	if file == "" {
		file = l.Program + ".log"
	}
	return []row{
		{"debug", python(l.Log.Debug)},
		{"host", listen.BindHost},
		{"log_config", none(l.Log.LogConfig)},
		{"log_date_format", l.Log.DateFormat},
		{"log_dir", none(l.Log.Dir)},
		{"log_file", file},
		{"log_handler", l.Log.Handler},
		{"port", fmt.Sprint(port)},
		{"verbose", python(l.Log.Verbose)},
	}
}

func foundingDump(rows []row) []string {
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
	stars := strings.Repeat("*", ruler)
	lines := []string{stars, "Options:", "========"}
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("%-30s %s", r.name, r.value))
	}
	return append(lines, stars)
}

func (l *Loaded) dump(sections []section) []string {
	stars := strings.Repeat("*", ruler)
	lines := []string{
		stars,
		"Configuration options gathered from:",
		"command line args: " + python(l.Args),
		"config files: " + python(l.Files),
		strings.Repeat("=", ruler),
	}
	groups := l.optionRows(sections)
	for _, name := range slices.SortedFunc(maps.Keys(groups), defaultFirst) {
		rows := groups[name]
		slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.name, b.name) })
		for _, r := range rows {
			lines = append(lines, fmt.Sprintf("%-30s = %s", ini.Name{Section: name, Key: r.name}, r.value))
		}
	}
	return append(lines, stars)
}

func defaultFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == ini.DefaultSection:
		return -1
	case b == ini.DefaultSection:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

// optionRows are all options by section.
func (l *Loaded) optionRows(sections []section) map[string][]row {
	groups := map[string][]row{}
	known := map[ini.Name]bool{}
	for _, s := range sections {
		for _, o := range ini.Describe(s.options) {
			value := o.Value(s.options)
			text := python(value)
			switch {
			case value == "" && !o.HasDefault:
				text = python(nil)
			case o.Kind != ini.KindBool:
				text = maskValue(o.Name, text, o.Secret)
			}
			groups[s.name] = append(groups[s.name], row{o.Name, text})
			known[ini.Name{Section: s.name, Key: o.Name}] = true
		}
	}
	for name, value := range l.driverOptions(groups, known) {
		groups[name.Section] = append(groups[name.Section], row{name.Key, maskValue(name.Key, value, false)})
	}
	return groups
}

// driverOptions are what the files say to drivers: in [glance_store] and in the
// sections named by the operator.
func (l *Loaded) driverOptions(groups map[string][]row, known map[ini.Name]bool) map[ini.Name]string {
	found := map[ini.Name]string{}
	for _, f := range l.Source.Files() {
		for _, s := range f.Sections {
			_, ours := groups[s.Name]
			if (ours && s.Name != storeSection) || strings.Contains(s.Name, ":") {
				continue
			}
			for _, key := range s.Keys {
				name := ini.Name{Section: s.Name, Key: key.Name}
				if v, ok := l.Source.Value(s.Name, key.Name); ok && !known[name] {
					found[name] = v.Text
				}
			}
		}
	}
	return found
}

// none is a text option as the original prints it: unset is None.
func none(s string) string {
	if s == "" {
		return python(nil)
	}
	return s
}

// python writes a value as Python's str does.
func python(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case []string:
		return pythonList(v)
	case ini.MultiStr:
		return pythonList(v)
	case []int:
		return strings.ReplaceAll(fmt.Sprint(v), " ", ", ")
	case ini.Dict:
		items := make([]string, len(v))
		for i, p := range v {
			items[i] = fmt.Sprintf("'%s': '%s'", p.Key, p.Value)
		}
		return "{" + strings.Join(items, ", ") + "}"
	default:
		return fmt.Sprint(v)
	}
}

func pythonList(list []string) string {
	items := make([]string, len(list))
	for i, item := range list {
		items[i] = "'" + item + "'"
	}
	return "[" + strings.Join(items, ", ") + "]"
}
