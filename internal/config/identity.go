package config

// Credentials are how a section says who this service is. Source: spec config
// §4.3. Options that a file may also spell with dashes have them as aliases.
type Credentials struct {
	AuthType        string `ini:"auth_type" deprecated:"auth_plugin" help:"password, v3password or v3applicationcredential."`
	AuthSection     string `ini:"auth_section" help:"Section that has these options instead."`
	AuthURL         string `ini:"auth_url" deprecated:"auth-url" help:"Identity service to get tokens from."`
	Username        string `ini:"username" deprecated:"user-name,user_name" help:"Name of the user."`
	UserID          string `ini:"user_id" deprecated:"user-id" help:"Id of the user."`
	Password        string `ini:"password" secret:"true" help:"Password of the user."`
	ProjectName     string `ini:"project_name" deprecated:"project-name,tenant-name,tenant_name" help:"Name of the project."`
	ProjectID       string `ini:"project_id" deprecated:"project-id,tenant-id,tenant_id" help:"Id of the project."`
	UserDomainName  string `ini:"user_domain_name" deprecated:"user-domain-name" help:"Name of the user's domain."`
	UserDomainID    string `ini:"user_domain_id" deprecated:"user-domain-id" help:"Id of the user's domain."`
	ProjDomainName  string `ini:"project_domain_name" deprecated:"project-domain-name" help:"Name of the project's domain."`
	ProjDomainID    string `ini:"project_domain_id" deprecated:"project-domain-id" help:"Id of the project's domain."`
	DefaultDomain   string `ini:"default_domain_name" deprecated:"default-domain-name" help:"Name of the domain where none is given."`
	DefaultDomainID string `ini:"default_domain_id" deprecated:"default-domain-id" help:"Id of the domain where none is given."`
	DomainName      string `ini:"domain_name" deprecated:"domain-name" help:"Name of the domain that is the scope."`
	DomainID        string `ini:"domain_id" deprecated:"domain-id" help:"Id of the domain that is the scope."`
	SystemScope     string `ini:"system_scope" deprecated:"system-scope" help:"all for a token of the whole system."`
	TrustID         string `ini:"trust_id" deprecated:"trust-id" help:"Id of a trust to use."`
	AppCredID       string `ini:"application_credential_id" help:"Id of the application credential."`
	AppCredName     string `ini:"application_credential_name" help:"Name of the application credential."`
	AppCredSecret   string `ini:"application_credential_secret" secret:"true" help:"Secret of the application credential."`
}

// Session is how a section reaches the identity service.
type Session struct {
	CAFile   string `ini:"cafile" help:"Authorities to trust."`
	CertFile string `ini:"certfile" help:"Client certificate."`
	KeyFile  string `ini:"keyfile" help:"Private key of the client certificate."`
	Insecure bool   `ini:"insecure" default:"false" help:"Do not verify the server's certificate."`
}

// Keystone is [keystone_authtoken].
type Keystone struct {
	Credentials
	Session
	WWWAuthenticateURI   string   `ini:"www_authenticate_uri" deprecated:"auth_uri" help:"Identity service that clients are sent to."`
	AuthVersion          string   `ini:"auth_version" accept:"true" help:"Version of the identity API; v3."`
	Interface            string   `ini:"interface" default:"internal" help:"Interface of the identity service in the catalog."`
	RegionName           string   `ini:"region_name" help:"Region of the identity service."`
	DelayAuthDecision    bool     `ini:"delay_auth_decision" default:"false" help:"Let requests without a valid token pass to the next filter."`
	ConnectTimeout       *int     `ini:"http_connect_timeout" min:"0" help:"Seconds to wait for the identity service."`
	MaxRetries           int      `ini:"http_request_max_retries" default:"3" min:"0" help:"Attempts at a request."`
	MemcachedServers     []string `ini:"memcached_servers" deprecated:"memcache_servers" help:"Where valid tokens are remembered; unset means in the process."`
	TokenCacheTime       int      `ini:"token_cache_time" default:"300" min:"-1" help:"Seconds that a valid token is remembered; -1 means not at all."`
	IncludeCatalog       bool     `ini:"include_service_catalog" default:"true" help:"Ask for the catalog with the token."`
	ServiceRoles         []string `ini:"service_token_roles" default:"service" help:"Roles that make a service token."`
	ServiceRolesRequired bool     `ini:"service_token_roles_required" default:"true" help:"A service token must have one of them."`
	ServiceType          string   `ini:"service_type" help:"Type of this service for access rules."`
	KeystoneAccepted
}

