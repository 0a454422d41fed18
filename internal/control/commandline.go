package control

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"glance/internal/config"
)

const (
	prog       = "glance-control"
	positional = "<SERVER> <COMMAND> [CONFPATH]"
	explained  = `
Where <SERVER> is one of:

    all, api, registry, scrubber

And command is one of:

    start, status, stop, shutdown, restart, reload, force-reload

And CONFPATH is the optional configuration file to use. Words behind it are
passed on to the server.
`
)

func servers() []string { return []string{"api", "registry", "scrubber"} }

// request is what a command line asks for.
type request struct {
	all     bool
	servers []string // full names; those that all always means
	command string

	pidFile    string // absolute; empty for the default
	awaitChild time.Duration
	respawn    bool
	capture    bool

	conf string   // absolute, to be shown; empty when none was named
	args []string // for the server
}

// flags are the options of glance-control; those after the first four and
// help and version are the server's.
func flags() []config.Flag {
	list := []config.Flag{
		{Names: []string{"help"}, Short: "h", Bool: true, Help: "show this help message and exit"},
		{Names: []string{"version"}, Bool: true, Help: "show program's version number and exit"},
		{Names: []string{"pid-file"}, Metavar: "PATH", Help: "File to use as pid file. Default: /var/run/glance/$server.pid."},
		{Names: []string{"await-child"}, Metavar: "DELAY", Help: "Seconds to wait for the server, 0 for as long as it takes; if it dies, its exit code is passed on."},
		{Names: []string{"capture-output"}, Bool: true, Twin: true, Help: "Capture stdout/err in syslog instead of discarding."},
		{Names: []string{"respawn"}, Bool: true, Twin: true, Help: "Restart service on unexpected death."},
		{Names: []string{"config-file"}, Metavar: "PATH", Help: "Configuration file of the server; may be repeated."},
		{Names: []string{"config-dir"}, Metavar: "DIR", Help: "Directory of configuration files of the server; may be repeated."},
		{Names: []string{"debug"}, Short: "d", Bool: true, Twin: true},
		{Names: []string{"verbose"}, Short: "v", Bool: true, Twin: true},
	}
	for _, name := range []string{"use-syslog", "use-journal", "use-json", "watch-log-file"} {
		list = append(list, config.Flag{Names: []string{name}, Bool: true, Twin: true})
	}
	for _, name := range []string{"log-config", "log-config-append", "log-handler", "log-date-format", "log-file", "logfile", "log-dir", "logdir", "syslog-log-facility"} {
		list = append(list, config.Flag{Names: []string{name}})
	}
	for i := range list {
		if list[i].Help == "" {
			list[i].Help = "Passed on to the server."
		}
	}
	return list
}

// parse reads the command line. The error is a *config.Exit, with code 0 for
// --help and --version.
func parse(args []string, version string) (*request, error) {
	before, err := config.ParseFlags(prog, flags(), args, true)
	if err != nil {
		return nil, err
	}
	behind, words, verbatim := split(before.Rest)
	given := slices.Concat(before.Given, behind)
	all := config.Args{Given: given}
	if _, ok := all.Value("help"); ok {
		return nil, &config.Exit{Stdout: config.Usage(prog, flags(), positional) + explained}
	}
	if _, ok := all.Value("version"); ok {
		return nil, &config.Exit{Stdout: version + "\n"}
	}
	if len(words) < 2 {
		return nil, refuse("usage: %s [options] %s\n%s", prog, positional, strings.TrimSuffix(explained, "\n"))
	}
	r := &request{}
	if err := r.words(words[0], words[1]); err != nil {
		return nil, err
	}
	if err := r.options(&all); err != nil {
		return nil, err
	}
	return r, r.forServer(given, words[2:], verbatim)
}

// refuse is era A's way of saying no: a text and exit code 1.
func refuse(format string, args ...any) *config.Exit {
	return &config.Exit{Code: config.CodeFailure, Stderr: fmt.Sprintf(format+"\n", args...)}
}

