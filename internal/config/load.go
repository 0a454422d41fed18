package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"glance/internal/ini"
)

// Loaded is what every program's configuration begins with.
type Loaded struct {
	Program string
	Source  *ini.Source // for stores and other owners of sections
	Files   []string    // configuration files, weakest first
	Args    []string    // the command line with secrets masked

	Founding bool // started the way of the founding document: its log and dump forms
	Embedded bool // the built-in configuration is in use

	CheckOnly bool   // of the servers: check the configuration, do not start
	User      string // of the servers: user[:group] to become

	Log       Log
	LogHidden LogInternals
}

// start reads the command line and all files.
func start(in Input, s spec) (*Loaded, *Args, error) {
	flags := slices.Concat(common(), optionFlags(ini.DefaultSection, Log{}), s.flags)
	args, err := ParseFlags(in.Prog, flags, in.Args, s.subcommands)
	if err != nil {
		return nil, nil, err
	}
	if _, ok := args.Value("help"); ok {
		return nil, nil, &Exit{Stdout: Usage(in.Prog, flags, s.words)}
	}
	if _, ok := args.Value("version"); ok {
		return nil, nil, &Exit{Stdout: in.Version + "\n"}
	}
	l := &Loaded{Program: in.Prog, Source: ini.NewSource(in.Environ), Args: args.Shown}
	if extra := s.unexpected(args.Rest); len(extra) > 0 {
		return nil, nil, usageError(in.Prog, flags, "unrecognized arguments: "+strings.Join(extra, " "))
	}
	l.Source.SetSearchDirs(in.searchDirs()...)
	if err := l.readFiles(&in, s, args); err != nil {
		return nil, nil, err
	}
	for _, g := range args.Given {
		if g.Flag.Option != "" {
			l.Source.SetArg(g.Flag.Section, g.Flag.Option, g.Value)
		}
	}
	l.takeServerFlags(args)
	l.olderStores()
	l.foundingSections()
	if err := l.olderIdentity(); err != nil {
		return nil, nil, err
	}
	l.Founding = l.isFounding(args)
	return l, args, nil
}

// readFiles reads what the command line names, or else what the environment
// names, or else what is found.
func (l *Loaded) readFiles(in *Input, s spec, args *Args) error {
	named := false
	var missing []string
	read := func(path string) error {
		named = true
		path = in.abs(path)
		err := l.readFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, path)
			return nil
		}
		return err
	}
	for _, g := range args.Given {
		var err error
		switch g.Flag.Names[0] {
		case "config-file":
			err = read(g.Value)
		case "config-dir":
			named = true
			err = l.readDir(in.abs(g.Value))
		}
		if err != nil {
			return err
		}
	}
	if s.confPath && len(args.Rest) == 1 {
		if err := read(args.Rest[0]); err != nil {
			return err
		}
	}
	dir := in.env("OS_GLANCE_CONFIG_DIR")
	_, embedded := args.Value("embedded")
	switch {
	case len(missing) > 0:
		return fileFailure("Failed to find some config files: "+strings.Join(missing, ","), fs.ErrNotExist)
	case named && embedded:
		return usageError(in.Prog, s.flags, "argument --embedded: not allowed with a configuration file")
	case named || embedded:
		return nil
	case dir != "" && s.envDir:
		return l.readEnvDir(in.abs(dir), s)
	default:
		return l.readFound(in.searchDirs(), s.files)
	}
}

