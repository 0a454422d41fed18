package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// memoryConfig is a glance-api whose metadata are gone with the process, so that
// a reload that opens the database anew shows.
const memoryConfig = `[DEFAULT]
bind_host = 127.0.0.1
bind_port = %[2]d
data_api = glance.db.simple.api
node_staging_uri = file://%[1]s/staging
%[3]s
[glance_store]
stores = file
filesystem_store_datadir = %[1]s/images
[oslo_reports]
log_dir = %[1]s/reports
[oslo_policy]
policy_file = %[1]s/policy.yaml
policy_dirs = %[1]s/policy.d
`

func startMemory(t *testing.T, dir string, settings string) (p *program, conf string) {
	t.Helper()
	conf = filepath.Join(dir, "glance-api.conf")
	writeFile(t, conf, memoryConfig, dir, 0, settings)
	if err := os.MkdirAll(filepath.Join(dir, "reports"), 0o755); err != nil {
		t.Fatal(err)
	}
	return startProgram(t, "glance-api", "--config-file", conf), conf
}

// state is what a report says.
type state struct{ configurations, goroutines, files, journals int }

var (
	goroutineCount = regexp.MustCompile(`Goroutines: (\d+)`)
	fileCount      = regexp.MustCompile(`open files: (\d+)`)
	serving        = regexp.MustCompile(`(?m)^\d+: .*requests and jobs`)
)

// report asks the server for its state.
func (p *program) report(dir string) (state, string) {
	p.t.Helper()
	path := func() string {
		files, _ := filepath.Glob(filepath.Join(dir, "reports", "*"))
		if len(files) == 0 {
			return ""
		}
		return files[0]
	}
	p.signal(syscall.SIGUSR2)
	var text []byte
	p.until("the report", func() bool {
		text, _ = os.ReadFile(path())
		return bytes.Contains(text, []byte("Goroutines:")) && bytes.HasSuffix(text, []byte("\n\n"))
	})
	if err := os.Remove(path()); err != nil {
		p.t.Fatal(err)
	}
	journals, _ := filepath.Glob(filepath.Join(dir, "images", ".glance-journal", "*.journal"))
	return state{
		configurations: len(serving.FindAll(text, -1)), journals: len(journals),
		goroutines: number(goroutineCount, text), files: number(fileCount, text),
	}, string(text)
}

func number(re *regexp.Regexp, text []byte) int {
	m := re.FindSubmatch(text)
	if m == nil {
		return -1
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

// createImage makes an image without data.
func (p *program) createImage(client *http.Client) (id string) {
	p.t.Helper()
	resp, err := client.Post(p.url+"/v2/images", "application/json", strings.NewReader(`{"container_format": "bare", "disk_format": "raw"}`))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var img struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&img); err != nil || resp.StatusCode != http.StatusCreated {
		p.t.Fatalf("%d, %v", resp.StatusCode, err)
	}
	return img.ID
}

// upload sends data that comes through the pipe; the channel has the outcome.
func (p *program) upload(client *http.Client, id string) (*io.PipeWriter, <-chan error) {
	r, w := io.Pipe()
	done := make(chan error, 1)
	req, err := http.NewRequest(http.MethodPut, p.url+"/v2/images/"+id+"/file", r)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	go func() {
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusNoContent {
				err = fmt.Errorf("upload: %s", resp.Status)
			}
		}
		done <- errors.Join(err, r.Close())
	}()
	return w, done
}

// TestReloadDisturbsNothing: 10,000 requests and 20 long transfers over 20
// reloads, each with something else changed. No request fails, and in the end
// there is one generation with as many goroutines and descriptors as at first.
func TestReloadDisturbsNothing(t *testing.T) {
	t.Parallel()
	const reloads, workers, requests = 20, 4, 10_000
	dir := t.TempDir()
	p, conf := startMemory(t, dir, "log_file = "+dir+"/log.0")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	data := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
	stored := p.createImage(client)
	in, done := p.upload(client, stored)
	_, _ = in.Write(data)
	_ = in.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	client.CloseIdleConnections()
	var before state
	p.until("rest", func() bool {
		last := before
		before, _ = p.report(dir)
		return before == last
	})

	transfers := startTransfers(p, client, stored, data, reloads)
	var load sync.WaitGroup
	for range workers {
		load.Go(func() {
			for range requests / workers {
				resp, err := client.Get(p.url + "/v2/images/" + stored)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Errorf("status %d", resp.StatusCode)
					return
				}
			}
		})
	}
	for i, finish := range transfers {
		log := fmt.Sprintf("%s/log.%d", dir, i/3)
		writeFile(t, conf, memoryConfig, dir, 0, fmt.Sprintf("log_file = %s\ntcp_keepidle = %d\napi_limit_max = %d", log, 600+i/2, 100+i))
		p.signal(syscall.SIGHUP)
		p.until("the reload", func() bool { return countIn(dir, reloadedLine) > i })
		if err := finish(); err != nil {
			t.Errorf("transfer %d: %v", i, err)
		}
	}
	load.Wait()
	client.CloseIdleConnections()
	if n := countIn(dir, refusedLine); n != 0 {
		t.Errorf("%d reloads failed", n)
	}
	var after state
	var text string
	p.until("one generation as at first", func() bool {
		after, text = p.report(dir)
		return after.configurations == 1 && after.goroutines <= before.goroutines && after.files <= before.files || t.Failed()
	})
	if after.journals != 1 || !strings.Contains(text, "database: used by 1") || !strings.Contains(text, "stores: used by 1") {
		t.Errorf("after: %+v\n%s", after, text)
	}
	p.stop()
}

