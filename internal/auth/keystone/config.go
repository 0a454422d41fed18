package keystone

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Config is how tokens are checked.
type Config struct {
	Credentials Credentials
	CAFile      string // authorities of the identity service; empty are the system's
	CertFile    string // client certificate, with its key unless KeyFile is set
	KeyFile     string
	Insecure    bool // do not verify the identity service's certificate

	Interfaces    []string      // of the identity endpoint in the catalog that is asked, the best first
	Region        string        // of that endpoint; empty is any
	Endpoint      string        // URL of the identity service instead of one in the catalog
	EndpointType  string        // of the identity service in the catalog; empty is identity
	EndpointName  string        // of the identity service in the catalog; empty is any
	Timeout       time.Duration // of a request with its repetitions; 0 is 30 s
	Retries       int           // repetitions of a request whose connection failed
	StatusRetries int           // repetitions of a Session's question that was answered 503

	Delay                bool          // pass requests without a valid token on, as Invalid
	Challenge            string        // www_authenticate_uri; empty is the URL of Credentials
	CacheTime            time.Duration // how long an answer holds at most; 0 and less is not at all
	Memcached            Memcached
	Catalog              bool     // ask for the catalog, and pass it on
	ServiceRoles         []string // each of them makes a token a service token
	ServiceRolesRequired bool     // without one of them a service token is invalid
	ServiceType          string   // of this service, for access rules
	UserAgent            string
	Log                  *slog.Logger // nil discards
}

// Memcached is where all nodes remember tokens together.
type Memcached struct {
	Servers   []string      // host:port, inet6:[host]:port or unix:path
	Strategy  string        // None, MAC or ENCRYPT, in any case
	Secret    string        // of MAC and ENCRYPT
	Timeout   time.Duration // of an operation
	DeadRetry time.Duration // how long a server that failed is left alone
	Idle      int           // most idle connections to a server
}

// Credentials are those of the service itself.
type Credentials struct {
	AuthType        string // password, v3password, v3applicationcredential; empty goes by what is set
	AuthSection     string // where they come from, for messages
	AuthURL         string // identity service, with or without /v3
	Username        string
	UserID          string
	Password        string
	ProjectName     string
	ProjectID       string
	UserDomainName  string
	UserDomainID    string
	ProjDomainName  string
	ProjDomainID    string
	DefaultDomain   string
	DefaultDomainID string
	DomainName      string
	DomainID        string
	SystemScope     string
	TrustID         string
	AppCredID       string
	AppCredName     string
	AppCredSecret   string
}

// check finds what cannot work, before the first request does.
func (c *Config) check() error {
	if err := c.Credentials.check(); err != nil {
		return err
	}
	switch strings.ToUpper(c.Memcached.Strategy) {
	case "", "NONE":
	case "MAC", "ENCRYPT":
		if c.Memcached.Secret == "" {
			return errors.New("memcache_security_strategy needs memcache_secret_key")
		}
	default:
		return fmt.Errorf("memcache_security_strategy is None, MAC or ENCRYPT, not %q", c.Memcached.Strategy)
	}
	return nil
}

func (c *Credentials) check() error {
	u, err := url.Parse(c.AuthURL)
	switch {
	case c.AuthURL == "":
		return errors.New("auth_url is missing")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("auth_url is no http or https URL")
	}
	switch c.method() {
	case methodPassword:
		if c.Username == "" && c.UserID == "" {
			return errors.New("username is missing")
		}
	case methodAppCred:
		if c.AppCredSecret == "" || c.AppCredID == "" && (c.AppCredName == "" || c.Username == "" && c.UserID == "") {
			return errors.New("an application credential needs its secret, and its id or its name and user")
		}
	default:
		return fmt.Errorf("auth_type %q is not known here; password, v3password and v3applicationcredential are", c.AuthType)
	}
	if scopes := count(c.ProjectID+c.ProjectName, c.DomainID+c.DomainName, c.TrustID, c.SystemScope); scopes > 1 {
		return errors.New("a token is for a project, a domain, a trust or the system; more than one is set")
	}
	return nil
}

func count(set ...string) (n int) {
	for _, s := range set {
		if s != "" {
			n++
		}
	}
	return n
}

const (
	methodPassword = "password"
	methodAppCred  = "application_credential"
)

// method is the identity API's name for the way to log in, empty for one that
// is not known.
func (c *Credentials) method() string {
	switch c.AuthType {
	case "password", "v3password":
		return methodPassword
	case "v3applicationcredential":
		return methodAppCred
	case "":
		if c.AppCredSecret != "" {
			return methodAppCred
		}
		return methodPassword
	}
	return ""
}
