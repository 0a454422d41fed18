package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"glance/internal/auth"
	"glance/internal/ini"
)

// Middleware is put in front of an application.
type Middleware = func(http.Handler) http.Handler

// Parts are what a pipeline is built of. Absent ones are fine as long as the
// pipeline does not name them.
type Parts struct {
	Versions     Versions
	CORS         CORS
	Healthcheck  Healthcheck
	ProxyHeaders bool // enable_proxy_headers_parsing

	NoAuth       auth.Authenticator // of unauthenticated-context
	Headers      auth.Authenticator // of context: trusts the identity headers
	MaxRequestID int                // bytes; see Identity

	V1, V2, Registry http.Handler // relative to their mount; nil means that the API is switched off

	// AuthToken makes the token check: it replaces the identity headers of a
	// request by what the token says. Options are those of the paste section
	// over its globals.
	AuthToken          func(Options) (Middleware, error)
	Cache, CacheManage Middleware

	// Load reads another paste file, for "use = config:…". name is relative to
	// the file that names it.
	Load func(name, from string) (*ini.Paste, error)
}

// Options are the keys of a paste section with the global ones behind them.
type Options struct {
	Where  ini.Pos // the section
	Name   string  // kind:name
	Values map[string]string

	keys  []string // set in the section itself, in order
	scope scope    // of the names in it
}

// errorf names file, line and section.
func (o Options) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: [%s] "+format, append([]any{o.Where, o.Name}, args...)...)
}

func (o Options) text(key string, to *string) {
	if v, ok := o.own(key); ok {
		*to = v
	}
}

func (o Options) list(key string, to *[]string) {
	v, ok := o.own(key)
	if !ok {
		return
	}
	*to = nil
	for item := range strings.SplitSeq(v, ",") {
		if item = strings.TrimSpace(item); item != "" {
			*to = append(*to, item)
		}
	}
}

func (o Options) flag(key string, to *bool) error {
	v, ok := o.own(key)
	if !ok {
		return nil
	}
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "true", "1", "on", "yes":
		*to = true
	case "false", "0", "off", "no":
		*to = false
	default:
		return o.errorf("%s should be true or false, not %q", key, v)
	}
	return nil
}

func (o Options) number(key string, to *int) error {
	v, ok := o.own(key)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil {
		return o.errorf("%s should be a whole number, not %q", key, v)
	}
	*to = n
	return nil
}

// own is the value of a key set in the section itself: globals are no options
// of ours.
func (o Options) own(key string) (string, bool) {
	return o.Values[key], slices.Contains(o.keys, key)
}

// cors is the configuration with the section's keys over it. oslo_config_*
// name files that the original reads again; ours has them already.
func (p *Parts) cors(o Options) (Middleware, error) {
	c := p.CORS
	o.list("allowed_origin", &c.AllowedOrigin)
	o.list("expose_headers", &c.ExposeHeaders)
	o.list("allow_methods", &c.AllowMethods)
	o.list("allow_headers", &c.AllowHeaders)
	for key, to := range map[string]*[]string{
		"latent_expose_headers": &c.ExposeHeaders, "latent_allow_methods": &c.AllowMethods, "latent_allow_headers": &c.AllowHeaders,
	} {
		var more []string
		o.list(key, &more)
		*to = append((*to)[:len(*to):len(*to)], more...)
	}
	if err := o.flag("allow_credentials", &c.AllowCredentials); err != nil {
		return nil, err
	}
	return c.Wrap, o.number("max_age", &c.MaxAge)
}

func (p *Parts) health(o Options) (*Health, error) {
	c := p.Healthcheck
	o.text("path", &c.Path)
	if c.Path == "" {
		c.Path = "/healthcheck"
	}
	o.list("backends", &c.Backends)
	o.text("disable_by_file_path", &c.DisableByFile)
	o.list("disable_by_file_paths", &c.DisableByPorts)
	o.list("enable_by_file_paths", &c.EnableByFiles)
	o.list("allowed_source_ranges", &c.AllowedSources)
	if err := o.flag("detailed", &c.Detailed); err != nil {
		return nil, err
	}
	if err := o.flag("ignore_proxied_requests", &c.IgnoreProxied); err != nil {
		return nil, err
	}
	h, err := NewHealth(c)
	if err != nil {
		return nil, o.errorf("%w", err)
	}
	return h, nil
}

func (p *Parts) proxy(o Options) (Middleware, error) {
	believe := p.ProxyHeaders
	if err := o.flag("enable_proxy_headers_parsing", &believe); err != nil {
		return nil, err
	}
	if !believe {
		return transparent, nil
	}
	return ForwardedHeaders, nil
}

func transparent(next http.Handler) http.Handler { return next }
