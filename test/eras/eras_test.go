package eras_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

const root = "../.."

// programs is the directory of the built programs.
const programsEnv = "GLANCE_ERAS_PROGRAMS"

// TestMain builds the programs once.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "glance-eras-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = rig.Build(context.Background(), root, dir)
	}
	if err == nil {
		err = os.Setenv(programsEnv, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// server is a server of one era and what it answers.
type server struct {
	era     string
	program string // glance-api when empty
	args    string // in the directory of the files
	env     string
	answers map[string]int
}

// What servers without an identity service answer, and with one.
var (
	open     = map[string]int{"/": 300, "/versions": 200, "/v2/images": 200, "/v1/images": 300}
	openOld  = map[string]int{"/": 300, "/v2/images": 200, "/v1/images": 200}
	keystone = map[string]int{"/": 300, "/v2/images": 401}
	registry = map[string]int{"/images": 200}
)

func servers() []server {
	return []server{
		{era: "2011.1", args: "glance.cnf", answers: openOld},
		{era: "2011.1", args: "--debug --host 127.0.0.1 glance.cnf", answers: openOld},
		{era: "2011.1", program: "glance-registry", args: "glance.cnf", answers: registry},
		{era: "2011.2", args: "glance.conf", answers: openOld},
		{era: "2011.2", program: "glance-registry", args: "glance.conf", answers: registry},
		{era: "2011.3", args: "--config-file glance-api.conf", answers: openOld},
		{era: "2011.3", program: "glance-registry", args: "glance-registry.conf", answers: registry},
		{era: "2012.1", args: "--config-file glance-api.conf", answers: openOld},
		{era: "2012.1", program: "glance-registry", args: "--config-file glance-registry.conf", answers: registry},
		{era: "2012.1", args: "--config-file glance-api.conf", env: "OS_PASTE_DEPLOY__FLAVOR=keystone", answers: map[string]int{"/": 300, "/v1/images": 401}},
		{era: "2013.2", env: "OS_PASTE_DEPLOY__FLAVOR=keystone", args: "--config-file glance-api.conf", answers: keystone},
		{era: "2013.2", env: "OS_PASTE_DEPLOY__FLAVOR=trusted-auth+cachemanagement", args: "--config-file glance-api.conf", answers: keystone},
		{era: "2013.2", args: "--config-file glance-api.conf", answers: openOld},
		{era: "2015.1", args: "--config-file glance-api.conf", answers: keystone},
		{era: "17.0", args: "--config-file glance-api.conf", answers: keystone},
		{era: "17.0", program: "glance-registry", args: "--config-file glance-registry.conf", answers: registry},
		{era: "21.0", args: "--config-file glance-api.conf", answers: open},
		{era: "21.0", args: "--config-dir .", answers: open},
		{era: "27.0", args: "", answers: map[string]int{"/": 300, "/v2/images": 200, "/healthchetck": 200}},
		{era: "31.0", args: "--config-file glance-api.conf", answers: map[string]int{"/": 300, "/v2/images": 401, "/healthcheck": 200}},
		{era: "own", args: "--config-file glance-api.conf", answers: map[string]int{
			"/": 300, "/v2/images": 200, "/v1/images": 200, "/health": 200, "/guarded/images": 401, "/base/images": 200,
		}},
		{era: "31.0", env: "OS_GLANCE_CONFIG_DIR=.", answers: keystone},
	}
}

// lay copies the files of an era to a directory of their own, and replaces what
// a test cannot have: system directories and the ports that everybody has.
func lay(t *testing.T, era string) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"lib", "log"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	adapt := strings.NewReplacer(
		"/var/lib/glance", dir+"/lib", "/var/log/glance", dir+"/log", "/etc/glance", dir,
		"port = 9292", "port = 0", "port = 9191", "port = 0", "host = 0.0.0.0", "host = 127.0.0.1",
	)
	files := os.DirFS(filepath.Join("testdata", era))
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, path), []byte(adapt.Replace(string(text))), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func command(t *testing.T, s server) rig.Command {
	t.Helper()
	dir := lay(t, s.era)
	if s.program == "" {
		s.program = "glance-api"
	}
	env := []string{"HOME=" + dir, "OS_OSLO_POLICY__POLICY_DIRS=" + dir + "/policy.d"} // not those of this machine
	if s.env != "" {
		env = append(env, s.env)
	}
	return rig.Command{Path: filepath.Join(os.Getenv(programsEnv), s.program), Args: strings.Fields(s.args), Dir: dir, Env: env}
}

// TestEras: each configuration starts the server that it describes.
func TestEras(t *testing.T) {
	t.Parallel()
	for _, s := range servers() {
		t.Run(strings.TrimSpace(s.era+" "+s.program+" "+s.args+s.env), func(t *testing.T) {
			t.Parallel()
			running, err := rig.Start(t.Context(), command(t, s))
			if err != nil {
				t.Fatal(err)
			}
			defer running.Kill()
			client := rig.Client{Base: running.URL, Transport: &http.Transport{DisableKeepAlives: true}}
			for path, want := range s.answers {
				got, err := client.Get(t.Context(), path)
				if err != nil {
					t.Fatal(err)
				}
				if got.Status != want {
					t.Errorf("%s: status %d, want %d\n%s", path, got.Status, want, got.Body)
				}
			}
			if err := running.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCheckEras: --check-config finds nothing wrong with any of them.
func TestCheckEras(t *testing.T) {
	t.Parallel()
	for _, s := range servers() {
		s.args += " --check-config"
		c := command(t, s)
		cmd := exec.CommandContext(t.Context(), c.Path, c.Args...)
		cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s %s %s: %v\n%s", s.era, s.program, s.args, err, out)
		}
	}
}

// factories are those of every release (spec servers §3), by what names them in
// a section.
var factories = map[string][]string{
	"paste.app_factory": {
		"glance.server:app_factory", "glance.api.v1_0:app_factory", "glance.api.v1:app_factory", "glance.api.v1.router:app_factory",
		"glance.api.v1.router:API.factory", "glance.api.v2.router:API.factory", "glance.api.versions:app_factory",
		"glance.api.versions:create_resource", "oslo_middleware:Healthcheck.app_factory",
	},
	"glance.app_factory": {"glance.api.v1.router:API", "glance.api.v2.router:API", "glance.api.versions:Controller"},
	"paste.filter_factory": {
		"glance.api.middleware.version_negotiation:filter_factory", "glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory",
		"glance.common.context:filter_factory", "glance.api.middleware.context:ContextMiddleware.factory",
		"glance.api.middleware.context:UnauthenticatedContextMiddleware.factory", "keystone.middleware.auth_token:filter_factory",
		"keystoneclient.middleware.auth_token:filter_factory", "keystonemiddleware.auth_token:filter_factory",
		"keystone.middleware.glance_auth_token:filter_factory", "glance.api.middleware.image_cache:filter_factory",
		"glance.api.middleware.cache:filter_factory", "glance.api.middleware.cache:CacheFilter.factory",
		"glance.api.middleware.cache_manage:filter_factory", "glance.api.middleware.cache_manage:CacheManageFilter.factory",
		"glance.api.middleware.gzip:GzipMiddleware.factory", "oslo_middleware:Healthcheck.factory", "oslo_middleware.cors:filter_factory",
		"oslo_middleware:HTTPProxyToWSGI.factory", "osprofiler.web:WsgiMiddleware.factory",
	},
	"glance.filter_factory": {
		"glance.common.context:ContextMiddleware", "glance.api.middleware.version_negotiation:VersionNegotiationFilter",
		"glance.api.middleware.cache:CacheFilter", "glance.api.middleware.cache_manage:CacheManageFilter",
		"keystone.middleware.glance_auth_token:KeystoneContextMiddleware",
	},
}

// TestEveryFactory: a paste file that names every factory there ever was is
// served.
func TestEveryFactory(t *testing.T) {
	t.Parallel()
	c := command(t, server{era: "own", args: "--config-file glance-api.conf"})
	c.Env = append(c.Env, "OS_DEFAULT__IMAGE_CACHE_DIR="+filepath.Join(c.Dir, "cache"))
	var mounts, sections strings.Builder
	filters := ""
	for key, names := range factories {
		for i, name := range names {
			kind, _, _ := strings.Cut(key[strings.Index(key, ".")+1:], "_")
			section := fmt.Sprintf("%s%d", strings.ReplaceAll(key, ".", "_"), i)
			fmt.Fprintf(&sections, "[%s:%s]\n", kind, section)
			if strings.HasPrefix(key, "glance.") {
				fmt.Fprintf(&sections, "paste.%s_factory = glance.common.wsgi:%s_factory\n", kind, kind)
			}
			fmt.Fprintf(&sections, "%s = %s\n", key, name)
			if kind == "filter" {
				filters += section + " "
				continue
			}
			fmt.Fprintf(&mounts, "/%s: %s\n", section, section)
		}
	}
	text := "[composite:glance-api]\npaste.composite_factory = glance.api:root_app_factory\n/: all\n" + mounts.String() +
		"[pipeline:all]\npipeline = " + filters + "paste_app_factory0\n" + sections.String()
	if err := os.WriteFile(filepath.Join(c.Dir, "paste", "site.ini"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	running, err := rig.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Stop(); err != nil {
		t.Error(err)
	}
}

// TestRefused: what nobody serves any more fails with a clear message that
// names file, line and reason.
func TestRefused(t *testing.T) {
	t.Parallel()
	const original = "glance.api.v3.router:API.factory"
	tests := map[string]string{ // factory: reason
		original: "the artifacts API v3 was removed",
		"glance.api.glare.v0_1.router:API.factory":  "Glare was removed",
		"glance.search.api.v0_1.router:API.factory": "the search service was removed",
		"glance.store.scrubber:app_factory":         "this is no server but the program glance-scrubber",
		"glance.image_cache.prefetcher:app_factory": "this is no server but one of the programs glance-cache-*",
		"example.site:own_factory":                  `names the application "example.site:own_factory", which is not known here`,
	}
	for factory, reason := range tests {
		c := command(t, server{era: "removed", args: "--config-file glance-api.conf"})
		paste := filepath.Join(c.Dir, "glance-api-paste.ini")
		text, err := os.ReadFile(paste)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(paste, []byte(strings.Replace(string(text), original, factory, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), c.Path, c.Args...)
		cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
		out, _ := cmd.CombinedOutput()
		said := string(out)
		if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said, "ERROR: Unable to load glance-api from configuration file "+paste) ||
			!strings.Contains(said, paste+":") || !strings.Contains(said, reason) {
			t.Errorf("%s: %v\n%s", factory, cmd.ProcessState, said)
		}
	}
}