// startTransfers begins downloads and uploads; each result finishes one.
func startTransfers(p *program, client *http.Client, stored string, data []byte, n int) []func() error {
	p.t.Helper()
	list := make([]func() error, n)
	for i := range list {
		if i%2 == 0 {
			in, done := p.upload(client, p.createImage(client))
			if _, err := in.Write(data[:len(data)/2]); err != nil {
				p.t.Fatal(err)
			}
			list[i] = func() error {
				_, err := in.Write(data[len(data)/2:])
				return errors.Join(err, in.Close(), <-done)
			}
			continue
		}
		resp, err := client.Get(p.url + "/v2/images/" + stored + "/file")
		if err != nil {
			p.t.Fatal(err)
		}
		list[i] = func() error {
			got, err := io.ReadAll(resp.Body)
			if !bytes.Equal(got, data) {
				err = errors.Join(err, fmt.Errorf("%d bytes came", len(got)))
			}
			return errors.Join(err, resp.Body.Close())
		}
	}
	return list
}

// countIn counts a text in all logs.
func countIn(dir, text string) (n int) {
	logs, _ := filepath.Glob(filepath.Join(dir, "log.*"))
	for _, path := range logs {
		content, _ := os.ReadFile(path)
		n += strings.Count(string(content), text)
	}
	return n
}

