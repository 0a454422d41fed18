// Package config turns command line, environment and configuration files into
// the option structs of each program.
//
//	in := config.Input{Prog: "glance-api", Version: version, Args: os.Args[1:], Environ: os.Environ()}
//	cfg, err := config.LoadAPI(in)            // *config.API
//	cfg, err := config.LoadRegistry(in)       // *config.Registry
//	cfg, args, err := config.LoadTool(in, flags, "COMMAND", true) // *config.API, its own flags in args
//	if err != nil {
//		return config.Report(err, os.Stdout, os.Stderr) // prints, returns the exit code
//	}
//	cfg.Server.BindPort; cfg.Database.Connection; cfg.Images.SizeCap; …
//	cfg.Log              // converts: oslolog.Options(cfg.Log)
//	cfg.Founding         // log and dump in the form of the founding document
//	cfg.Dump()           // lines to log at level DEBUG
//	cfg.FindFile(name)   // a relative file option, resolved
//	cfg.Source.Fill(&o, "fast", "backend_defaults") // what stores do for themselves
//
// Other errors of a program get their exit code with Fail:
//
//	return config.Fail(config.CodeStore, err)
//
// # Promises
//
// Both command lines work together: that of the founding document (CONFPATH,
// -H, -p, --registry-host, --default-store, …) and that of oslo.config
// (--config-file, --config-dir, --nodebug, unique prefixes, …). Precedence:
// command line, environment, [app:glance-api] of a founding file, [DEFAULT],
// defaults.
//
// Names and defaults of options are those of the original. Options marked
// accept are read and checked but do nothing here; unknown ones are ignored.
//
// All wrong values are reported at once, with file and line. Secrets never
// appear in errors, in Args or in Dump.
//
// # Adding an option
//
// Add a field with ini and help tags to the struct of its section, then run
// go run ./tools/samples. A new section is a struct and a line in sections().
package config
