package config

import "glance/internal/ini"

// Listen is how a server serves HTTP.
type Listen struct {
	BindHost            string `ini:"bind_host" default:"0.0.0.0" deprecated:"host" cli:"H,host" help:"Address to listen on."`
	Workers             *int   `ini:"workers" min:"0" accept:"true" help:"Number of worker processes; one process serves everything."`
	Backlog             int    `ini:"backlog" default:"4096" min:"1" help:"Length of the queue of connections not yet accepted; the kernel's limit is used."`
	TCPKeepIdle         int    `ini:"tcp_keepidle" default:"600" min:"1" help:"Seconds an idle connection waits before it is probed."`
	ClientSocketTimeout int    `ini:"client_socket_timeout" default:"900" min:"0" help:"Seconds a client may be silent; 0 means forever."`
	HTTPKeepAlive       bool   `ini:"http_keepalive" default:"true" help:"Keep connections open between requests."`
	ShutdownTimeout     int    `ini:"graceful_shutdown_timeout" default:"10" min:"1" help:"Seconds that requests get to finish after TERM, before they are cut; service managers kill after 15."`
	MaxHeaderLine       int    `ini:"max_header_line" default:"16384" min:"0" help:"Longest header line in bytes; 0 means any."`

	CertFile string `ini:"cert_file" help:"Certificate to serve TLS with."`
	KeyFile  string `ini:"key_file" help:"Private key of cert_file."`
	CAFile   string `ini:"ca_file" help:"Authorities whose client certificates are accepted."`
}

// APIServer is the listener of glance-api.
type APIServer struct {
	Listen
	BindPort   int    `ini:"bind_port" default:"9292" min:"0" max:"65535" deprecated:"port" cli:"p,port" help:"Port to listen on."`
	JournalDir string `ini:"journal_dir" help:"Directory where this node notes what it is doing, to settle it after a crash; unset means .glance-journal in the directory of the first file store."`
}

// RegistryServer is the listener of glance-registry.
type RegistryServer struct {
	Listen
	BindPort int `ini:"bind_port" default:"9191" min:"0" max:"65535" deprecated:"port" cli:"p,port" help:"Port to listen on."`
}

// RegistryClient is how glance-api reaches a registry. Source: spec registry §1.
type RegistryClient struct {
	DataAPI         string `ini:"data_api" default:"glance.db.sqlalchemy.api" help:"Python path of the metadata driver; glance.db.registry.api keeps the metadata in a registry."`
	RegistryHost    string `ini:"registry_host" default:"0.0.0.0" cli:"registry-host" help:"Address of the registry; 0.0.0.0 is this machine."`
	RegistryPort    int    `ini:"registry_port" default:"9191" min:"0" max:"65535" cli:"registry-port" help:"Port of the registry."`
	Protocol        string `ini:"registry_client_protocol" default:"http" choices:"http,https" fold:"true" help:"Protocol to speak with the registry."`
	ClientKeyFile   string `ini:"registry_client_key_file" help:"Private key of the client certificate."`
	ClientCertFile  string `ini:"registry_client_cert_file" help:"Client certificate."`
	ClientCAFile    string `ini:"registry_client_ca_file" help:"Authorities to trust for the registry."`
	ClientInsecure  bool   `ini:"registry_client_insecure" default:"false" help:"Do not verify the registry's certificate."`
	ClientTimeout   int    `ini:"registry_client_timeout" default:"600" min:"0" help:"Seconds to wait for the registry; 0 means forever."`
	SendIdentity    bool   `ini:"send_identity_headers" default:"false" help:"Send the caller's identity in headers to the registry."`
	UseUserToken    bool   `ini:"use_user_token" default:"true" help:"Send the caller's token to the registry."`
	AdminUser       string `ini:"admin_user" help:"User whose token the registry gets when the caller's is not sent. Identity service: auth_url."`
	AdminPassword   string `ini:"admin_password" secret:"true" help:"Password of admin_user."`
	AdminTenantName string `ini:"admin_tenant_name" help:"Project of admin_user."`
	AuthURL         string `ini:"auth_url" help:"Identity service of admin_user, with or without a version. The environment variable OS_AUTH_URL wins. Setting it means auth_strategy keystone."`
	AuthStrategy    string `ini:"auth_strategy" default:"noauth" choices:"noauth,keystone" fold:"true" help:"How admin_user gets a token: noauth (none) or keystone."`
	AuthRegion      string `ini:"auth_region" accept:"true" help:"Region of the identity service; the registry has an address of its own."`
}

