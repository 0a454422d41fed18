package oslolog

import "log/slog"

// Keys of the attributes that have a place in the layout, and of those that
// all packages name alike.
const (
	Logger          = "logger"            // dotted name; text
	RequestID       = "request_id"        // text; with it the record has a request context
	GlobalRequestID = "global_request_id" // text
	UserIdentity    = "user_identity"     // Identity, or the finished text
	ImageID         = "image_id"
)

// LevelCritical is the level above slog.LevelError.
const LevelCritical = slog.LevelError + 4

// Identity is a caller as logging_user_identity_format takes it apart. Empty
// parts print as "-".
type Identity struct {
	User, Project, Domain, SystemScope, UserDomain, ProjectDomain string
}

// Options are the logging options of a program, by their names in the
// configuration (spec config §3.3); the zero value logs to standard error in
// the usual layout. The fields are those of config.Log, in the same order.
type Options struct {
	Debug            bool
	Verbose          bool
	LogConfig        string // file of Python's logging.config; replaces all else
	DateFormat       string // strftime; empty means %Y-%m-%d %H:%M:%S
	File             string
	Dir              string
	Handler          string // stream, file or syslog; of the founding form only
	UseSyslog        bool
	SyslogFacility   string // LOG_USER, user, …; empty means LOG_USER
	UseJournal       bool
	UseJSON          bool
	UseStderr        bool
	Watch            bool   // open File again when it was moved or removed
	RotationType     string // none, interval, size; empty means none
	RotateInterval   int
	RotateUnit       string // Seconds, Minutes, Hours, Days, Weekday, Midnight, in any case
	MaxFiles         int    // rotated files that are kept
	MaxSizeMB        int
	ContextFormat    string // of records with a request; empty means the usual one
	DefaultFormat    string // of records without
	UserIdentityForm string
}

// Formats of oslo.log, and the one of the founding document.
const (
	usualContext  = "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(user_identity)s] %(instance)s%(message)s"
	usualDefault  = "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s"
	usualIdentity = "%(user)s %(project)s %(domain)s %(system_scope)s %(user_domain)s %(project_domain)s"
	usualDate     = "%Y-%m-%d %H:%M:%S"
	founding      = "%(asctime)s %(levelname)8s [%(name)s] %(message)s"
)

// level is the least level that is logged: the founding form is silent about
// INFO unless verbose is on.
func (o *Options) level(isFounding bool) slog.Level {
	switch {
	case o.Debug:
		return slog.LevelDebug
	case isFounding && !o.Verbose:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// layout is the layout of a program's records; founding ones ignore requests.
func (o *Options) layout(isFounding bool) (lineWriter, error) {
	if isFounding {
		return newLayout(founding, founding, "", o.DateFormat)
	}
	text, err := newLayout(o.ContextFormat, o.DefaultFormat, o.UserIdentityForm, o.DateFormat)
	if err != nil || !o.UseJSON {
		return text, err
	}
	return newJSONLayout(text)
}

func levelName(l slog.Level) string {
	switch {
	case l >= LevelCritical:
		return "CRITICAL"
	case l >= slog.LevelError:
		return "ERROR"
	case l >= slog.LevelWarn:
		return "WARNING"
	case l >= slog.LevelInfo:
		return "INFO"
	default:
		return "DEBUG"
	}
}

// levelNumber is Python's number of a level.
func levelNumber(l slog.Level) int {
	switch {
	case l >= LevelCritical:
		return 50
	case l >= slog.LevelError:
		return 40
	case l >= slog.LevelWarn:
		return 30
	case l >= slog.LevelInfo:
		return 20
	default:
		return 10
	}
}
