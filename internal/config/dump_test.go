package config_test

import (
	"log/slog"
	"strings"
	"testing"

	"glance/internal/config"
	"glance/internal/oslolog"
)

// The dump of the founding document, key by key and value by value.
const foundingDump = `********************************************************************************
Options:
========
debug                          True
default_store                  file
filesystem_store_datadir       /var/lib/glance/images/
host                           0.0.0.0
log_config                     None
log_date_format                %Y-%m-%d %H:%M:%S
log_dir                        None
log_file                       glance-api.log
log_handler                    stream
port                           9292
registry_host                  0.0.0.0
registry_port                  9191
verbose                        False
********************************************************************************`

func TestDumpOfFoundingDocument(t *testing.T) {
	in := newPlace(t).input("glance-api", "etc/glance.cnf.sample", "--debug")
	in.Dir = "../.."
	c, err := config.LoadAPI(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Dump(), "\n"); got != foundingDump {
		t.Errorf("got\n%s", got)
	}
	if c.Database.Connection != "sqlite:///glance.sqlite" {
		t.Errorf("the database of the registry is not found: %q", c.Database.Connection)
	}
	var log strings.Builder
	h, err := oslolog.New(&log, c.Founding, oslolog.Options(c.Log))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range c.Dump() {
		slog.New(h).Debug(line)
	}
	const stamp = "2011-02-04 17:12:28"
	for i, line := range strings.Split(foundingDump, "\n") {
		if got := strings.Split(log.String(), "\n")[i]; len(got) < len(stamp) || got[len(stamp):] != "    DEBUG [root] "+line {
			t.Errorf("logged: %s", got)
		}
	}
}

func TestDumpOfFoundingRegistry(t *testing.T) {
	in := newPlace(t).input("glance-registry", "etc/glance.cnf.sample", "--sql-connection", "mysql://g:pw@h/g")
	in.Dir = "../.."
	c, err := config.LoadRegistry(in)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(c.Dump(), "\n")
	for _, want := range []string{
		"\nport                           9191\n", "\nlog_file                       glance-registry.log\n",
		"\nsql_connection                 mysql://g:****@h/g\nverbose                        False\n***",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestDump(t *testing.T) {
	p := newPlace(t)
	conf := p.write("work/glance-api.conf", `[DEFAULT]
enabled_backends = fast:file,cheap:file
metadata_encryption_key = 0123456789abcdef
transport_url = rabbit://u:brokerpw@h/
[database]
connection = mysql+pymysql://glance:dbpw@h/glance
[keystone_authtoken]
password = servicepw
[fast]
filesystem_store_datadir = /fast
[cloud]
s3_store_secret_key = s3pw
`)
	got := p.api("--config-file", conf, "--sql-connection", "mysql://u:argpw@h/g").Dump()
	text := strings.Join(got, "\n")
	for _, secret := range []string{"0123456789abcdef", "brokerpw", "dbpw", "servicepw", "s3pw", "argpw"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows", secret)
		}
	}
	for i, want := range map[int]string{
		0: strings.Repeat("*", 80), 1: "Configuration options gathered from:",
		2: "command line args: ['--config-file', '" + conf + "', '--sql-connection', 'mysql://u:****@h/g']",
		3: "config files: ['" + conf + "']", 4: strings.Repeat("=", 80),
		5: "admin_password                 = None", len(got) - 1: strings.Repeat("*", 80),
	} {
		if got[i] != want {
			t.Errorf("line %d: got %s, want %s", i, got[i], want)
		}
	}
	for _, want := range []string{
		"\nallow_anonymous_access         = False\n", "\nbind_port                      = 9292\n",
		"\nenabled_backends               = {'fast': 'file', 'cheap': 'file'}\n",
		"\nenabled_import_methods         = ['glance-direct', 'web-download', 'copy-image']\n",
		"\nmetadata_encryption_key        = ****\n", "\nworkers                        = None\n",
		"\ncloud.s3_store_secret_key      = ****\n", "\nfast.filesystem_store_datadir  = /fast\n",
		"\ndatabase.connection            = mysql://u:****@h/g\n", "\nkeystone_authtoken.password    = ****\n",
		"\nuse_user_token                 = True\n", "\nimport_filtering_opts.allowed_ports = [80, 443]\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