// TestReloadRefused: whatever is wrong, the old configuration goes on and the
// log says why.
func TestReloadRefused(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	p, conf := startMemory(t, dir, "")
	id := p.createImage(http.DefaultClient)
	before, _ := p.report(dir)
	writeFile(t, dir+"/broken.ini", "[pipeline:glance-api]\npipeline = nothing\n")
	tests := map[string]struct{ settings, why string }{
		"a value":       {"api_limit_max = many", "glance-api.conf:6"},
		"no option":     {"nonsense", "glance-api.conf:6"},
		"the log":       {"log_file = " + dir + "/none/log", "none/log"},
		"a certificate": {"cert_file = " + dir + "/none.pem\nkey_file = " + dir + "/none.key", "Unable to find cert_file"},
		"half a pair":   {"cert_file = " + conf, "you must specify both a cert_file and key_file"},
		"the pipeline":  {"[paste_deploy]\nconfig_file = " + dir + "/broken.ini", `no section \"nothing\"`},
		"the policy":    {"", "policy.yaml"},
		"the database":  {"data_api = glance.db.sqlalchemy.api\n[database]\nconnection = sqlite:////does/not/exist.sqlite", "database"},
		"the address":   {"bind_port = " + strconv.Itoa(taken.Addr().(*net.TCPAddr).Port), "Could not bind to 127.0.0.1:"},
	}
	for name, tt := range tests {
		writeFile(t, conf, memoryConfig, dir, 0, tt.settings)
		if name == "the policy" {
			writeFile(t, dir+"/policy.yaml", "get_image: [")
		}
		from := len(p.out.String())
		p.reload(refusedLine)
		if said := p.out.String()[from:]; !strings.Contains(strings.ReplaceAll(said, `\\`, `\`), tt.why) {
			t.Errorf("%s: no word of %q in %s", name, tt.why, said)
		}
		if status := p.get(http.DefaultClient, "/v2/images/"+id); status != http.StatusOK {
			t.Errorf("%s: status %d", name, status)
		}
		_ = os.Remove(dir + "/policy.yaml")
	}
	after, text := p.report(dir)
	if after.configurations != 1 || after.files > before.files {
		t.Errorf("before %+v, after %+v\n%s", before, after, text)
	}
	writeFile(t, conf, memoryConfig, dir, 0, "")
	p.reload(reloadedLine)
	if status := p.get(http.DefaultClient, "/v2/images/"+id); status != http.StatusOK {
		t.Errorf("at last: status %d", status)
	}
	p.stop()
}

// TestReloadChangesTheLog: level and file change under loggers in use.
func TestReloadChangesTheLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, conf := startMemory(t, dir, "log_file = "+dir+"/log.0")
	if n := countIn(dir, " DEBUG "); n != 0 {
		t.Errorf("%d records of level DEBUG", n)
	}
	writeFile(t, conf, memoryConfig, dir, 0, "debug = true\nlog_file = "+dir+"/log.1")
	p.signal(syscall.SIGHUP)
	p.until("the options at DEBUG in the new file", func() bool {
		text, _ := os.ReadFile(dir + "/log.1")
		return strings.Contains(string(text), reloadedLine) && strings.Contains(string(text), "api_limit_max ")
	})
	p.get(http.DefaultClient, "/v2/images")
	p.until("the access line", func() bool {
		text, _ := os.ReadFile(dir + "/log.1")
		return strings.Contains(string(text), "eventlet.wsgi.server") && strings.Contains(string(text), `"GET /v2/images HTTP/1.1" 200`)
	})
	p.stop()
}

// TestReloadTakesEffect: options, policy, pipeline and stores change.
func TestReloadTakesEffect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, conf := startMemory(t, dir, "")
	id := p.createImage(http.DefaultClient)
	p.createImage(http.DefaultClient)
	store := func() string {
		t.Helper()
		in, done := p.upload(http.DefaultClient, p.createImage(http.DefaultClient))
		_, _ = io.WriteString(in, "data")
		if err := errors.Join(in.Close(), <-done); err != nil {
			t.Error(err)
		}
		files, _ := filepath.Glob(dir + "/*/????????-*")
		return strings.Join(files, " ")
	}
	if files := store(); strings.Contains(files, "/moved/") {
		t.Errorf("before: %s", files)
	}
	writeFile(t, dir+"/policy.yaml", `get_image: "!"`)
	writeFile(t, dir+"/own.ini", "[composite:glance-api]\npaste.composite_factory = glance.api:root_app_factory\n/: open\n/healthy: healthcheck\n"+
		"[pipeline:open]\npipeline = context rootapp\n[composite:rootapp]\npaste.composite_factory = glance.api:root_app_factory\n/v2: v2\n"+
		"[app:v2]\npaste.app_factory = glance.api.v2.router:API.factory\n[app:healthcheck]\npaste.app_factory = oslo_middleware:Healthcheck.app_factory\n"+
		"[filter:context]\npaste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory\n")
	text := strings.ReplaceAll(memoryConfig, "%[1]s/images", "%[1]s/moved")
	writeFile(t, conf, text+"[paste_deploy]\nconfig_file = own.ini\n", dir, 0, "limit_param_default = 1")
	p.reload(reloadedLine)
	for path, want := range map[string]int{"/healthy": http.StatusOK, "/v2/images/" + id: http.StatusNotFound, "/v2/images": http.StatusOK} {
		if status := p.get(http.DefaultClient, path); status != want {
			t.Errorf("%s: status %d, want %d", path, status, want)
		}
	}
	if files := store(); !strings.Contains(files, "/moved/") {
		t.Errorf("after: %s", files)
	}
	p.stop()
}

// TestReloadTriesStoresAgain: a store that could not be used is used after a
// reload, though its options have not changed.
func TestReloadTriesStoresAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir+"/blocked", "in the way of a directory")
	p, _ := startMemory(t, dir, fmt.Sprintf("enabled_backends = good:file, bad:file\n[good]\nfilesystem_store_datadir = %[1]s/images\n"+
		"[bad]\nfilesystem_store_datadir = %[1]s/blocked/images\n[os_glance_staging_store]\nfilesystem_store_datadir = %[1]s/staging\n"+
		"[os_glance_tasks_store]\nfilesystem_store_datadir = %[1]s/tasks\n[glance_store]\ndefault_backend = good", dir))
	upload := func(to string) int {
		t.Helper()
		req, err := http.NewRequest(http.MethodPut, p.url+"/v2/images/"+p.createImage(http.DefaultClient)+"/file", strings.NewReader("data"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/octet-stream")
		req.Header.Set("X-Image-Meta-Store", to)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if good, bad := upload("good"), upload("bad"); good != http.StatusNoContent || bad == http.StatusNoContent {
		t.Errorf("before: status %d and %d", good, bad)
	}
	if err := os.Remove(dir + "/blocked"); err != nil {
		t.Fatal(err)
	}
	p.reload(reloadedLine)
	if good, bad := upload("good"), upload("bad"); good != http.StatusNoContent || bad != http.StatusNoContent {
		t.Errorf("after: status %d and %d", good, bad)
	}
	p.stop()
}

// TestReloadMoves: a new address serves, the old one does not.
func TestReloadMoves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, conf := startMemory(t, dir, "")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	writeFile(t, conf, memoryConfig, dir, port, "")
	p.reload(reloadedLine)
	old := p.url
	p.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	if status := p.get(http.DefaultClient, "/v2/images"); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if c, err := net.Dial("tcp", strings.TrimPrefix(old, "http://")); err == nil {
		_ = c.Close()
		t.Error("the old address is still open")
	}
	p.stop()
}