// readEnvDir reads the directory of OS_GLANCE_CONFIG_DIR as the original's WSGI
// mode does: the image import file if there is one, then the program's.
func (l *Loaded) readEnvDir(dir string, s spec) error {
	err := l.readFile(filepath.Join(dir, "glance-image-import.conf"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	path := filepath.Join(dir, s.files[len(s.files)-1]+".conf")
	if err := l.readFile(path); errors.Is(err, fs.ErrNotExist) {
		return fileFailure("Failed to find some config files: "+path, fs.ErrNotExist)
	} else if err != nil {
		return err
	}
	return nil
}

// readFound reads the first hit of every name, then of every name's directory;
// without any, the first file of the founding form.
func (l *Loaded) readFound(dirs, names []string) error {
	names = append([]string{"glance"}, names...)
	for _, name := range names {
		if path, ok := firstHit(dirs, name+".conf", false); ok {
			if err := l.readFile(path); err != nil {
				return err
			}
		}
	}
	for _, name := range names {
		if dir, ok := firstHit(dirs, name+".conf.d", true); ok {
			if err := l.readDir(dir); err != nil {
				return err
			}
		}
	}
	if path, ok := firstHit(dirs, "glance.cnf", false); ok && len(l.Source.Files()) == 0 {
		return l.readFile(path)
	}
	return nil
}

func firstHit(dirs []string, name string, isDir bool) (string, bool) {
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.IsDir() == isDir {
			return path, true
		}
	}
	return "", false
}

func (l *Loaded) readFile(path string) error {
	err := l.Source.ReadFile(path)
	switch {
	case err == nil:
		l.Files = append(l.Files, path)
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return err
	default:
		return asFileFailure(err, "Failed to open some config files: "+path)
	}
}

func (l *Loaded) readDir(dir string) error {
	before := len(l.Source.Files())
	if err := l.Source.ReadDir(dir); err != nil {
		return asFileFailure(err, "Failed to read config file directory: "+dir)
	}
	for _, f := range l.Source.Files()[before:] {
		l.Files = append(l.Files, f.Name)
	}
	return nil
}

// asFileFailure keeps the text of a syntax error and says text of any other.
func asFileFailure(err error, text string) error {
	var syntax *ini.ParseError
	if errors.As(err, &syntax) {
		text = syntax.Error()
	}
	return fileFailure(text, err)
}

func fileFailure(text string, cause error) *Exit {
	return &Exit{Code: CodeFailure, Stderr: text + "\n", Cause: cause}
}

// foundingSections lets the [app:…] section of a file in the founding form come
// before [DEFAULT], and both stand in for the sections that did not exist then.
func (l *Loaded) foundingSections() {
	app := "app:" + l.Program
	if !l.Source.HasSection(app) {
		return
	}
	l.Source.SetPath(ini.DefaultSection, app, ini.DefaultSection)
	l.Source.SetPath(storeSection, storeSection, app, ini.DefaultSection)
	// The registry kept the metadata then; our API goes to its database itself.
	l.Source.SetPath(databaseSection, databaseSection, "app:glance-registry")
}

// isFounding: a glance.cnf, an [app:…] section or a flag of those days, and no
// option that only later releases know. Source: spec servers §4, "Log line".
func (l *Loaded) isFounding(args *Args) bool {
	for _, option := range []string{"use_json", "use_journal", "logging_context_format_string", "logging_default_format_string"} {
		if l.Source.IsSet(ini.DefaultSection, option) {
			return false
		}
	}
	_, verbose := args.Value("verbose")
	_, handler := args.Value("log-handler")
	cnf := slices.ContainsFunc(l.Files, func(path string) bool {
		return strings.HasPrefix(filepath.Base(path), "glance.cnf")
	})
	return verbose || handler || cnf || l.Source.HasSection("app:"+l.Program)
}

// section is one option struct and where it is filled from.
type section struct {
	name    string
	options any // pointer to a struct
}

// fill fills the option structs; all wrong values come in one error.
func (l *Loaded) fill(sections []section) error {
	for _, s := range sections {
		l.Source.Declare(s.options, s.name)
	}
	var wrong ini.ValueErrors
	for _, s := range sections {
		var some ini.ValueErrors
		if err := l.Source.Fill(s.options, s.name); errors.As(err, &some) {
			wrong = append(wrong, some...)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	wrong.Sort()
	exit := Fail(CodeOption, wrong)
	exit.Stderr = MaskURL(exit.Stderr) // it repeats what was found
	return exit
}

// FindFile resolves a file option as find_file does; a name that is found
// nowhere comes back as it is.
func (l *Loaded) FindFile(name string) string {
	if path, ok := l.Source.FindFile(name); ok && name != "" {
		return path
	}
	return name
}