// OldAPI are options of earlier releases for the API versions and identities.
type OldAPI struct {
	EnableV1API      bool   `ini:"enable_v1_api" default:"true" help:"Serve version 1 of the API."`
	EnableV2API      bool   `ini:"enable_v2_api" default:"true" help:"Serve version 2 of the API."`
	EnableV1Registry bool   `ini:"enable_v1_registry" default:"true" help:"Serve version 1 of the registry."`
	EnableV2Registry bool   `ini:"enable_v2_registry" default:"true" accept:"true" help:"Serve version 2 of the registry."`
	OwnerIsTenant    bool   `ini:"owner_is_tenant" default:"true" accept:"true" help:"Images belong to projects, not to users; false was removed and glance-status reports it."`
	AdminRole        string `ini:"admin_role" default:"admin" accept:"true" help:"Role of administrators; the policy decides today."`

	AllowAdditionalImageProperties bool   `ini:"allow_additional_image_properties" default:"true" accept:"true" help:"Images may have properties of their own."`
	LocationStrategy               string `ini:"location_strategy" default:"location_order" accept:"true" help:"Order of an image's locations; store weights decide today."`
	SecureProxySSLHeader           string `ini:"secure_proxy_ssl_header" accept:"true" help:"Header that tells the protocol of the original request."`
	CacheInvalidEntryGracePeriod   int    `ini:"image_cache_invalid_entry_grace_period" default:"3600" accept:"true" help:"Seconds to keep broken cache files."`
	CachePrefetcherInterval        int    `ini:"cache_prefetcher_interval" default:"300" accept:"true" help:"Seconds between runs of the cache prefetcher in the server."`
	DigestAlgorithm                string `ini:"digest_algorithm" default:"sha256" accept:"true" help:"Unused."`
}

// Internals are accepted so that they are checked and not reported unknown.
type Internals struct {
	PydevHost        string `ini:"pydev_worker_debug_host" accept:"true" help:"Host of a Python debugger."`
	PydevPort        int    `ini:"pydev_worker_debug_port" default:"5678" min:"0" max:"65535" accept:"true" help:"Port of a Python debugger."`
	RPCPoolSize      int    `ini:"rpc_conn_pool_size" default:"30" min:"1" accept:"true" help:"Size of the messaging connection pool."`
	PoolMinSize      int    `ini:"conn_pool_min_size" default:"2" accept:"true" help:"Least size of the messaging connection pool."`
	PoolTTL          int    `ini:"conn_pool_ttl" default:"1200" accept:"true" help:"Seconds to keep an idle messaging connection."`
	ExecutorPoolSize int    `ini:"executor_thread_pool_size" default:"64" accept:"true" help:"Size of the messaging executor."`
	RPCTimeout       int    `ini:"rpc_response_timeout" default:"60" accept:"true" help:"Seconds to wait for a call's answer."`
	RPCPing          bool   `ini:"rpc_ping_enabled" default:"false" accept:"true" help:"Answer messaging pings."`
}

