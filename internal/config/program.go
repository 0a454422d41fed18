package config

import (
	"os"
	"path/filepath"
	"strings"

	"glance/internal/ini"
)

// Input is what a program is started with.
type Input struct {
	Prog    string   // glance-api; also the name in usage texts
	Version string   // printed by --version
	Args    []string // without the program's name
	Environ []string // in the form of os.Environ
	Dir     string   // working directory; empty means the process's

	// SystemDirs are searched for configuration files after the user's own;
	// nil means /etc/glance and /etc.
	SystemDirs []string
}

func (in *Input) env(name string) string {
	for _, entry := range in.Environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// abs makes a file name absolute, ~ included.
func (in *Input) abs(path string) string {
	if path == "~" || strings.HasPrefix(path, "~/") {
		path = in.env("HOME") + path[1:]
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	dir := in.Dir
	if dir == "" {
		// Without a working directory relative names cannot work anyway.
		dir, _ = os.Getwd()
	}
	return filepath.Join(dir, path)
}

// searchDirs are the places of configuration files, the first hit wins.
// Source: spec servers §3, "For us".
func (in *Input) searchDirs() []string {
	dirs := []string{in.abs(".")}
	if home := in.env("HOME"); home != "" {
		dirs = append(dirs, filepath.Join(home, ".glance"), home)
	}
	if in.SystemDirs != nil {
		dirs = append(dirs, in.SystemDirs...)
	} else {
		dirs = append(dirs, "/etc/glance", "/etc")
	}
	for _, name := range []string{"SNAP_COMMON", "SNAP"} {
		if dir := in.env(name); dir != "" {
			dirs = append(dirs, filepath.Join(dir, "etc/glance"))
		}
	}
	return dirs
}

// spec is what is particular to one program.
type spec struct {
	files       []string // its configuration files without .conf, weakest first
	confPath    bool     // takes one positional configuration file
	envDir      bool     // reads the directory of OS_GLANCE_CONFIG_DIR
	subcommands bool     // the first other word ends the common flags
	words       string   // positional arguments in the usage line; empty means none
	flags       []Flag
}

// unexpected are the words that the program does not take.
func (s *spec) unexpected(words []string) []string {
	switch {
	case s.confPath:
		return words[min(1, len(words)):]
	case s.words == "":
		return words
	default:
		return nil
	}
}

// common are the flags that every program has.
func common() []Flag {
	return []Flag{
		{Names: []string{"help"}, Short: "h", Bool: true, Help: "show this help message and exit"},
		{Names: []string{"version"}, Bool: true, Help: "show program's version number and exit"},
		{Names: []string{"config-file"}, Metavar: "PATH", Help: "Path to a config file to use. Multiple config files can be specified, with values in later files taking precedence."},
		{Names: []string{"config-dir"}, Metavar: "DIR", Help: "Path to a config directory to pull *.conf files from. This file set is sorted, so as to provide a predictable parse order if individual options are over-ridden. The set is parsed after the file(s) specified via previous --config-file, arguments hence over-ridden options in the directory take precedence."},
	}
}

// optionFlags are the flags of the options that have a cli tag.
func optionFlags(section string, options any) []Flag {
	var list []Flag
	for _, o := range ini.Describe(options) {
		if len(o.CLI) == 0 {
			continue
		}
		f := Flag{
			Bool: o.Kind == ini.KindBool, Twin: o.Kind == ini.KindBool,
			Secret: o.Secret, Help: o.Help, Section: section, Option: o.Name,
		}
		for _, name := range o.CLI {
			if len(name) == 1 {
				f.Short = name
			} else {
				f.Names = append(f.Names, name)
			}
		}
		list = append(list, f)
	}
	return list
}

// datadirFlag belongs to an option of the file store, which only that store
// knows.
func datadirFlag() Flag {
	return Flag{
		Names: []string{"filesystem-store-datadir"}, Metavar: "DIR",
		Help: "Directory of image data of the file store.", Section: storeSection, Option: "filesystem_store_datadir",
	}
}

const (
	storeSection    = "glance_store"
	databaseSection = "database"
)
