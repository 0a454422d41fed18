package config

import "glance/internal/ini"

// ImageFormat is [image_format]. Source: spec formats §1.
type ImageFormat struct {
	ContainerFormats []string `ini:"container_formats" default:"ami,ari,aki,bare,ovf,ova,docker,compressed" deprecated:"DEFAULT/container_formats" help:"Values of container_format."`
	DiskFormats      []string `ini:"disk_formats" default:"ami,ari,aki,vhd,vhdx,vmdk,raw,qcow2,vdi,iso,ploop" deprecated:"DEFAULT/disk_formats" help:"Values of disk_format."`
	VMDKTypes        []string `ini:"vmdk_allowed_types" default:"streamOptimized,monolithicSparse" help:"Subformats of vmdk that are converted."`
	RequireMatch     bool     `ini:"require_image_format_match" default:"true" help:"Refuse data that is not of the image's disk_format."`
	GPTNonfatal      []string `ini:"gpt_safety_checks_nonfatal" default:"" help:"Safety checks of GPT disks that may fail."`
}

// Task is [task].
type Task struct {
	TimeToLive int    `ini:"task_time_to_live" default:"48" min:"0" deprecated:"DEFAULT/task_time_to_live" help:"Hours that a finished task is kept."`
	Executor   string `ini:"task_executor" default:"taskflow" accept:"true" help:"What runs tasks."`
	WorkDir    string `ini:"work_dir" help:"Directory for the work on legacy import tasks."`
}

// TaskFlow is [taskflow_executor].
type TaskFlow struct {
	EngineMode       string `ini:"engine_mode" default:"parallel" choices:"serial,parallel" accept:"true" help:"How the steps of a task are run."`
	MaxWorkers       int    `ini:"max_workers" default:"10" min:"1" accept:"true" help:"Steps that are run at the same time."`
	ConversionFormat string `ini:"conversion_format" choices:"qcow2,raw,vmdk," help:"Format that legacy import tasks convert to."`
}

// WSGI is [wsgi].
type WSGI struct {
	TaskPoolThreads int    `ini:"task_pool_threads" default:"16" min:"1" help:"Tasks that are run at the same time."`
	Python          string `ini:"python_interpreter" accept:"true" help:"Python interpreter of the WSGI server."`
}

// PasteDeploy is [paste_deploy].
type PasteDeploy struct {
	Flavor     string `ini:"flavor" help:"Which pipeline is served: keystone, keystone+caching, …; unset means no identity service."`
	ConfigFile string `ini:"config_file" help:"Paste file; unset means the last configuration file's name with -paste.ini."`
}

// Stores are the options of [glance_store] that belong to no driver. The
// drivers fill their own from the same section. Source: spec stores §1.
type Stores struct {
	DefaultBackend string   `ini:"default_backend" help:"Store of enabled_backends that takes data when the client names none."`
	Stores         []string `ini:"stores" default:"file,http" help:"Store types, without enabled_backends."`
	DefaultStore   string   `ini:"default_store" default:"file" choices:"file,filesystem,http,https,swift,swift+http,swift+https,swift+config,rbd,cinder,vsphere,s3" cli:"default-store" help:"Where data goes, without enabled_backends."`
}

// ImportOptions is [image_import_opts].
type ImportOptions struct {
	Plugins     []string `ini:"image_import_plugins" bounded:"true" default:"[]" help:"Steps done to imported data, in order."`
	MaxParallel int      `ini:"max_parallel_stores" default:"1" min:"1" help:"Stores that an import writes at the same time."`
}

// ImportFilter is [import_filtering_opts]: which URLs web-download may read.
type ImportFilter struct {
	AllowedSchemes    []string `ini:"allowed_schemes" bounded:"true" default:"[http,https]" help:"Schemes that are allowed."`
	DisallowedSchemes []string `ini:"disallowed_schemes" bounded:"true" default:"[]" help:"Schemes that are not, unless allowed ones are named."`
	AllowedHosts      []string `ini:"allowed_hosts" bounded:"true" default:"[]" help:"Hosts that are allowed."`
	DisallowedHosts   []string `ini:"disallowed_hosts" bounded:"true" default:"[]" help:"Hosts that are not, unless allowed ones are named."`
	AllowedPorts      []int    `ini:"allowed_ports" bounded:"true" default:"[80,443]" min:"0" max:"65535" help:"Ports that are allowed."`
	DisallowedPorts   []int    `ini:"disallowed_ports" bounded:"true" default:"[]" min:"0" max:"65535" help:"Ports that are not, unless allowed ones are named."`
}

// InjectMetadata is [inject_metadata_properties].
type InjectMetadata struct {
	IgnoreUserRoles []string `ini:"ignore_user_roles" default:"admin" help:"Roles whose imports are left alone."`
	Inject          ini.Dict `ini:"inject" default:"" help:"Properties given to imported images, as name:value,…"`
}

// ImageConversion is [image_conversion].
type ImageConversion struct {
	OutputFormat string `ini:"output_format" default:"raw" choices:"qcow2,raw,vmdk" help:"Format that the image_conversion plugin converts to."`
}

