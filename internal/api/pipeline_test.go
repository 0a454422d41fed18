package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"glance/internal/api"
	"glance/internal/auth/headers"
	"glance/internal/auth/noauth"
	"glance/internal/ini"
)

// marked is a middleware that leaves its name in a header.
func marked(name string) api.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("X-Passed", name)
			next.ServeHTTP(w, r)
		})
	}
}

// app answers with its name, where it stands, and who asks.
func app(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := api.CallerFrom(r.Context())
		_, _ = io.WriteString(w, name+" "+api.Mount(r)+r.URL.Path+" "+c.UserID+strings.Join(c.Roles, ","))
	})
}

func parts() api.Parts {
	return api.Parts{
		CORS:         api.CORS{AllowedOrigin: []string{"http://a"}},
		Healthcheck:  api.Healthcheck{Backends: []string{"disable_by_file"}, DisableByFile: "/"},
		NoAuth:       noauth.Authenticator{},
		Headers:      &headers.Authenticator{},
		MaxRequestID: 64,
		Versions:     api.Versions{V1: true},
		V1:           app("v1"),
		V2:           app("v2"),
		Registry:     app("registry"),
		AuthToken: func(o api.Options) (api.Middleware, error) {
			return marked("authtoken delay=" + o.Values["delay_auth_decision"] + " g=" + o.Values["g"]), nil
		},
		Cache:       marked("cache"),
		CacheManage: marked("cachemanage"),
	}
}

func parse(t *testing.T, text string) *ini.Paste {
	t.Helper()
	p, err := ini.ParsePaste("/etc/glance/test-paste.ini", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// through sends a request through a pipeline: what it passed, status, body.
func through(t *testing.T, file *ini.Paste, program, flavor, path string, sent ...string) string {
	t.Helper()
	h, err := api.Pipeline(file, program, flavor, parts())
	if err != nil {
		t.Fatal(err)
	}
	w := ask(api.Entrance{}.Wrap(h), "GET", path, sent...)
	status := http.StatusText(w.Code)
	return strings.Join(append(w.Header()["X-Passed"], status, w.Body.String()), " | ")
}

var confirmed = []string{"X-Identity-Status", "Confirmed", "X-User-Id", "u"}

// Spec config §5: what is served without a paste file.
func TestBuiltInPipelines(t *testing.T) {
	const token = "authtoken delay=true g= | "
	tests := []struct{ program, flavor, want string }{
		{"glance-api", "", "OK | v2 /v2/images admin"},
		{"glance-api", "caching", "cache | OK | v2 /v2/images admin"},
		{"glance-api", "cachemanagement", "cache | cachemanage | OK | v2 /v2/images admin"},
		{"glance-api", "keystone", token + "OK | v2 /v2/images u"},
		{"glance-api", "keystone+caching", token + "cache | OK | v2 /v2/images u"},
		{"glance-api", "keystone+cachemanagement", token + "cache | cachemanage | OK | v2 /v2/images u"},
		{"glance-registry", "", "OK | registry /v2/images admin"},
		{"glance-registry", "keystone", token + "OK | registry /v2/images u"},
		{"glance-registry", "trusted-auth", "OK | registry /v2/images u"},
	}
	for _, tt := range tests {
		if got := through(t, nil, tt.program, tt.flavor, "/v2/images", confirmed...); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.program, tt.flavor, got, tt.want)
		}
	}
	if got := through(t, nil, "glance-api", "keystone", "/v1.1/images/detail", confirmed...); !strings.HasSuffix(got, "v1 /v1/images/detail u") {
		t.Errorf("v1: %s", got)
	}
	if got := through(t, nil, "glance-api", "keystone", "/healthcheck"); got != "OK | OK" {
		t.Errorf("health: %s", got)
	}
	if got := through(t, nil, "glance-api", "keystone", "/"); !strings.HasPrefix(got, "Multiple Choices | {") {
		t.Errorf("versions: %s", got)
	}
	if got := through(t, nil, "glance-api", "keystone", "/v2/images"); !strings.Contains(got, "Unauthorized") {
		t.Errorf("nobody: %s", got)
	}
}

