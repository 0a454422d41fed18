package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/config"
	"glance/internal/oslolog"
)

// place is an empty file system of its own: working directory, home, system.
type place struct {
	t    *testing.T
	root string
}

func newPlace(t *testing.T) place { return place{t, t.TempDir()} }

func (p place) path(name string) string { return filepath.Join(p.root, name) }

func (p place) write(name, text string) string {
	p.t.Helper()
	path := p.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

func (p place) input(prog string, args ...string) config.Input {
	return config.Input{
		Prog: prog, Version: "1.2.3", Args: args,
		Environ: []string{"HOME=" + p.path("home")}, Dir: p.path("work"),
		SystemDirs: []string{p.path("etc/glance"), p.path("etc")},
	}
}

func (p place) api(args ...string) *config.API {
	p.t.Helper()
	c, err := config.LoadAPI(p.input("glance-api", args...))
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// apiExit loads what must fail or end early.
func (p place) apiExit(args ...string) *config.Exit {
	p.t.Helper()
	_, err := config.LoadAPI(p.input("glance-api", args...))
	var exit *config.Exit
	if !errors.As(err, &exit) {
		p.t.Fatalf("got %v, want an Exit", err)
	}
	return exit
}

func TestEmbedded(t *testing.T) {
	p := newPlace(t)
	for _, args := range [][]string{nil, {"--debug"}, {"-dv"}} {
		c := p.api(args...)
		if !c.Embedded || c.Server.BindHost != "127.0.0.1" || c.Server.BindPort != 9292 ||
			c.Database.Connection != "sqlite:///var/glance.sqlite" || c.PasteDeploy.Flavor != "" {
			t.Errorf("%v: got %+v", args, c.Server)
		}
	}
	if c := p.api("--embedded", "--port", "8000"); !c.Embedded || c.Server.BindHost != "127.0.0.1" || c.Server.BindPort != 8000 {
		t.Errorf("with a port: %+v", c.Server)
	}
	if c := p.api("--port", "8000"); c.Embedded || c.Server.BindHost != "0.0.0.0" || c.Server.BindPort != 8000 {
		t.Errorf("an option does not switch the built-in configuration off: %+v", c.Server)
	}
	p.write("etc/glance-api.conf", "[DEFAULT]\n")
	if c := p.api(); c.Embedded {
		t.Error("a file does not switch the built-in configuration off")
	}
	if c := p.api("--embedded"); !c.Embedded || len(c.Files) != 0 {
		t.Errorf("asked for, with a file there: %v", c.Files)
	}
}

func TestDefaults(t *testing.T) {
	c := newPlace(t).api("--port=9292")
	if c.Images.SizeCap != 1<<40 || c.Images.PropertyQuota != 128 || c.Images.LocationQuota != 10 ||
		c.Images.HashingAlgorithm != "sha512" || !c.Images.DoSecureHash ||
		strings.Join(c.Images.ImportMethods, " ") != "glance-direct web-download copy-image" {
		t.Errorf("images: %+v", c.Images)
	}
	if len(c.ImageFormat.DiskFormats) != 11 || !c.ImageFormat.RequireMatch || len(c.ImageFormat.GPTNonfatal) != 0 {
		t.Errorf("image_format: %+v", c.ImageFormat)
	}
	if c.Database.MaxOverflow != 50 || c.Database.MySQLMode != "TRADITIONAL" || c.Database.PoolTimeout != nil {
		t.Errorf("database: %+v", c.Database)
	}
	if len(c.Policy.Dirs) != 1 || c.Keystone.MaxRetries != 3 || c.CORS.MaxAge != 3600 || c.Server.Workers != nil {
		t.Error("other sections have other defaults")
	}
}

func TestSearchOrder(t *testing.T) {
	p := newPlace(t)
	conf := func(port string) string { return "[DEFAULT]\nbind_port = " + port + "\n" }
	for i, dir := range []string{"etc", "etc/glance", "home", "home/.glance", "work"} {
		port := []string{"1", "2", "3", "4", "5"}[i]
		p.write(dir+"/glance-api.conf", conf(port))
		if c := p.api(); len(c.Files) != 1 || c.Server.BindPort != i+1 {
			t.Errorf("%s: got port %d from %v", dir, c.Server.BindPort, c.Files)
		}
	}
	p.write("etc/glance.conf", "[DEFAULT]\nbind_port = 6\nlimit_param_default = 7\n")
	if c := p.api(); len(c.Files) != 2 || c.Server.BindPort != 5 || c.Images.LimitParamDefault != 7 {
		t.Errorf("glance.conf does not lie under glance-api.conf: %v", c.Files)
	}
	p.write("home/glance-api.conf.d/x.conf", conf("8"))
	if c := p.api(); c.Server.BindPort != 8 {
		t.Errorf("glance-api.conf.d is not read last: %v", c.Files)
	}
	p.write("home/.glance/glance.cnf", conf("9"))
	if c := p.api(); c.Founding || c.Server.BindPort != 8 {
		t.Error("glance.cnf is read beside other files")
	}
}

func TestLegacyFileAlone(t *testing.T) {
	p := newPlace(t)
	p.write("etc/glance/glance.cnf", "[DEFAULT]\n[app:glance-api]\nport = 9000\nfilesystem-store-datadir = /srv\n")
	c := p.api()
	datadir, _ := c.Source.Value("glance_store", "filesystem_store_datadir")
	if !c.Founding || c.Server.BindPort != 9000 || datadir.Text != "/srv" {
		t.Errorf("got %+v, %+v", c.Server, datadir)
	}
}

func TestConfigDirOfEnvironment(t *testing.T) {
	p := newPlace(t)
	in := p.input("glance-api")
	in.Environ = append(in.Environ, "OS_GLANCE_CONFIG_DIR="+p.path("other"))
	if _, err := config.LoadAPI(in); err == nil || !strings.HasSuffix(err.Error(), "other/glance-api.conf") {
		t.Errorf("got %v, want the missing file", err)
	}
	p.write("other/glance-api.conf", "[DEFAULT]\nbind_port = 1\n")
	p.write("other/glance-image-import.conf", "[DEFAULT]\nbind_port = 2\n[image_import_opts]\nimage_import_plugins = [no_op]\n")
	c, err := config.LoadAPI(in)
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.BindPort != 1 || len(c.ImportOptions.Plugins) != 1 {
		t.Errorf("got port %d, plugins %v", c.Server.BindPort, c.ImportOptions.Plugins)
	}
}

func TestCommandLine(t *testing.T) {
	p := newPlace(t)
	conf := p.write("work/a.conf", "[DEFAULT]\nbind_port = 1\ndebug = true\n")
	p.write("work/d/x.conf", "[DEFAULT]\nlimit_param_default = 3\n")
	p.write("work/b.conf", "[DEFAULT]\nlimit_param_default = 4\n")
	c := p.api("a.conf", "-H", "::1", "-p2", "--registry-port=3", "--registry_host", "r", "--default-store", "rbd",
		"--filesystem-store-datadir", "/x", "--sql-connection", "sqlite:////db", "--nodebug", "--log-h", "file",
		"--config-dir", "d", "--config-file=b.conf")
	datadir, _ := c.Source.Value("glance_store", "filesystem_store_datadir")
	got := []any{
		c.Server.BindHost, c.Server.BindPort, c.Registry.RegistryPort, c.Registry.RegistryHost, c.Stores.DefaultStore,
		datadir.Text, c.Database.Connection, c.Log.Debug, c.Log.Handler, c.Images.LimitParamDefault, c.Files[2],
	}
	want := []any{"::1", 2, 3, "r", "rbd", "/x", "sqlite:////db", false, "file", 4, conf}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("value %d: got %v, want %v", i, got[i], want[i])
		}
	}
}

