package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"glance/internal/auth"
	"glance/internal/glance"
)

// appFactory makes the application, or composite of applications, of a paste
// section.
type appFactory func(*builder, Options, place) (http.Handler, error)

// filterFactory makes the filter of a paste section.
type filterFactory func(*builder, Options, place) (Middleware, error)

// place is what surrounds the section that is being built.
type place struct {
	prefix     string // where it is mounted
	identified bool   // a filter outside tells who asks
	tokens     bool   // a filter outside checks tokens
}

// errSwitchedOff is the error of an application that the configuration wants
// not to be served.
var errSwitchedOff = errors.New("this API is switched off in the configuration")

// names gives one constructor several names.
func names[F any](to map[string]F, f F, all ...string) {
	for _, name := range all {
		to[name] = f
	}
}

// appFactories is the table of everything that a paste file may call an
// application, over all releases (spec servers §3).
func appFactories() map[string]appFactory {
	t := map[string]appFactory{}
	names(t, urlMap, "glance.api:root_app_factory", "egg:paste#urlmap", "paste.urlmap:urlmap_factory")
	names(t, flavors, "glance.api:pipeline_factory")
	names(t, versionsApp, "glance.api.versions:app_factory", "glance.api.versions:create_resource", "glance.api.versions:Controller")
	names(t, v1App, "glance.server:app_factory", "glance.server:API", "glance.api.v1_0:app_factory", "glance.api.v1:app_factory",
		"glance.api.v1.router:app_factory", "glance.api.v1.router:API.factory", "glance.api.v1.router:API")
	names(t, v2App, "glance.api.v2.router:API.factory", "glance.api.v2.router:API", "glance.api.v2.router:app_factory")
	names(t, registryApp, "glance.registry.server:app_factory", "glance.registry.server:API",
		"glance.registry.api.v1:app_factory", "glance.registry.api.v1:API.factory", "glance.registry.api.v1:API",
		"glance.registry.api:API.factory", "glance.registry.api:API")
	names(t, healthApp, "oslo_middleware:Healthcheck.app_factory", "oslo_middleware.healthcheck:Healthcheck.app_factory",
		"egg:oslo.middleware#healthcheck")
	return t
}

// filterFactories is the same table for filters.
func filterFactories() map[string]filterFactory {
	t := map[string]filterFactory{}
	const negotiation = "glance.api.middleware.version_negotiation"
	names(t, negotiationFilter, negotiation+":filter_factory", negotiation+":VersionNegotiationFilter.factory",
		negotiation+":VersionNegotiationFilter")
	names(t, contextFilter, contextFilters...)
	names(t, oldContextFilter, oldContextFilters...)
	names(t, noAuthFilter, noAuthFilters...)
	names(t, tokenFilter, tokenFilters...)
	names(t, cacheFilter, "glance.api.middleware.image_cache:filter_factory", "glance.api.middleware.image_cache:ImageCacheFilter",
		"glance.api.middleware.cache:filter_factory", "glance.api.middleware.cache:CacheFilter.factory",
		"glance.api.middleware.cache:CacheFilter")
	names(t, cacheManageFilter, "glance.api.middleware.cache_manage:filter_factory",
		"glance.api.middleware.cache_manage:CacheManageFilter.factory", "glance.api.middleware.cache_manage:CacheManageFilter")
	names(t, gzipFilter, "glance.api.middleware.gzip:GzipMiddleware.factory", "glance.api.middleware.gzip:GzipMiddleware")
	names(t, healthFilter, "oslo_middleware:Healthcheck.factory", "oslo_middleware.healthcheck:Healthcheck.factory",
		"egg:oslo.middleware#healthcheck")
	names(t, corsFilter, "oslo_middleware.cors:filter_factory", "oslo_middleware.cors:CORS.factory", "oslo_middleware:CORS.factory",
		"egg:oslo.middleware#cors")
	names(t, proxyFilter, "oslo_middleware:HTTPProxyToWSGI.factory", "oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory",
		"egg:oslo.middleware#http_proxy_to_wsgi")
	names(t, noFilter, "osprofiler.web:WsgiMiddleware.factory")
	return t
}

// The filters that decide who asks.
var (
	contextFilters = []string{
		"glance.api.middleware.context:ContextMiddleware.factory", "glance.api.middleware.context:ContextMiddleware",
		"glance.api.middleware.context:filter_factory", "keystone.middleware.glance_auth_token:filter_factory",
		"keystone.middleware.glance_auth_token:KeystoneContextMiddleware",
	}
	oldContextFilters = []string{"glance.common.context:filter_factory", "glance.common.context:ContextMiddleware"}
	noAuthFilters     = []string{
		"glance.api.middleware.context:UnauthenticatedContextMiddleware.factory",
		"glance.api.middleware.context:UnauthenticatedContextMiddleware",
		"glance.common.context:UnauthenticatedContextMiddleware",
	}
	tokenFilters = []string{
		"keystonemiddleware.auth_token:filter_factory", "keystoneclient.middleware.auth_token:filter_factory",
		"keystone.middleware.auth_token:filter_factory", "egg:keystonemiddleware#auth_token",
	}
	identifyingFilters = slices.Concat(contextFilters, oldContextFilters, noAuthFilters)
)