// GlanceDownload is [glance_download_properties].
type GlanceDownload struct {
	Extra []string `ini:"extra_properties" bounded:"true" default:"[hw_,trait:,os_distro,os_secure_boot,os_type]" help:"Beginnings of properties that glance-download copies."`
}

// Profiler is [profiler].
type Profiler struct {
	Enabled          bool     `ini:"enabled" default:"false" accept:"true" help:"Trace requests."`
	TraceSQLAlchemy  bool     `ini:"trace_sqlalchemy" default:"false" accept:"true" help:"Trace SQL statements."`
	HMACKeys         string   `ini:"hmac_keys" default:"SECRET_KEY" secret:"true" accept:"true" help:"Keys of trace headers."`
	ConnectionString string   `ini:"connection_string" default:"messaging://" secret:"true" accept:"true" help:"Where traces go."`
	ESDocType        string   `ini:"es_doc_type" default:"notification" accept:"true" help:"Document type in Elasticsearch."`
	ESScrollTime     string   `ini:"es_scroll_time" default:"2m" accept:"true" help:"Scroll time of Elasticsearch."`
	ESScrollSize     int      `ini:"es_scroll_size" default:"10000" accept:"true" help:"Scroll size of Elasticsearch."`
	SocketTimeout    float64  `ini:"socket_timeout" default:"0.1" accept:"true" help:"Seconds to wait for Redis."`
	SentinelService  string   `ini:"sentinel_service_name" default:"mymaster" accept:"true" help:"Name of the Redis service."`
	FilterErrorTrace bool     `ini:"filter_error_trace" default:"false" accept:"true" help:"Keep traces of errors apart."`
	Ignored          []string `ini:"trace_requests" accept:"true" help:"Libraries whose requests are traced."`
}

// Reports is [oslo_reports].
type Reports struct {
	LogDir       string `ini:"log_dir" help:"Directory of the reports that USR2 asks for; unset means log_dir of the log, else standard error."`
	EventHandler string `ini:"file_event_handler" accept:"true" help:"File whose change asks for a report."`
	Interval     int    `ini:"file_event_handler_interval" default:"1" accept:"true" help:"Seconds between looks at that file."`
}

// Concurrency is [oslo_concurrency].
type Concurrency struct {
	LockPath string `ini:"lock_path" accept:"true" help:"Directory of lock files."`
	Disable  bool   `ini:"disable_process_locking" default:"false" accept:"true" help:"Do not lock between processes."`
}

// Policy is [oslo_policy].
type Policy struct {
	File               string       `ini:"policy_file" default:"policy.yaml" help:"Rules that replace the defaults; the file need not exist."`
	Dirs               ini.MultiStr `ini:"policy_dirs" default:"policy.d" help:"Directories of more rules."`
	DefaultRule        string       `ini:"policy_default_rule" default:"default" help:"Rule used where one is not defined."`
	EnforceNewDefaults bool         `ini:"enforce_new_defaults" default:"true" help:"Do not accept what only the rules of earlier releases allow."`
	EnforceScope       bool         `ini:"enforce_scope" default:"true" help:"Refuse tokens of the wrong scope."`
	RemoteContentType  string       `ini:"remote_content_type" default:"application/x-www-form-urlencoded" choices:"application/x-www-form-urlencoded,application/json" help:"Body of http: checks."`
	RemoteVerify       bool         `ini:"remote_ssl_verify_server_crt" default:"false" help:"Verify the server of https: checks."`
	RemoteCAFile       string       `ini:"remote_ssl_ca_crt_file" help:"Authorities to trust for https: checks."`
	RemoteClientCert   string       `ini:"remote_ssl_client_crt_file" help:"Client certificate for https: checks."`
	RemoteClientKey    string       `ini:"remote_ssl_client_key_file" help:"Private key of that certificate."`
	RemoteTimeout      float64      `ini:"remote_timeout" default:"60" min:"0" help:"Seconds that http: checks may take."`
}

// CORS is [cors], with the defaults that Glance sets.
type CORS struct {
	AllowedOrigin    []string `ini:"allowed_origin" help:"Origins that may read answers; * means all."`
	AllowCredentials bool     `ini:"allow_credentials" default:"true" help:"Let scripts send credentials."`
	ExposeHeaders    []string `ini:"expose_headers" default:"X-Image-Meta-Checksum,X-Auth-Token,X-Subject-Token,X-Service-Token,X-OpenStack-Request-ID" help:"Headers that scripts may read."`
	MaxAge           int      `ini:"max_age" default:"3600" help:"Seconds that a preflight answer is valid."`
	AllowMethods     []string `ini:"allow_methods" default:"GET,PUT,POST,DELETE,PATCH" help:"Methods that scripts may use."`
	AllowHeaders     []string `ini:"allow_headers" default:"Content-MD5,X-Image-Meta-Checksum,X-Storage-Token,Accept-Encoding,X-Auth-Token,X-Identity-Status,X-Roles,X-Service-Catalog,X-User-Id,X-Tenant-Id,X-OpenStack-Request-ID" help:"Headers that scripts may send."`
}