// split takes glance-control's options out of words, up to a "--"; what stands
// behind that is the server's.
func split(words []string) (given []config.Given, rest, verbatim []string) {
	for len(words) > 0 && words[0] != "--" {
		if known, n := leading(words); n > 0 {
			given = append(given, known...)
			words = words[n:]
			continue
		}
		rest = append(rest, words[0])
		words = words[1:]
	}
	return given, rest, words[min(1, len(words)):]
}

// leading reads one known option at the head of words, alone or with a value,
// and says how many words that are.
func leading(words []string) ([]config.Given, int) {
	if !strings.HasPrefix(words[0], "-") {
		return nil, 0
	}
	for n := 1; n <= min(2, len(words)); n++ {
		if args, err := config.ParseFlags(prog, flags(), words[:n], true); err == nil && len(args.Rest) == 0 {
			return args.Given, n
		}
	}
	return nil, 0
}

func (r *request) words(server, command string) error {
	server, command = strings.ToLower(server), strings.ToLower(command)
	name := strings.TrimPrefix(server, "glance-")
	switch {
	case server == "all":
		r.all = true
		r.servers = []string{"glance-api", "glance-registry"}
	case slices.Contains(servers(), name):
		r.servers = []string{"glance-" + name}
	default:
		return refuse("Unknown server '%s' specified. Please specify all, or one of the servers: %s", server, strings.Join(servers(), ", "))
	}
	r.command = command
	if _, ok := commands()[command]; !ok {
		return refuse("Unknown command %s specified. Please specify a command in this list: %s", command,
			"start, status, stop, shutdown, restart, reload, force-reload")
	}
	return nil
}

func (r *request) options(given *config.Args) error {
	isSet := func(name string) bool {
		value, _ := given.Value(name)
		return value == "true"
	}
	r.respawn, r.capture = isSet("respawn"), isSet("capture-output")
	if text, ok := given.Value("await-child"); ok {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 0 {
			return &config.Exit{Code: config.CodeUsage, Stderr: fmt.Sprintf("%s: error: argument --await-child: invalid int value: '%s'\n", prog, text)}
		}
		r.awaitChild = time.Duration(seconds) * time.Second
	}
	if r.awaitChild > 0 && r.respawn {
		return refuse("--await-child and --respawn are mutually exclusive")
	}
	path, ok := given.Value("pid-file")
	if !ok {
		return nil
	}
	if r.all {
		return refuse("--pid-file is for one server, not for all of them")
	}
	var err error
	r.pidFile, err = filepath.Abs(path)
	return err
}

// forServer collects the words that the server gets.
func (r *request) forServer(given []config.Given, words, verbatim []string) error {
	for _, g := range given {
		name := g.Flag.Names[0]
		switch {
		case slices.Contains([]string{"pid-file", "await-child", "capture-output", "respawn"}, name):
		case name == "config-file", name == "config-dir":
			path, err := absolute(g.Value)
			if err != nil {
				return err
			}
			if name == "config-file" {
				r.conf = path
			}
			r.args = append(r.args, "--"+name, path)
		case g.Flag.Bool && g.Value == "false":
			r.args = append(r.args, "--no"+name)
		case g.Flag.Bool:
			r.args = append(r.args, "--"+name)
		default:
			r.args = append(r.args, "--"+name, g.Value)
		}
	}
	if len(words) > 0 && !strings.HasPrefix(words[0], "-") && r.starts() {
		path, err := absolute(words[0])
		if err != nil {
			return err
		}
		if _, err := os.Stat(path); err != nil {
			return errors.Join(refuse("%s", noConf), err)
		}
		r.conf = path
		r.args = append(r.args, "--config-file", path)
		words = words[1:]
	}
	r.args = slices.Concat(r.args, words, verbatim)
	return nil
}

func (r *request) starts() bool { return r.command == "start" || r.command == "restart" }

const noConf = "Could not find any configuration file to use!"

// absolute also expands ~, which a shell leaves alone behind a "=".
func absolute(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(home, rest)
	}
	return filepath.Abs(path)
}
