package oslolog

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// This file reads configurations of Python's logging.config.fileConfig, which
// --log-config names: loggers, handlers and formatters with the classes that
// files of the original use. Source: spec servers §4.

// openConfigured makes the handler that the file describes. Paths in it are
// relative to the working directory.
func openConfigured(prog string, isFounding bool, o *Options) (*Handler, error) {
	text, err := os.ReadFile(o.LogConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("Unable to locate specified logging config file: %s", o.LogConfig)
	}
	if err != nil {
		return nil, err
	}
	c := &configured{prog: prog, options: o, sections: iniSections(string(text)), core: newCore(isFounding, o)}
	if err := c.build(); err != nil {
		h := newFamily(c.core)
		_ = h.Close() // the first error is the one to tell
		return nil, fmt.Errorf("logging config file %s: %w", o.LogConfig, err)
	}
	return newFamily(c.core), nil
}

// iniSections is the little of Python's configparser that these files use.
func iniSections(text string) map[string]map[string]string {
	sections := map[string]map[string]string{}
	var keys map[string]string
	key := ""
	for line := range strings.Lines(text) {
		body := strings.TrimSpace(line)
		switch {
		case body == "" || body[0] == '#' || body[0] == ';':
		case line[0] == ' ' || line[0] == '\t':
			if key != "" {
				keys[key] += "\n" + body
			}
		case body[0] == '[':
			name := strings.Trim(body, "[]")
			if sections[name] == nil {
				sections[name] = map[string]string{}
			}
			keys, key = sections[name], ""
		case keys != nil:
			if at := strings.IndexAny(body, "=:"); at > 0 {
				key = strings.ToLower(strings.TrimSpace(body[:at]))
				keys[key] = strings.TrimSpace(body[at+1:])
			}
		}
	}
	return sections
}

// configured is the building of a handler from a file.
type configured struct {
	prog     string
	options  *Options
	sections map[string]map[string]string
	core     *core
	outputs  map[string]*output
}

func (c *configured) build() error {
	layouts := map[string]lineWriter{}
	for _, name := range c.keys("formatters") {
		l, err := c.formatter(c.sections["formatter_"+name])
		if err != nil {
			return fmt.Errorf("formatter %s: %w", name, err)
		}
		layouts[name] = l
	}
	c.outputs = map[string]*output{}
	for _, name := range c.keys("handlers") {
		out, err := c.handler(c.sections["handler_"+name], layouts)
		if err != nil {
			return fmt.Errorf("handler %s: %w", name, err)
		}
		c.outputs[name] = out
	}
	notset := slog.LevelDebug
	c.core.loggers = []*logger{{level: &notset}}
	for _, name := range c.keys("loggers") {
		if err := c.logger(name); err != nil {
			return fmt.Errorf("logger %s: %w", name, err)
		}
	}
	return nil
}

