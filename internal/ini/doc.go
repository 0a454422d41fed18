// Package ini reads configuration: files in oslo.config syntax, paste.deploy
// files, the environment and command line values, merged into option structs.
//
// # Use
//
//	src := ini.NewSource(os.Environ())
//	err := src.ReadFile("/etc/glance/glance-api.conf") // any number, later files win
//	src.SetArg("DEFAULT", "debug", "true")             // the command line beats them
//
//	type Options struct {
//		BindPort int      `ini:"bind_port" default:"9292" min:"0" max:"65535" deprecated:"port" cli:"p,port" help:"Port to listen on."`
//		Password *string  `ini:"password" secret:"true"`
//		Methods  []string `ini:"enabled_import_methods" bounded:"true" default:"[glance-direct]"`
//		Backends ini.Dict `ini:"enabled_backends"`
//	}
//	var o Options
//	err = src.Fill(&o, "DEFAULT")                  // or: src.Fill(&o, "fast", "backend_defaults")
//
//	paste, err := ini.ParsePaste(path, text)
//	over := src.Overlay(paste.Options(paste.Section("filter", "authtoken"), "keystone_authtoken"))
//
// # Option structs
//
// Every exported field with an ini tag is an option; embedded structs are part
// of the struct around them, other fields are left alone. Field types: bool,
// int, int64, float64, string, []string and []int (comma lists; with
// bounded:"true" written in brackets), Dict (k:v,k2:v2 in order), MultiStr
// (the key may be repeated), and pointers to the scalar ones, which stay nil
// when the option is neither set nor has a default.
//
// Tags: ini (the name), default (in file form), min, max, choices (comma
// list), fold:"true" (choices in any case), deprecated (comma list of
// "group/name" or "name"), secret:"true" (the value never shows), cli (comma
// list of command line names, one letter = short), accept:"true" (read and
// checked, without effect), help.
//
// # Promises
//
// The rules of oslo.config hold: precedence is command line, environment
// (OS_<GROUP>__<OPTION>), files from last to first, default; a section is
// matched exactly first and in lower case second; deprecated names are looked
// up per file after the current one; $name and ${group.name} are replaced in
// values and defaults. Unknown options are ignored and listed by Unknown.
//
// Every value knows its file and line. Fill reports all wrong values at once
// (ValueErrors), each with option, place and what would be right, and never
// shows the value of a secret option. A struct with impossible tags is a
// programming mistake and panics.
//
// A Source is filled and read by one goroutine while a program starts; a
// reload makes a new one.
//
// Paste files (ParsePaste) become plain data: what their sections mean is not
// known here.
package ini