// gone are beginnings of factory names that nobody serves any more, and why.
var gone = []struct{ prefix, reason string }{
	{"glance.api.v3.", "the artifacts API v3 was removed"},
	{"glance.api.glare.", "Glare was removed"},
	{"glance.search.", "the search service was removed"},
	{"glance.store.scrubber:", "this is no server but the program glance-scrubber"},
	{"glance.image_cache.", "this is no server but one of the programs glance-cache-*"},
}

func unknownFactory(o Options, what, name string) error {
	for _, g := range gone {
		if strings.HasPrefix(name, g.prefix) {
			return o.errorf("cannot serve %s: %s", name, g.reason)
		}
	}
	return o.errorf("names the %s %q, which is not known here", what, name)
}

func versionsApp(b *builder, _ Options, _ place) (http.Handler, error) { return b.parts.Versions, nil }

// v1App is the API v1 below a prefix. Files from before the API had versions,
// and those that name nothing else, put it at the root: there it stands for
// everything that is served.
func v1App(b *builder, o Options, at place) (http.Handler, error) {
	switch {
	case at.prefix == "" && at.identified:
		return b.root(), nil
	case at.prefix == "":
		return b.builtIn(o)
	case b.parts.V1 == nil:
		return nil, errSwitchedOff
	}
	return b.parts.V1, nil
}

func v2App(b *builder, _ Options, _ place) (http.Handler, error) {
	if b.parts.V2 == nil {
		return nil, errSwitchedOff
	}
	return b.parts.V2, nil
}

// registryApp without a filter that asks who calls trusts everybody, as the
// first registry did.
func registryApp(b *builder, o Options, at place) (http.Handler, error) {
	if b.parts.Registry == nil {
		return nil, errSwitchedOff
	}
	if at.identified {
		return b.parts.Registry, nil
	}
	trust, err := noAuthFilter(b, o, at)
	if err != nil {
		return nil, err
	}
	return trust(b.parts.Registry), nil
}

func healthApp(b *builder, o Options, _ place) (http.Handler, error) { return b.parts.health(o) }

func negotiationFilter(b *builder, _ Options, _ place) (Middleware, error) {
	return b.parts.Versions.Negotiate, nil
}

func contextFilter(b *builder, o Options, _ place) (Middleware, error) {
	if b.parts.Headers == nil {
		return nil, o.errorf("needs identity headers, which this program does not read")
	}
	return Identify(Identity{Authenticator: b.parts.Headers, MaxRequestID: b.parts.MaxRequestID}), nil
}

// oldContextFilter is that of 2011: where nobody checks tokens, a request
// without one is an administrator's.
func oldContextFilter(b *builder, o Options, at place) (Middleware, error) {
	if at.tokens || b.parts.Headers == nil || b.parts.NoAuth == nil {
		return contextFilter(b, o, at)
	}
	who := tokenOptional{without: b.parts.NoAuth, with: b.parts.Headers}
	return Identify(Identity{Authenticator: who, MaxRequestID: b.parts.MaxRequestID}), nil
}

// tokenOptional asks one authenticator about requests with credentials, and
// another one about those without.
type tokenOptional struct{ without, with auth.Authenticator }

func (t tokenOptional) Authenticate(ctx context.Context, h http.Header) (glance.Caller, error) {
	for _, name := range []string{"X-Auth-Token", "X-Storage-Token", "X-Identity-Status"} {
		if h.Get(name) != "" {
			return t.with.Authenticate(ctx, h)
		}
	}
	return t.without.Authenticate(ctx, h)
}

func noAuthFilter(b *builder, o Options, _ place) (Middleware, error) {
	if b.parts.NoAuth == nil {
		return nil, o.errorf("serves without authentication, which this program does not do")
	}
	return Identify(Identity{Authenticator: b.parts.NoAuth, OwnIDs: true}), nil
}

func tokenFilter(b *builder, o Options, _ place) (Middleware, error) {
	if b.parts.AuthToken == nil {
		return nil, o.errorf("checks tokens, but no identity service is configured ([keystone_authtoken])")
	}
	m, err := b.parts.AuthToken(o)
	if err != nil {
		return nil, o.errorf("%w", err)
	}
	return m, nil
}

func cacheFilter(b *builder, o Options, _ place) (Middleware, error) {
	return cachePart(o, b.parts.Cache)
}

func cacheManageFilter(b *builder, o Options, _ place) (Middleware, error) {
	return cachePart(o, b.parts.CacheManage)
}

func cachePart(o Options, m Middleware) (Middleware, error) {
	if m == nil {
		return nil, o.errorf("needs the image cache, which is not there (is image_cache_dir set?)")
	}
	return m, nil
}

func gzipFilter(*builder, Options, place) (Middleware, error) { return Gzip, nil }

func healthFilter(b *builder, o Options, _ place) (Middleware, error) {
	h, err := b.parts.health(o)
	if err != nil {
		return nil, err
	}
	return h.Wrap, nil
}

func corsFilter(b *builder, o Options, _ place) (Middleware, error) { return b.parts.cors(o) }

func proxyFilter(b *builder, o Options, _ place) (Middleware, error) { return b.parts.proxy(o) }

// noFilter accepts what has no effect here: tracing for OpenStack's profiler.
func noFilter(*builder, Options, place) (Middleware, error) { return transparent, nil }