// Images are the rules of the Images API. Source: spec config §3.2.
type Images struct {
	PublicEndpoint      string `ini:"public_endpoint" help:"Base URL of the links in answers."`
	AllowAnonymous      bool   `ini:"allow_anonymous_access" default:"false" help:"Callers without a token may read."`
	MaxRequestIDLength  int    `ini:"max_request_id_length" default:"64" min:"0" help:"Longest X-OpenStack-Request-ID taken from a client."`
	LimitParamDefault   int    `ini:"limit_param_default" default:"25" min:"1" help:"Images on a page when the client does not say."`
	APILimitMax         int    `ini:"api_limit_max" default:"1000" min:"1" help:"Most images on a page."`
	ShowDirectURL       bool   `ini:"show_image_direct_url" default:"false" help:"Show where an image's data lies as direct_url."`
	ShowLocations       bool   `ini:"show_multiple_locations" default:"false" help:"Show and let clients change an image's locations. Deprecated."`
	DoSecureHash        bool   `ini:"do_secure_hash" default:"true" help:"Hash the data of a location that is added."`
	HTTPRetries         int    `ini:"http_retries" default:"3" help:"Attempts at that hashing."`
	MemberQuota         int    `ini:"image_member_quota" default:"128" help:"Most members of an image; negative means any number."`
	PropertyQuota       int    `ini:"image_property_quota" default:"128" help:"Most properties of an image; negative means any number."`
	TagQuota            int    `ini:"image_tag_quota" default:"128" help:"Most tags of an image; negative means any number."`
	LocationQuota       int    `ini:"image_location_quota" default:"10" help:"Most locations of an image; negative means any number."`
	SizeCap             int64  `ini:"image_size_cap" default:"1099511627776" min:"1" max:"9223372036854775807" help:"Largest image in bytes."`
	UserStorageQuota    string `ini:"user_storage_quota" default:"0" help:"Most bytes of one owner, with an optional unit B, KB, MB, GB or TB; 0 means any."`
	UseKeystoneLimits   bool   `ini:"use_keystone_limits" default:"false" help:"Take quotas from the identity service."`
	HashingAlgorithm    string `ini:"hashing_algorithm" default:"sha512" help:"Algorithm of os_hash_value."`
	EncryptionKey       string `ini:"metadata_encryption_key" secret:"true" help:"Key of 16, 24 or 32 characters to encrypt locations with. Deprecated."`
	ProtectionFile      string `ini:"property_protection_file" help:"File that says who may see and change which properties."`
	ProtectionFormat    string `ini:"property_protection_rule_format" default:"roles" choices:"roles,policies" help:"What the rules of that file name."`
	NodeStagingURI      string `ini:"node_staging_uri" default:"file:///tmp/staging/" help:"Directory of staged data, without enabled_backends."`
	WorkerSelfReference string `ini:"worker_self_reference_url" help:"URL of this node, for other nodes."`
	MetadataSourcePath  string `ini:"metadata_source_path" default:"/etc/glance/metadefs/" help:"Directory of the metadata definitions that glance-manage loads."`

	ImportMethods   []string `ini:"enabled_import_methods" bounded:"true" default:"[glance-direct,web-download,copy-image]" help:"Import methods on offer, in brackets."`
	EnabledBackends ini.Dict `ini:"enabled_backends" help:"Stores of this node as id:type,…; unset means the one store of [glance_store]."`
}

// Cache is the image cache. Source: spec cache §1.
type Cache struct {
	Dir       string `ini:"image_cache_dir" help:"Directory of cached images; unset means no cache."`
	Driver    string `ini:"image_cache_driver" default:"centralized_db" choices:"centralized_db,sqlite,xattr" fold:"true" help:"Where the cache is described."`
	MaxSize   int64  `ini:"image_cache_max_size" default:"10737418240" min:"0" help:"Bytes that pruning leaves in the cache."`
	StallTime int    `ini:"image_cache_stall_time" default:"86400" min:"0" help:"Seconds after which an incomplete file counts as abandoned."`
	SQLiteDB  string `ini:"image_cache_sqlite_db" default:"cache.db" help:"Database file of the sqlite driver, in image_cache_dir."`
}

// Events are the options of notifications in DEFAULT. Source: spec notifications §1.
type Events struct {
	PublisherID     string   `ini:"default_publisher_id" default:"image.localhost" help:"Sender of notifications."`
	Disabled        []string `ini:"disabled_notifications" default:"" help:"Notifications that are not sent: event types or groups."`
	TransportURL    string   `ini:"transport_url" default:"rabbit://" secret:"true" help:"Message broker."`
	ControlExchange string   `ini:"control_exchange" default:"glance" help:"Exchange of notifications."`
}

// Deletion says when deleted data goes. Source: spec tools §3.
type Deletion struct {
	DelayedDelete bool `ini:"delayed_delete" default:"false" help:"Leave the data of deleted images to glance-scrubber."`
	ScrubTime     int  `ini:"scrub_time" default:"0" min:"0" help:"Seconds that deleted data is kept."`
	ScrubPoolSize int  `ini:"scrub_pool_size" default:"1" min:"1" help:"Images that are scrubbed at the same time."`
	WakeupTime    int  `ini:"wakeup_time" default:"300" min:"0" help:"Seconds between the runs of glance-scrubber as a daemon."`
}

// Scrubber are the flags of glance-scrubber.
type Scrubber struct {
	Daemon  bool   `ini:"daemon" default:"false" cli:"D,daemon" help:"Run again every wakeup_time seconds."`
	Restore string `ini:"restore" cli:"restore" help:"Restore the image of this id from pending_delete."`
}
