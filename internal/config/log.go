package config

// Log says what is logged and where to. Source: spec config §3.3. The fields
// are those of oslolog.Options, so that one converts into the other.
type Log struct {
	Debug            bool   `ini:"debug" default:"false" cli:"d,debug" help:"Log at level DEBUG."`
	Verbose          bool   `ini:"verbose" default:"false" cli:"v,verbose" help:"Log at level INFO where the level is WARNING otherwise: in the founding form."`
	LogConfig        string `ini:"log_config_append" deprecated:"log-config,log_config" cli:"log-config-append,log-config" help:"File of Python's logging.config that replaces all other logging options."`
	DateFormat       string `ini:"log_date_format" default:"%Y-%m-%d %H:%M:%S" cli:"log-date-format" help:"Form of the time of a record (strftime)."`
	File             string `ini:"log_file" deprecated:"logfile" cli:"log-file,logfile" help:"File to log to."`
	Dir              string `ini:"log_dir" deprecated:"logdir" cli:"log-dir,logdir" help:"Directory of log_file; alone, the file is named after the program."`
	Handler          string `ini:"log_handler" default:"stream" choices:"stream,file,syslog" cli:"log-handler" help:"Where the founding form logs to."`
	UseSyslog        bool   `ini:"use_syslog" default:"false" cli:"use-syslog" help:"Log to syslog."`
	SyslogFacility   string `ini:"syslog_log_facility" default:"LOG_USER" cli:"syslog-log-facility" help:"Facility of the records in syslog."`
	UseJournal       bool   `ini:"use_journal" default:"false" cli:"use-journal" help:"Log to the systemd journal."`
	UseJSON          bool   `ini:"use_json" default:"false" cli:"use-json" help:"Write records as JSON."`
	UseStderr        bool   `ini:"use_stderr" default:"false" help:"Log to standard error besides a file."`
	Watch            bool   `ini:"watch_log_file" default:"false" cli:"watch-log-file" help:"Open log_file again when it was moved."`
	RotationType     string `ini:"log_rotation_type" default:"none" choices:"none,interval,size" fold:"true" help:"When to begin a new log_file."`
	RotateInterval   int    `ini:"log_rotate_interval" default:"1" min:"0" help:"Interval of rotation in units of log_rotate_interval_type; of Weekday, the day from 0, Monday, to 6."`
	RotateUnit       string `ini:"log_rotate_interval_type" default:"days" choices:"Seconds,Minutes,Hours,Days,Weekday,Midnight" fold:"true" help:"Unit of log_rotate_interval."`
	MaxFiles         int    `ini:"max_logfile_count" default:"30" min:"0" help:"Rotated files that are kept."`
	MaxSizeMB        int    `ini:"max_logfile_size_mb" default:"200" min:"1" help:"Size at which rotation by size begins a new file."`
	ContextFormat    string `ini:"logging_context_format_string" default:"%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(user_identity)s] %(instance)s%(message)s" help:"Layout of records that belong to a request."`
	DefaultFormat    string `ini:"logging_default_format_string" default:"%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s" help:"Layout of all other records."`
	UserIdentityForm string `ini:"logging_user_identity_format" default:"%(user)s %(project)s %(domain)s %(system_scope)s %(user_domain)s %(project_domain)s" help:"Layout of the caller in a record."`
}

// LogInternals are logging options without effect here.
type LogInternals struct {
	UseEventLog      bool     `ini:"use_eventlog" default:"false" accept:"true" help:"Log to the Windows event log."`
	Color            bool     `ini:"log_color" default:"false" accept:"true" help:"Colour the level."`
	DebugSuffix      string   `ini:"logging_debug_format_suffix" accept:"true" help:"Added to records of level DEBUG."`
	ExceptionPrefix  string   `ini:"logging_exception_prefix" accept:"true" help:"Put before the lines of a traceback."`
	InstanceFormat   string   `ini:"instance_format" accept:"true" help:"Layout of an instance in a record."`
	InstanceUUID     string   `ini:"instance_uuid_format" accept:"true" help:"Layout of an instance's id in a record."`
	DefaultLevels    []string `ini:"default_log_levels" accept:"true" help:"Levels of Python's libraries."`
	PublishErrors    bool     `ini:"publish_errors" default:"false" accept:"true" help:"Send errors as notifications."`
	FatalDeprecation bool     `ini:"fatal_deprecations" default:"false" accept:"true" help:"End at a deprecated call."`
	RateInterval     int      `ini:"rate_limit_interval" default:"0" accept:"true" help:"Seconds of the rate limit."`
	RateBurst        int      `ini:"rate_limit_burst" default:"0" accept:"true" help:"Records in that time."`
	RateExcept       string   `ini:"rate_limit_except_level" default:"CRITICAL" accept:"true" help:"Level that is never limited."`
}