func TestPrecedence(t *testing.T) {
	p := newPlace(t)
	p.write("work/glance-api.conf", "[DEFAULT]\nbind_port = 1\n[app:glance-api]\nport = 2\n")
	if c := p.api(); c.Server.BindPort != 2 {
		t.Errorf("got %d, want that of the app section", c.Server.BindPort)
	}
	in := p.input("glance-api")
	in.Environ = append(in.Environ, "OS_DEFAULT__BIND_PORT=3")
	if c, err := config.LoadAPI(in); err != nil || c.Server.BindPort != 3 {
		t.Errorf("got %v, want that of the environment", err)
	}
	in.Args = []string{"-p", "4"}
	if c, err := config.LoadAPI(in); err != nil || c.Server.BindPort != 4 {
		t.Errorf("got %v, want that of the command line", err)
	}
}

func TestFailures(t *testing.T) {
	p := newPlace(t)
	p.write("work/bad.conf", "[DEFAULT]\nbroken\n")
	p.write("work/values.conf", "[DEFAULT]\nbind_port = http\n[database]\nmax_pool_size = -1\nconnection = mysql://u:secret@h/db\n")
	for name, tt := range map[string]struct {
		args   []string
		code   int
		stderr string
	}{
		"file":       {[]string{"--config-file", "no.conf", "more.conf"}, 1, "Failed to find some config files: WORK/no.conf,WORK/more.conf\n"},
		"dir":        {[]string{"--config-dir", "no"}, 1, "Failed to read config file directory: WORK/no\n"},
		"unreadable": {[]string{"--config-file", "."}, 1, "Failed to open some config files: WORK\n"},
		"syntax":     {[]string{"bad.conf"}, 1, "Failed to parse WORK/bad.conf: at WORK/bad.conf:2, No ':' or '=' found in assignment: 'broken'\n"},
		"values": {
			[]string{"values.conf"},
			5,
			"ERROR: Value for option bind_port from WORK/values.conf:2 is not valid: should be a whole number from 0 to 65535, found 'http'\n" +
				"Value for option database.max_pool_size from WORK/values.conf:4 is not valid: should be a whole number not below 0, found '-1'\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			exit := p.apiExit(tt.args...)
			want := strings.ReplaceAll(tt.stderr, "WORK", p.path("work"))
			if exit.Code != tt.code || exit.Stderr != want {
				t.Errorf("got %d %s\nwant %d %s", exit.Code, exit.Stderr, tt.code, want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	for _, tt := range []struct {
		err    error
		code   int
		stdout string
		stderr string
	}{
		{nil, 0, "", ""},
		{errors.New("x"), 99, "", "ERROR: x\n"},
		{config.Fail(config.CodeStore, errors.New("y")), 3, "", "ERROR: y\n"},
		{&config.Exit{Stdout: "v\n"}, 0, "v\n", ""},
	} {
		var stdout, stderr strings.Builder
		code := config.Report(tt.err, &stdout, &stderr)
		if code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
			t.Errorf("%v: got %d %q %q", tt.err, code, stdout.String(), stderr.String())
		}
	}
}

func TestFindFile(t *testing.T) {
	p := newPlace(t)
	conf := p.write("x/a.conf", "[DEFAULT]\nproperty_protection_file = pp.conf\n")
	policy := p.write("x/policy.yaml", "")
	protection := p.write("etc/glance/pp.conf", "")
	c := p.api(conf)
	found, ok := c.Source.FindFile(c.Policy.File)
	if !ok || found != policy || c.Images.ProtectionFile != protection || c.FindFile("none") != "none" {
		t.Errorf("got %q and %q", found, c.Images.ProtectionFile)
	}
}

func TestAuthSection(t *testing.T) {
	p := newPlace(t)
	p.write("work/glance-api.conf", `[keystone_authtoken]
auth_section = service
username = not this
cafile = /ca
[service]
auth_type = password
user-name = glance
tenant_name = service
`)
	k := p.api().Keystone
	if k.Username != "glance" || k.ProjectName != "service" || k.AuthType != "password" || k.CAFile != "/ca" || k.AuthSection != "service" {
		t.Errorf("got %+v", k.Credentials)
	}
}

func TestRegistry(t *testing.T) {
	p := newPlace(t)
	p.write("work/glance-registry.conf", "[DEFAULT]\nsql_connection = sqlite:///a\n")
	c, err := config.LoadRegistry(p.input("glance-registry"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.BindPort != 9191 || c.Database.Connection != "sqlite:///a" || c.Founding {
		t.Errorf("got %+v", c.Server)
	}
	c, err = config.LoadRegistry(p.input("glance-registry", "-p", "1", "--sql-connection", "sqlite:///b", "-v"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.BindPort != 1 || c.Database.Connection != "sqlite:///b" || !c.Founding {
		t.Errorf("got %+v", c.Server)
	}
}

func TestTool(t *testing.T) {
	p := newPlace(t)
	p.write("etc/glance-api.conf", "[database]\nconnection = sqlite:///a\nmax_pool_size = 9\n")
	p.write("etc/glance-manage.conf", "[database]\nconnection = sqlite:///b\n")
	c, args, err := config.LoadTool(p.input("glance-manage", "-d", "db", "purge", "--max_rows", "3"), nil, "COMMAND", true)
	if err != nil {
		t.Fatal(err)
	}
	if c.Database.Connection != "sqlite:///b" || c.Database.MaxPoolSize != 9 || !c.Log.UseStderr || !c.Log.Debug {
		t.Errorf("got %+v", c.Database)
	}
	if strings.Join(args.Rest, " ") != "db purge --max_rows 3" {
		t.Errorf("the command is lost: %v", args.Rest)
	}
	c, _, err = config.LoadTool(p.input("glance-scrubber", "-D", "--restore", "id"), config.ScrubberFlags(), "", false)
	if err != nil || !c.Scrubber.Daemon || c.Scrubber.Restore != "id" || c.Database.Connection != "" {
		t.Errorf("got %v", err)
	}
}

func TestToolWithUnexpectedWords(t *testing.T) {
	_, _, err := config.LoadTool(newPlace(t).input("glance-scrubber", "x", "y"), config.ScrubberFlags(), "", false)
	if err == nil || !strings.HasSuffix(err.Error(), "error: unrecognized arguments: x y") {
		t.Errorf("got %v", err)
	}
}

// The logging options convert, so that app need not copy field by field.
func TestLogConverts(t *testing.T) {
	c := newPlace(t).api("--use-json", "--log-dir", "/d")
	o := oslolog.Options(c.Log)
	if !o.UseJSON || o.Dir != "/d" || o.RotateInterval != 1 || o.MaxFiles != 30 {
		t.Errorf("got %+v", o)
	}
	if _, err := oslolog.New(nil, false, o); err != nil {
		t.Errorf("the default formats are not taken: %v", err)
	}
}

func TestRecordedConfigurations(t *testing.T) {
	files, err := filepath.Glob("../../test/golden/testdata/configs/*/glance-api.conf")
	if err != nil || len(files) != 16 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := newPlace(t)
			conf := p.write("glance-api.conf", strings.NewReplacer("{workdir}", p.root, "{port}", "9999").Replace(string(text)))
			c := p.api("--config-file", conf)
			if c.Server.BindPort != 9999 || c.Task.WorkDir != p.path("tasks") || len(c.ImportFilter.AllowedHosts) != 2 ||
				len(c.ImportFilter.AllowedPorts) != 0 || c.Founding {
				t.Errorf("got %+v", c.Server)
			}
			if multi := len(c.Images.EnabledBackends) == 3; multi != (c.Stores.DefaultBackend == "fast") {
				t.Errorf("stores: %v, %+v", c.Images.EnabledBackends, c.Stores)
			}
		})
	}
}

// Spec registry §1: the environment wins.
func TestAuthURL(t *testing.T) {
	p := place{t, t.TempDir()}
	p.write("work/glance-api.conf", "[DEFAULT]\nauth_url = http://file\n")
	in := p.input("glance-api")
	for environ, want := range map[string]string{"OS_AUTH_URL=http://env": "http://env", "OS_AUTH_URL=": "http://file"} {
		in.Environ = append(p.input("").Environ, environ)
		c, err := config.LoadAPI(in)
		if err != nil || c.Registry.AuthURL != want {
			t.Errorf("%s: %+v, %v", environ, c, err)
		}
	}
}