// KeystoneAccepted are options of [keystone_authtoken] without effect of their
// own; OlderIdentity reads the last ones.
type KeystoneAccepted struct {
	MemcacheStrategy    string `ini:"memcache_security_strategy" default:"None" choices:"None,MAC,ENCRYPT" fold:"true" help:"Protection of remembered tokens."`
	MemcacheSecret      string `ini:"memcache_secret_key" secret:"true" help:"Key of that protection."`
	MemcacheDeadRetry   int    `ini:"memcache_pool_dead_retry" default:"300" help:"Seconds before a dead server is tried again."`
	MemcacheMaxSize     int    `ini:"memcache_pool_maxsize" default:"10" help:"Most connections to a server."`
	MemcacheTimeout     int    `ini:"memcache_pool_socket_timeout" default:"3" help:"Seconds to wait for a server."`
	MemcacheUnused      int    `ini:"memcache_pool_unused_timeout" default:"60" accept:"true" help:"Seconds to keep an idle connection."`
	MemcacheConnTimeout int    `ini:"memcache_pool_conn_get_timeout" default:"10" accept:"true" help:"Seconds to wait for a connection."`
	MemcacheAdvanced    bool   `ini:"memcache_use_advanced_pool" default:"true" accept:"true" help:"Use the pool."`
	MemcacheSASL        bool   `ini:"memcache_sasl_enabled" default:"false" accept:"true" help:"Authenticate to the servers."`
	MemcacheUser        string `ini:"memcache_username" accept:"true" help:"User of that authentication."`
	MemcachePassword    string `ini:"memcache_password" secret:"true" accept:"true" help:"Password of that authentication."`
	MemcacheTLS         bool   `ini:"memcache_tls_enabled" default:"false" accept:"true" help:"Use TLS with the servers."`
	EnforceTokenBind    string `ini:"enforce_token_bind" default:"permissive" accept:"true" help:"Check what a token is bound to."`
	CacheObject         string `ini:"cache" accept:"true" help:"Name of a Python cache."`
	AdminToken          string `ini:"admin_token" secret:"true" accept:"true" help:"Removed."`
	IdentityURI         string `ini:"identity_uri" help:"auth_url as it was called until 2015; the user is then one of the default domain."`
	AdminUser           string `ini:"admin_user" help:"username of that time."`
	AdminPassword       string `ini:"admin_password" secret:"true" help:"password of that time."`
	AdminTenant         string `ini:"admin_tenant_name" help:"project_name of that time."`
}

// Limit is [oslo_limit], read with use_keystone_limits. Source: spec config §4.5.
type Limit struct {
	Credentials
	Session
	EndpointID        string   `ini:"endpoint_id" help:"Endpoint whose limits count."`
	ServiceName       string   `ini:"endpoint_service_name" help:"Name of the service, to find the endpoint."`
	ServiceType       string   `ini:"endpoint_service_type" help:"Type of the service, to find the endpoint."`
	RegionName        string   `ini:"endpoint_region_name" help:"Region, to find the endpoint."`
	Interface         string   `ini:"endpoint_interface" default:"public" choices:"public,publicURL,internal,internalURL,admin,adminURL" help:"Interface, to find the endpoint."`
	Timeout           *int     `ini:"timeout" help:"Seconds to wait for the identity service."`
	CollectTiming     bool     `ini:"collect_timing" default:"false" deprecated:"collect-timing" accept:"true" help:"Collect times of requests."`
	SplitLoggers      bool     `ini:"split_loggers" default:"false" deprecated:"split-loggers" accept:"true" help:"Log requests by kind."`
	AdapterType       string   `ini:"service_type" default:"identity" deprecated:"service-type" help:"Type of the identity service in the catalog."`
	AdapterName       string   `ini:"service_name" deprecated:"service-name" help:"Name of the identity service in the catalog."`
	ValidInterfaces   []string `ini:"valid_interfaces" default:"internal,public" deprecated:"valid-interfaces" help:"Interfaces of the identity service to use, in order."`
	AdapterRegion     string   `ini:"region_name" deprecated:"region-name" help:"Region of the identity service."`
	EndpointOverride  string   `ini:"endpoint_override" deprecated:"endpoint-override" help:"URL of the identity service instead of the catalog's."`
	Version           string   `ini:"version" accept:"true" help:"Version of the identity API."`
	MinVersion        string   `ini:"min_version" deprecated:"min-version" accept:"true" help:"Least version of the identity API."`
	MaxVersion        string   `ini:"max_version" deprecated:"max-version" accept:"true" help:"Highest version of the identity API."`
	ConnectRetries    *int     `ini:"connect_retries" deprecated:"connect-retries" help:"Attempts at a connection."`
	ConnectRetryDelay *float64 `ini:"connect_retry_delay" deprecated:"connect-retry-delay" accept:"true" help:"Seconds between them."`
	StatusRetries     *int     `ini:"status_code_retries" deprecated:"status-code-retries" help:"Attempts at a request that was answered with a server error."`
	StatusRetryDelay  *float64 `ini:"status_code_retry_delay" deprecated:"status-code-retry-delay" accept:"true" help:"Seconds between them."`
}