// Files of other releases, and what paste.deploy allows besides.
func TestPasteShapes(t *testing.T) {
	tests := []struct{ name, text, path, want string }{
		{"founding", "[app:glance-api]\npaste.app_factory = glance.server:app_factory\nverbose = True\n", "/v2/images", "OK | v2 /v2/images admin"},
		{"founding, unversioned", "[app:glance-api]\npaste.app_factory = glance.server:app_factory\n", "/images", "Multiple Choices"},
		{"2011.3", "[pipeline:glance-api]\npipeline = versionnegotiation context apiv1app\n[app:apiv1app]\npaste.app_factory = glance.api.v1:app_factory\n" +
			"[filter:versionnegotiation]\npaste.filter_factory = glance.api.middleware.version_negotiation:filter_factory\n[filter:context]\npaste.filter_factory = glance.common.context:filter_factory\n", "/v1/images", "OK | v1 /v1/images u"},
		{"2012.1", "[pipeline:glance-api]\npipeline = context apiv1app\n[app:apiv1app]\npaste.app_factory = glance.common.wsgi:app_factory\nglance.app_factory = glance.api.v1.router:API\n" +
			"[filter:context]\npaste.filter_factory = glance.common.wsgi:filter_factory\nglance.filter_factory = glance.common.context:ContextMiddleware\n", "/v2/images", "OK | v2 /v2/images u"},
		{"2014.2", "[pipeline:glance-api]\npipeline = noauth osprofiler rootapp\n[composite:rootapp]\npaste.composite_factory = glance.api:root_app_factory\n/: apiversions\n/v1: apiv1app\n/v2: apiv2app\n" +
			"[app:apiversions]\npaste.app_factory = glance.api.versions:create_resource\n[app:apiv1app]\npaste.app_factory = glance.api.v1.router:API.factory\n[app:apiv2app]\npaste.app_factory = glance.api.v2.router:API.factory\n" +
			"[filter:noauth]\npaste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory\n[filter:osprofiler]\npaste.filter_factory = osprofiler.web:WsgiMiddleware.factory\nhmac_keys = SECRET_KEY  #DEPRECATED\n", "/v1/images", "OK | v1 /v1/images admin"},
		{"egg and inheritance", "[composite:glance-api]\nuse = egg:Paste#urlmap\n/v2 = mine\n[app:mine]\nuse = v2\n[app:v2]\npaste.app_factory = glance.api.v2.router:API.factory\n", "/v2/x", "OK | v2 /v2/x "},
		{"call", "[app:glance-api]\nuse = call:glance.api.v2.router:API.factory\n", "/x", "OK | v2 /x "},
		{
			"globals",
			"[DEFAULT]\ng = from default\n[pipeline:glance-api]\npipeline = a b c v2\n[filter:a]\npaste.filter_factory = keystonemiddleware.auth_token:filter_factory\n" +
				"[filter:b]\nuse = a\nset g = set here\ndelay_auth_decision = 1\n[filter:c]\nuse = b\nget delay_auth_decision = g\n[app:v2]\npaste.app_factory = glance.api.v2.router:API.factory\n",
			"/x",
			"authtoken delay= g=from default | authtoken delay=1 g=set here | authtoken delay=from default g=set here | OK | v2 /x ",
		},
		{"filter-app and filter-with", "[filter-app:glance-api]\npaste.filter_factory = glance.api.middleware.cache:CacheFilter.factory\nnext = v2\n[app:v2]\npaste.app_factory = glance.api.v2.router:API.factory\nfilter-with = m\n" +
			"[filter:m]\npaste.filter_factory = glance.api.middleware.cache_manage:CacheManageFilter.factory\n", "/x", "cache | cachemanage | OK | v2 /x "},
		{"mistyped key of 27", "[composite:glance-api]\npaste.composite_factory = glance.api:root_app_factory\n/: v2\n/healthchetck: health\n[app:health]\npaste.app_factory = oslo_middleware:Healthcheck.app_factory\n[app:v2]\npaste.app_factory = glance.api.v2.router:API.factory\n", "/x", "OK | v2 /x "},
		{"filter health", "[pipeline:glance-api]\npipeline = health v2\n[filter:health]\npaste.filter_factory = oslo_middleware:Healthcheck.factory\npath = /up\nbackends = disable_by_file\ndisable_by_file_path = /\n[app:v2]\npaste.app_factory = glance.api.v2.router:API.factory\n", "/up", "Service Unavailable | DISABLED BY FILE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := through(t, parse(t, tt.text), "glance-api", "", tt.path, append(confirmed, "X-Auth-Token", "t")...)
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// 2011: without a token check, a request without a token is an administrator's.
func TestOldContext(t *testing.T) {
	const text = "[pipeline:glance-registry]\npipeline = %s context app\n[app:app]\npaste.app_factory = glance.registry.server:app_factory\n" +
		"[filter:context]\npaste.filter_factory = glance.common.context:filter_factory\n[filter:authtoken]\npaste.filter_factory = keystone.middleware.auth_token:filter_factory\n"
	open, checked := parse(t, strings.Replace(text, "%s", "", 1)), parse(t, strings.Replace(text, "%s", "authtoken", 1))
	if got := through(t, open, "glance-registry", "", "/x"); got != "OK | registry /x admin" {
		t.Errorf("open: %s", got)
	}
	if got := through(t, open, "glance-registry", "", "/x", "X-Auth-Token", "t"); !strings.HasPrefix(got, "Unauthorized") {
		t.Errorf("open, unknown token: %s", got)
	}
	if got := through(t, checked, "glance-registry", "", "/x"); !strings.Contains(got, "Unauthorized") {
		t.Errorf("checked: %s", got)
	}
}

func TestPasteOverrides(t *testing.T) {
	const text = "[pipeline:glance-api]\npipeline = cors proxy v2\n[app:v2]\npaste.app_factory = glance.api.v2.router:API.factory\n" +
		"[filter:cors]\npaste.filter_factory = oslo_middleware.cors:filter_factory\nallowed_origin = http://b, http://c\noslo_config_file = /nowhere\nlatent_expose_headers = X-A,X-B\n" +
		"[filter:proxy]\npaste.filter_factory = oslo_middleware:HTTPProxyToWSGI.factory\nenable_proxy_headers_parsing = yes\n"
	h, err := api.Pipeline(parse(t, text), "glance-api", "", parts())
	if err != nil {
		t.Fatal(err)
	}
	w := ask(api.Entrance{}.Wrap(h), "GET", "/x", "Origin", "http://c", "X-Forwarded-Prefix", "/p")
	if w.Header().Get("Access-Control-Allow-Origin") != "http://c" || w.Header().Get("Access-Control-Expose-Headers") != "X-A,X-B" || w.Body.String() != "v2 /p/x " {
		t.Errorf("%v %q", w.Header(), w.Body)
	}
	if w := ask(api.Entrance{}.Wrap(h), "GET", "/x", "Origin", "http://a"); w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("the configuration beats the paste file")
	}
}

func TestPasteErrors(t *testing.T) {
	const v2 = "[app:v2]\npaste.app_factory = glance.api.v2.router:API.factory\n"
	tests := []struct{ name, text, want string }{
		{"no such app", "[app:other]\n", "Unable to load glance-api from configuration file /etc/glance/test-paste.ini.\nGot: LookupError: no section \"glance-api\" (prefixed by app or application"},
		{"no such filter", "[pipeline:glance-api]\npipeline = nix v2\n" + v2, `test-paste.ini:1: [pipeline:glance-api] LookupError: no section "nix" (prefixed by filter)`},
		{"unknown factory", "[app:glance-api]\n\npaste.app_factory = my.module:app\n", `test-paste.ini:1: [app:glance-api] names the application "my.module:app", which is not known here`},
		{"unknown filter", "[pipeline:glance-api]\npipeline = f v2\n[filter:f]\npaste.filter_factory = my.module:f\n" + v2, `test-paste.ini:3: [filter:f] names the filter "my.module:f"`},
		{"no factory", "[app:glance-api]\n", "names no factory"},
		{"v3", "[app:glance-api]\npaste.app_factory = glance.api.v3.router:API.factory\n", "the artifacts API v3 was removed"},
		{"glare", "[app:glance-api]\npaste.app_factory = glance.api.glare.v0_1.router:API.factory\n", "Glare was removed"},
		{"search", "[app:glance-api]\npaste.app_factory = glance.search.api.v0_1.router:API.factory\n", "the search service was removed"},
		{"a program", "[app:glance-api]\npaste.app_factory = glance.store.scrubber:app_factory\n", "the program glance-scrubber"},
		{"a loop", "[pipeline:glance-api]\npipeline = glance-api\n", "is part of itself"},
		{"use of itself", "[app:glance-api]\nuse = glance-api\n", "is part of itself"},
		{"flavor", "[composite:glance-api]\npaste.composite_factory = glance.api:pipeline_factory\nkeystone = v2\n" + v2, `has no pipeline for flavor "default", only for keystone`},
		{"empty", "[pipeline:glance-api]\n", "is an empty pipeline"},
		{"other file", "[app:glance-api]\nuse = config:other.ini#main\n", "uses another file"},
		{"host", "[composite:glance-api]\nuse = egg:Paste#urlmap\ndomain a / = v2\n" + v2, "mounts by host name or port (domain a /)"},
		{"bool", "[pipeline:glance-api]\npipeline = f v2\n[filter:f]\npaste.filter_factory = oslo_middleware:HTTPProxyToWSGI.factory\nenable_proxy_headers_parsing = maybe\n" + v2, `[filter:f] enable_proxy_headers_parsing should be true or false, not "maybe"`},
		{"number", "[pipeline:glance-api]\npipeline = f v2\n[filter:f]\npaste.filter_factory = oslo_middleware.cors:filter_factory\nmax_age = long\n" + v2, `[filter:f] max_age should be a whole number, not "long"`},
		{"health", "[app:glance-api]\npaste.app_factory = oslo_middleware:Healthcheck.app_factory\nbackends = x\n", `there is no healthcheck backend "x"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := api.Pipeline(parse(t, tt.text), "glance-api", "", parts())
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "/etc/glance/test-paste.ini") {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

func TestMissingParts(t *testing.T) {
	for flavor, want := range map[string]string{
		"":                "[filter:unauthenticated-context] serves without authentication",
		"keystone":        "[filter:authtoken] checks tokens, but no identity service is configured",
		"cachemanagement": "[filter:cache] needs the image cache",
	} {
		p := api.Parts{V2: app("v2")}
		if flavor == "cachemanagement" {
			p.NoAuth = noauth.Authenticator{}
		}
		if _, err := api.Pipeline(nil, "glance-api", flavor, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", flavor, err, want)
		}
	}
	p := parts()
	p.V1, p.Registry, p.Versions = nil, nil, api.Versions{}
	h, err := api.Pipeline(nil, "glance-api", "", p)
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(h, "GET", "/v1/images"); w.Code != 300 {
		t.Errorf("v1, switched off: %d", w.Code)
	}
	if _, err := api.Pipeline(nil, "glance-registry", "", p); err == nil || !strings.Contains(err.Error(), "switched off") {
		t.Errorf("registry, switched off: %v", err)
	}
}

func TestUseOfAnotherFile(t *testing.T) {
	p := parts()
	p.Load = func(name, from string) (*ini.Paste, error) {
		if name != "other.ini" || from != "/etc/glance/test-paste.ini" {
			t.Errorf("%s from %s", name, from)
		}
		return ini.ParsePaste("/etc/glance/other.ini", []byte("[pipeline:x]\npipeline = v2\n[app:v2]\npaste.app_factory = glance.api.v2.router:API.factory\n"))
	}
	h, err := api.Pipeline(parse(t, "[app:glance-api]\nuse = config:other.ini#x\n"), "glance-api", "", p)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(h, "GET", "/x").Body.String(); got != "v2 /x " {
		t.Error(got)
	}
}
