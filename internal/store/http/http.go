package http

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"glance/internal/clienttls"
	"glance/internal/store"
)

// Config holds the options of a store of type http.
type Config struct {
	CAFile   string `ini:"https_ca_certificates_file" help:"File of certificate authorities that servers are verified with; https_insecure is ignored then."`
	Insecure bool   `ini:"https_insecure" default:"true" help:"Do not verify the certificates of servers."`

	// Proxies are the pairs of http_proxy_information: scheme and address.
	Proxies map[string]string
}

// How long a server may be silent, before a transfer begins and in the midst of
// it. A transfer that moves may take as long as it likes.
const (
	dialTimeout   = 30 * time.Second
	answerTimeout = 60 * time.Second
	idleTimeout   = 60 * time.Second
)

const maxRedirects = 5

// Store reads from web servers.
type Store struct {
	client *http.Client
}

// Open checks the options and reads the certificates. The error is a
// *store.BadConfig, and there is no Store then.
func Open(cfg Config) (*Store, error) {
	// Verification is off by default as in the original.
	security, err := clienttls.Files{
		CA:       clienttls.File{Option: "https_ca_certificates_file", Path: cfg.CAFile},
		Insecure: cfg.Insecure && cfg.CAFile == "",
	}.Config()
	if err != nil {
		return nil, bad("%v", err)
	}
	proxy, err := proxies(cfg.Proxies)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy:                 proxy,
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:       security,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: answerTimeout,
		IdleConnTimeout:       90 * time.Second,
		DisableCompression:    true, // the bytes of the image are wanted as they lie there
		ForceAttemptHTTP2:     true,
	}
	// Redirects are followed by ask, which has rules of its own.
	asIs := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Store{&http.Client{Transport: transport, CheckRedirect: asIs}}, nil
}

// proxies gives the proxy of each scheme; others come from the environment.
func proxies(configured map[string]string) (func(*http.Request) (*url.URL, error), error) {
	parsed := make(map[string]*url.URL, len(configured))
	for scheme, address := range configured {
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			return nil, bad("http_proxy_information: the proxy of %s is not an address", scheme)
		}
		parsed[scheme] = u
	}
	return func(r *http.Request) (*url.URL, error) {
		if u := parsed[r.URL.Scheme]; u != nil {
			return u, nil
		}
		return http.ProxyFromEnvironment(r)
	}, nil
}

func bad(format string, args ...any) error {
	return &store.BadConfig{Store: "http", Reason: fmt.Sprintf(format, args...)}
}

// Put takes nothing; see store.Driver.
func (s *Store) Put(context.Context, store.Upload, io.Reader) (store.Object, error) {
	return store.Object{}, store.AddDisabled()
}

// Delete never deletes: the data belongs to somebody else; see store.Driver.
func (s *Store) Delete(context.Context, string) error { return store.NoDelete() }

// Abandon has nothing to remove; see store.Driver.
func (s *Store) Abandon(context.Context, store.Upload) error { return nil }

// Owns reports whether url has a scheme of the web: the only http store there
// can be reads them all.
func (s *Store) Owns(url string) bool {
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}

// Info describes the store.
func (s *Store) Info() store.Info {
	return store.Info{Type: "http", Schemes: []string{"http", "https"}, ReadOnly: true, Properties: map[string]any{}}
}