// Middleware is [oslo_middleware].
type Middleware struct {
	ProxyHeaders   bool   `ini:"enable_proxy_headers_parsing" default:"false" help:"Believe Forwarded and X-Forwarded-* headers."`
	MaxBodySize    int    `ini:"max_request_body_size" default:"114688" min:"0" accept:"true" help:"Largest body of other services."`
	SecureProxySSL string `ini:"secure_proxy_ssl_header" default:"X-Forwarded-Proto" accept:"true" help:"Header that tells the protocol of the original request."`
	BasicAuthFile  string `ini:"http_basic_auth_user_file" default:"/etc/htpasswd" accept:"true" help:"Users of basic authentication."`
}

// Healthcheck is [healthcheck]; the section of the same name in a paste file
// comes first.
type Healthcheck struct {
	Path           string   `ini:"path" default:"/healthcheck" help:"Path that a filter answers."`
	Detailed       bool     `ini:"detailed" default:"false" help:"Tell more about this node."`
	Backends       []string `ini:"backends" default:"" help:"Checks: disable_by_file, disable_by_files_ports, enable_by_files."`
	DisableByFile  string   `ini:"disable_by_file_path" help:"File whose presence disables the node."`
	DisableByPorts []string `ini:"disable_by_file_paths" default:"" help:"port:path, the same per port."`
	EnableByFiles  []string `ini:"enable_by_file_paths" default:"" help:"Files whose absence disables the node."`
	AllowedSources []string `ini:"allowed_source_ranges" default:"" help:"Networks that may ask."`
	IgnoreProxied  bool     `ini:"ignore_proxied_requests" default:"false" help:"Do not answer requests that came through a proxy."`
}

// Database is [database]. Source: spec config §4.2.
type Database struct {
	Connection      string `ini:"connection" secret:"true" deprecated:"sql_connection,DEFAULT/sql_connection,DATABASE/sql_connection,sql/connection" cli:"sql-connection" help:"URL of the database: mysql+pymysql://, postgresql:// or sqlite:///."`
	Slave           string `ini:"slave_connection" secret:"true" accept:"true" help:"URL of a copy to read from."`
	Parameters      string `ini:"connection_parameters" default:"" help:"Added to the query of connection: a=b&c=d."`
	RecycleTime     int    `ini:"connection_recycle_time" default:"3600" help:"Seconds after which a connection is closed."`
	MaxPoolSize     int    `ini:"max_pool_size" default:"5" min:"0" help:"Idle connections that are kept; 0 means any."`
	MaxOverflow     int    `ini:"max_overflow" default:"50" help:"Connections above max_pool_size."`
	PoolTimeout     *int   `ini:"pool_timeout" help:"Seconds to wait for a connection."`
	MaxRetries      int    `ini:"max_retries" default:"10" min:"-1" help:"Attempts at the first connection; -1 means for ever."`
	RetryInterval   int    `ini:"retry_interval" default:"10" min:"0" help:"Seconds between them."`
	UseReconnect    bool   `ini:"use_db_reconnect" default:"false" help:"Try a statement again when the connection broke."`
	DBRetryInterval int    `ini:"db_retry_interval" default:"1" min:"0" help:"Seconds between these attempts."`
	DBIncInterval   bool   `ini:"db_inc_retry_interval" default:"true" help:"Double the interval with each attempt."`
	DBMaxInterval   int    `ini:"db_max_retry_interval" default:"10" min:"0" help:"Most seconds between attempts."`
	DBMaxRetries    int    `ini:"db_max_retries" default:"20" min:"-1" help:"Attempts at a statement; -1 means for ever."`
	MySQLMode       string `ini:"mysql_sql_mode" default:"TRADITIONAL" help:"SQL mode of MySQL sessions; empty leaves the server's."`
	MySQLSyncWait   *int   `ini:"mysql_wsrep_sync_wait" help:"wsrep_sync_wait of Galera sessions."`
	SQLiteSync      bool   `ini:"sqlite_synchronous" default:"true" help:"SQLite waits for the disk."`
	Debug           int    `ini:"connection_debug" default:"0" min:"0" max:"100" accept:"true" help:"Log statements."`
	Trace           bool   `ini:"connection_trace" default:"false" accept:"true" help:"Put the caller into statements."`
	Backend         string `ini:"backend" default:"sqlalchemy" accept:"true" help:"Database library."`
	NDB             bool   `ini:"mysql_enable_ndb" default:"false" accept:"true" help:"Use MySQL Cluster."`
	SyncReader      bool   `ini:"synchronous_reader" default:"true" accept:"true" help:"Reads wait for replication."`
	AsyncConnection string `ini:"asyncio_connection" secret:"true" accept:"true" help:"URL for asynchronous use."`
	AsyncSlave      string `ini:"asyncio_slave_connection" secret:"true" accept:"true" help:"The same for slave_connection."`
}
