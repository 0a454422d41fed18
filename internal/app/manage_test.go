package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/app"
	"glance/internal/config"
)

// manager runs glance-manage on one database.
type manager struct {
	t    *testing.T
	file string // configuration
}

func newManager(t *testing.T, connection string) manager {
	t.Helper()
	file := filepath.Join(t.TempDir(), "glance-manage.conf")
	if err := os.WriteFile(file, []byte("[database]\nconnection = "+connection+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return manager{t, file}
}

func (m manager) run(words ...string) (code int, stdout, stderr string) {
	m.t.Helper()
	var out, errs strings.Builder
	in := config.Input{Prog: "glance-manage", Version: "1", Args: append([]string{"--config-file", m.file}, words...)}
	code = app.GlanceManage(m.t.Context(), in, &out, &errs)
	return code, out.String(), errs.String()
}

func (m manager) want(words string, code int, stdout, stderr string) {
	m.t.Helper()
	c, out, errs := m.run(strings.Fields(words)...)
	if c != code || out != stdout || errs != stderr {
		m.t.Errorf("%s: code %d, stdout %q, stderr %q; want %d, %q, %q", words, c, out, errs, code, stdout, stderr)
	}
}

func TestManageStepByStep(t *testing.T) {
	m := newManager(t, "sqlite:///"+t.TempDir()+"/glance.sqlite")
	m.want("db version", 0, "Database is either not under migration control or under legacy migration control, "+
		"please run \"glance-manage db sync\" to place the database under alembic migration control.\n", "")
	m.want("db check", 3, "Your database is not up to date. Your first step is to run `glance-manage db expand`.\n", "")
	m.want("db migrate", 1, "", "Data migration did not run. Data migration cannot be run before database expansion. "+
		"Run database expansion first using \"glance-manage db expand\"\n")
	m.want("db contract", 1, "", "Database contraction did not run. Database contraction cannot be run before database expansion. "+
		"Run database expansion first using \"glance-manage db expand\"\n")
	m.want("db expand", 0, "Upgraded database to: 2024_1_expand01, current revision(s): 2024_1_expand01\n", "")
	m.want("db expand", 0, "Database expansion is up to date. No expansion needed.\n", "")
	m.want("db version", 0, "2024_1_expand01\n", "")
	m.want("db check", 5, "Your database is not up to date. Your next step is to run `glance-manage db contract`.\n", "")
	m.want("db migrate", 0, "Database migration is up to date. No migration needed.\n", "")
	m.want("db contract", 0, "Upgraded database to: 2024_1_contract01, current revision(s): 2024_1_contract01\n", "")
	m.want("db check", 0, "Database is up to date. No upgrades needed.\n", "")
	for _, action := range []string{"expand", "migrate", "contract", "sync", "sync --version 5", "sync 5"} {
		m.want("db "+action, 0, "Database is up to date. No migrations needed.\n", "")
	}
}

func TestManageSync(t *testing.T) {
	m := newManager(t, "sqlite:///"+t.TempDir()+"/glance.sqlite")
	m.want("db_sync", 0, "Upgraded database to: 2024_1_expand01, current revision(s): 2024_1_expand01\n"+
		"Database migration is up to date. No migration needed.\n"+
		"Upgraded database to: 2024_1_contract01, current revision(s): 2024_1_contract01\n"+
		"Database is synced successfully.\n", "")
	m.want("db_version", 0, "2024_1_contract01\n", "")
	m.want("db upgrade", 0, "Upgraded database, current revision(s): 2024_1_contract01\n", "")
	m.want("db_upgrade heads", 0, "Upgraded database, current revision(s): 2024_1_contract01\n", "")
	m.want("db upgrade --version wallaby_expand01", 0, "Upgraded database to: wallaby_expand01, current revision(s): 2024_1_contract01\n", "")
	m.want("db upgrade liberty", 0, "Upgraded database to: liberty, current revision(s): 2024_1_contract01\n", "")
	m.want("db upgrade nonsense", 1, "", "Can't locate revision identified by 'nonsense'\n")
	m.want("db version_control --version nonsense", 1, "", "Can't locate revision identified by 'nonsense'\n")
	m.want("db version_control", 0, "Placed database under migration control at revision: liberty\n", "")
	m.want("db sync", 1, "", "Failed to sync database: ERROR: The database is at revision liberty, which is not known here or too old. "+
		"Upgrade it to wallaby_contract01 with an older release first.\n")
	m.want("db_version_control 2024_1_contract01", 0, "Placed database under migration control at revision: 2024_1_contract01\n", "")
	m.want("db_check", 0, "Database is up to date. No upgrades needed.\n", "")
}

func TestManageUsage(t *testing.T) {
	m := newManager(t, "sqlite:///"+t.TempDir()+"/glance.sqlite")
	var out strings.Builder
	if code := app.GlanceManage(t.Context(), config.Input{Prog: "glance-manage"}, &out, &out); code != 2 ||
		out.String() != "glance-manage category action [<args>]\nAvailable categories:\n\tdb\n" {
		t.Errorf("without arguments: %d, %q", code, out.String())
	}
	code, stdout, _ := m.run("db")
	if lines := strings.Split(stdout, "\n"); code != 2 || lines[0] != "Available actions for 'db':" || !strings.HasPrefix(lines[1], "\tadd_indexes - ") {
		t.Errorf("db: %d, %q", code, stdout)
	}
	for words, want := range map[string]string{
		"frob":             "glance-manage: error: argument command: invalid choice: 'frob' (choose from 'db', 'db_check',",
		"db frob":          "glance-manage db: error: argument action: invalid choice: 'frob' (choose from 'add_indexes', 'check',",
		"db_frob":          "glance-manage: error: argument command: invalid choice: 'db_frob'",
		"db sync --bad":    "error: unrecognized arguments: --bad",
		"db version extra": "error: unrecognized arguments: extra",
	} {
		code, stdout, stderr := m.run(strings.Fields(words)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, want) || !strings.HasPrefix(stderr, "usage: glance-manage") {
			t.Errorf("%s: %d, %q, %q", words, code, stdout, stderr)
		}
	}
	if code, stdout, _ := m.run("db", "upgrade", "-h"); code != 0 || !strings.Contains(stdout, "--version <version>") {
		t.Errorf("help: %d, %q", code, stdout)
	}
}

func TestManageWithoutDatabase(t *testing.T) {
	newManager(t, "").want("db version", 1, "", "No database is configured: set connection in section [database].\n")
	for _, url := range []string{
		"mysql+pymysql://glance:tiger@127.0.0.1:1/glance?unix_socket=/does/not/exist", "postgresql://glance:tiger@127.0.0.1:1/glance",
	} {
		m := newManager(t, url+"\nmax_retries = 0")
		code, _, stderr := m.run("db", "sync")
		if code != 1 || !strings.HasPrefix(stderr, "There is no connection to the database 127.0.0.1:1/glance: ") || strings.Contains(stderr, "tiger") {
			t.Errorf("%s: %d, %q", url, code, stderr)
		}
	}
}

func TestManagePurge(t *testing.T) {
	url := "sqlite:///" + t.TempDir() + "/glance.sqlite"
	logFile := filepath.Join(t.TempDir(), "log")
	m := newManager(t, url+"\n[DEFAULT]\nlog_file = "+logFile)
	if code, _, stderr := m.run("db", "sync"); code != 0 {
		t.Fatal(stderr)
	}
	const days = "Maximal age is count of days since epoch.\n"
	for words, want := range map[string]string{
		"db purge x": "Invalid int value for age_in_days: x\n", "db purge 1 y": "Invalid int value for max_rows: y\n",
		"db purge -5": "Must supply a non-negative value for age.\n", "db purge --age_in_days=-5": "Must supply a non-negative value for age.\n",
		"db purge 99999": days, "db purge 99999999999999999999": days, "db purge 30 -2": "Minimal rows limit is -1.\n",
		"db purge_images_table --max_rows 2147483648": "'max_rows' value out of range, must not exceed 2147483647.\n",
	} {
		m.want(words, 1, "", want)
	}
	for words, want := range map[string]string{
		"db purge --age_in_days x": "argument --age_in_days: invalid int value: 'x'\n", "db purge 1 2 3": "unrecognized arguments: 3\n",
		"db_purge": "invalid choice: 'db_purge'",
	} {
		if code, stdout, stderr := m.run(strings.Fields(words)...); code != 2 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d, %q, %q", words, code, stdout, stderr)
		}
	}
	for _, words := range []string{"db purge", "db purge 0 -1", "db purge --max-rows 2147483647", "db purge_images_table 0"} {
		m.want(words, 0, "", "")
	}
	text, err := os.ReadFile(logFile)
	if err != nil || strings.Count(string(text), "Purging deleted rows older than 30 day(s) from table ") != 12 ||
		!strings.HasSuffix(string(text), "Deleted 0 row(s) from table images\n") {
		t.Errorf("log %s, %v", text, err)
	}
}

func TestManageIndexes(t *testing.T) {
	m := newManager(t, "sqlite:///"+t.TempDir()+"/glance.sqlite")
	for _, action := range []string{"add_indexes", "drop_indexes"} {
		code, stdout, stderr := m.run("db", action)
		if code != 1 || stdout != "" || !strings.Contains(stderr, "glance-manage db sync") {
			t.Errorf("%s without tables: %d, %q, %q", action, code, stdout, stderr)
		}
	}
	if code, _, stderr := m.run("db", "sync"); code != 0 {
		t.Fatal(stderr)
	}
	code, dry, _ := m.run("db", "add_indexes", "--dry-run")
	if code != 0 || !strings.HasPrefix(dry, "CREATE INDEX glance_go_") {
		t.Errorf("dry run: %d, %q", code, dry)
	}
	code, stdout, _ := m.run("db", "add_indexes")
	if code != 0 || strings.Count(stdout, "Added index glance_go_") != strings.Count(dry, "\n") {
		t.Errorf("add_indexes: %d, %q", code, stdout)
	}
	m.want("db add_indexes", 0, "All extra indexes are there. No indexes added.\n", "")
	m.want("db check", 0, "Database is up to date. No upgrades needed.\n", "")
	if code, stdout, _ = m.run("db", "drop_indexes"); code != 0 || !strings.HasPrefix(stdout, "Dropped index glance_go_") {
		t.Errorf("drop_indexes: %d, %q", code, stdout)
	}
	m.want("db drop_indexes --dry-run", 0, "There are no extra indexes. No indexes dropped.\n", "")
	if code, _, _ := m.run("db_add_indexes"); code != 2 {
		t.Errorf("a spelling of old releases: %d", code)
	}
}