func (c *configured) keys(section string) []string {
	var names []string
	for name := range strings.SplitSeq(c.sections[section]["keys"], ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// formatter: format and datefmt, or a class of oslo.log.
func (c *configured) formatter(keys map[string]string) (lineWriter, error) {
	class := lastPart(keys["class"])
	format := orElse(keys["format"], "%(message)s")
	context := format
	if keys["format"] == "" && strings.HasSuffix(class, "ContextFormatter") {
		context, format = c.options.ContextFormat, c.options.DefaultFormat
	}
	text, err := newLayout(context, format, c.options.UserIdentityForm, orElse(keys["datefmt"], c.options.DateFormat))
	if err != nil || !strings.HasSuffix(class, "JSONFormatter") {
		return text, err
	}
	return newJSONLayout(text)
}

func (c *configured) handler(keys map[string]string, layouts map[string]lineWriter) (*output, error) {
	layout, ok := layouts[keys["formatter"]]
	if !ok {
		plain, err := newLayout("%(message)s", "%(message)s", "", "")
		if err != nil {
			return nil, err
		}
		layout = plain
	}
	level, err := parseLevel(keys["level"])
	if err != nil {
		return nil, err
	}
	s, err := c.sink(lastPart(keys["class"]), pythonArgs(keys["args"]))
	if err != nil {
		return nil, err
	}
	c.core.sinks = append(c.core.sinks, s)
	return &output{sink: s, layout: layout, level: level}, nil
}

// sink makes the sink of a handler class.
func (c *configured) sink(class string, args []string) (sink, error) {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	switch class {
	case "StreamHandler":
		if arg(0) == "sys.stdout" {
			return &stream{w: os.Stdout}, nil
		}
		return &stream{w: os.Stderr}, nil
	case "NullHandler":
		return &discard{}, nil
	case "SysLogHandler", "OSSysLogHandler":
		return c.syslog(args)
	case "FileHandler", "WatchedFileHandler":
		return openFile(arg(0), arg(1), &Options{Watch: class == "WatchedFileHandler"}, nil)
	case "RotatingFileHandler":
		limit, _ := strconv.ParseInt(arg(2), 10, 64) // anything else is no limit, as 0
		keep, _ := strconv.Atoi(arg(3))
		if limit <= 0 || keep <= 0 {
			return openFile(arg(0), arg(1), &Options{}, nil)
		}
		return openFile(arg(0), arg(1), &Options{}, &sizeRoller{limit: limit, keep: keep})
	default:
		return nil, fmt.Errorf("class %q is not known", class)
	}
}

func openFile(path, mode string, o *Options, roll roller) (sink, error) {
	if path == "" {
		return nil, fmt.Errorf("args should begin with the name of the file")
	}
	f, err := newFile(path, o)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(mode, "w") {
		if err := f.f.Truncate(0); err != nil {
			return nil, err
		}
		f.size = 0
	}
	f.roll = roll
	return f, nil
}

// syslog: ('/dev/log', facility) or (('host', port), facility).
func (c *configured) syslog(args []string) (sink, error) {
	s := &syslogSink{prog: c.prog}
	name := ""
	for i, arg := range args {
		switch {
		case strings.HasPrefix(arg, "/"):
			s.network, s.address = "unixgram", arg
		case arg == "SYSLOG_UDP_PORT" || arg == "handlers.SYSLOG_UDP_PORT":
			s.address += ":514"
		case i == 0:
			s.network, s.address = "udp", arg
		case strings.Trim(arg, "0123456789") == "" && s.network == "udp" && !strings.Contains(s.address, ":"):
			s.address += ":" + arg
		default:
			name = lastPart(arg)
		}
	}
	if s.network == "udp" && !strings.Contains(s.address, ":") {
		s.address += ":514"
	}
	var err error
	if s.facility, err = facility(name); err != nil {
		return nil, err
	}
	return dialSyslog(s)
}

func (c *configured) logger(name string) error {
	keys := c.sections["logger_"+name]
	l := c.core.loggers[0]
	if name != "root" {
		l = &logger{name: keys["qualname"], propagate: keys["propagate"] != "0"}
		if l.name == "" {
			return fmt.Errorf("has no qualname")
		}
		c.core.loggers = append(c.core.loggers, l)
	}
	if level := keys["level"]; level != "" && (level != "NOTSET" || name == "root") {
		n, err := parseLevel(level)
		if err != nil {
			return err
		}
		l.level = &n
	}
	for handler := range strings.SplitSeq(keys["handlers"], ",") {
		if handler = strings.TrimSpace(handler); handler == "" {
			continue
		}
		out, ok := c.outputs[handler]
		if !ok {
			return fmt.Errorf("handler %q is not in [handlers]", handler)
		}
		l.outputs = append(l.outputs, out)
	}
	return nil
}

func parseLevel(name string) (slog.Level, error) {
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "", "NOTSET", "DEBUG":
		return slog.LevelDebug, nil
	case "INFO":
		return slog.LevelInfo, nil
	case "WARNING", "WARN":
		return slog.LevelWarn, nil
	case "ERROR":
		return slog.LevelError, nil
	case "CRITICAL", "FATAL":
		return LevelCritical, nil
	}
	return 0, fmt.Errorf("level should be NOTSET, DEBUG, INFO, WARNING, ERROR or CRITICAL, found %q", name)
}

var pythonToken = regexp.MustCompile(`'([^']*)'|"([^"]*)"|([\w.]+)(\s*=)?`)

// pythonArgs lists the texts, numbers and names of an argument tuple, nested
// tuples flattened and the names of keyword arguments left out.
func pythonArgs(text string) []string {
	var args []string
	for _, m := range pythonToken.FindAllStringSubmatch(text, -1) {
		if m[4] == "" {
			args = append(args, m[1]+m[2]+m[3])
		}
	}
	return args
}

func lastPart(dotted string) string { return dotted[strings.LastIndexByte(dotted, '.')+1:] }

// discard is a handler of class NullHandler.
type discard struct{}

func (discard) write(slog.Level, []byte) error { return nil }
func (discard) reopen() error                  { return nil }
func (discard) close() error                   { return nil }
