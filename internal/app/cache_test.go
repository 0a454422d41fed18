package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"glance/internal/app"
	"glance/internal/config"
)

// caching is an API with an image cache.
type caching struct {
	t    *testing.T
	dir  string
	conf string
	url  string
}

// cacheConf is a configuration below dir.
func cacheConf(t *testing.T, dir, more string) string {
	t.Helper()
	conf := filepath.Join(dir, "glance-api.conf")
	writeFile(t, conf, "[DEFAULT]\nimage_cache_dir = %[1]s/cache\nnode_staging_uri = file://%[1]s/staging\n%[2]s"+
		"[database]\nconnection = sqlite:///%[1]s/glance.sqlite\n[glance_store]\nfilesystem_store_datadir = %[1]s/images\n", dir, more)
	return conf
}

const (
	named   = "worker_self_reference_url = http://node:9292\n"
	central = "image_cache_driver = centralized_db\n"
	manage  = "[paste_deploy]\nflavor = cachemanagement\n"
)

func buildCaching(t *testing.T, conf string) (*app.Generation, error) {
	t.Helper()
	cfg, err := config.LoadAPI(config.Input{Prog: "glance-api", Args: []string{"--config-file", conf}})
	if err != nil {
		t.Fatal(err)
	}
	return app.BuildAPI(t.Context(), cfg, slog.New(slog.DiscardHandler))
}

func newCaching(t *testing.T, more string) *caching {
	t.Helper()
	c := &caching{t: t, dir: t.TempDir()}
	c.conf = cacheConf(t, c.dir, more)
	g, err := buildCaching(t, c.conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(g.Handler())
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// call gives the body of an answer with a status.
func (c *caching) call(method, path string, want int, body string, headers ...string) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if body == "" {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		c.t.Errorf("%s %s: %d %s, %v, want %d", method, path, resp.StatusCode, text, err, want)
	}
	return string(text)
}

// image makes an active image.
func (c *caching) image(data string) string {
	c.t.Helper()
	var img struct{ ID string }
	text := c.call("POST", "/v2/images", 201, `{"disk_format": "raw", "container_format": "bare"}`, "Content-Type", "application/json")
	if err := json.Unmarshal([]byte(text), &img); err != nil {
		c.t.Fatal(err)
	}
	c.call("PUT", "/v2/images/"+img.ID+"/file", 204, data, "Content-Type", "application/octet-stream")
	return img.ID
}

func (c *caching) file(id string) string { return filepath.Join(c.dir, "cache", id) }

func (c *caching) isCached(id string) bool {
	_, err := os.Stat(c.file(id))
	return err == nil
}

// held is what the server says of its cache.
func (c *caching) held() (held struct {
	Cached []struct {
		ID   string `json:"image_id"`
		Size int64
		Hits int64
	} `json:"cached_images"`
	Queued []string `json:"queued_images"`
},
) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.call("GET", "/v2/cache", 200, "")), &held); err != nil {
		c.t.Fatal(err)
	}
	return held
}

func (c *caching) wantHits(id string, hits int64) {
	c.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		held := c.held()
		if len(held.Cached) == 1 && held.Cached[0].ID == id && held.Cached[0].Hits == hits {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%+v, want %s with %d hits", held, id, hits)
		}
	}
}

func TestCache(t *testing.T) {
	for driver, look := range map[string]string{
		"centralized_db": `{"cached_images": [{"id": 1, "image_id": "`, "sqlite": `{"cached_images": [{"image_id": "`, "xattr": `{"cached_images": [{"image_id": "`,
	} {
		t.Run(driver, func(t *testing.T) {
			c := newCaching(t, named+"image_cache_driver = "+driver+"\n"+manage)
			id := c.image("the data")
			path := "/v2/images/" + id + "/file"
			c.call("GET", path, 206, "", "Range", "bytes=0-2")
			c.call("HEAD", path, 200, "")
			if c.isCached(id) {
				t.Error("a part of an image, or none of it, is cached")
			}
			if got := c.call("GET", path, 200, ""); got != "the data" {
				t.Errorf("miss: %q", got)
			}
			writeFile(t, c.file(id), "%s", "the copy") // so that one can tell
			for range 2 {
				if got := c.call("GET", path+"?prefer=nobody", 200, "a body"); got != "the copy" {
					t.Errorf("hit: %q", got)
				}
			}
			c.wantHits(id, 2)
			if got := c.call("GET", path, 206, "", "Range", "bytes=0-99"); got != "the data" {
				t.Errorf("range: %q", got)
			}
			if text := c.call("GET", "/v2/cached_images", 200, ""); !strings.HasPrefix(text, look) {
				t.Errorf("records: %s", text)
			}
			c.call("POST", "/v2/images/"+id+"/actions/deactivate", 204, "")
			if got := c.call("GET", path, 200, ""); got != "the data" {
				t.Errorf("deactivated: %q", got)
			}
			c.call("DELETE", "/v2/images/"+id, 204, "")
			if held := c.held(); c.isCached(id) || len(held.Cached) != 0 {
				t.Errorf("deleted: %+v", held)
			}
		})
	}
}

// TestCacheAPI: what is wanted is fetched; what is cached can be dropped.
func TestCacheAPI(t *testing.T) {
	c := newCaching(t, named+"image_cache_max_size = 10\n"+manage)
	one, two := c.image("one is here"), c.image("two is here")
	c.call("PUT", "/v2/cache/"+one, 202, "")
	c.wantHits(one, 0)
	c.call("PUT", "/v2/queued_images/"+two, 200, "")
	if held := c.held(); len(held.Queued) != 1 || held.Queued[0] != two {
		t.Errorf("%+v", held)
	}
	if got := c.call("GET", "/v2/cache/nodes/"+one, 200, ""); got != `["http://node:9292"]` {
		t.Error(got)
	}
	if got := c.call("POST", "/v2/cache/prune", 200, ""); got != `{"total_files_pruned": 1, "total_bytes_pruned": 11}` {
		t.Error(got)
	}
	c.call("PUT", "/v2/queued_images/..", 400, "")
	c.call("DELETE", "/v2/cache/"+two, 204, "")
	c.call("PUT", "/v2/cache/"+two, 202, "")
	c.wantHits(two, 0)
	if got := c.call("DELETE", "/v2/cached_images", 200, ""); got != `{"num_deleted": 1}` {
		t.Error(got)
	}
	c.call("DELETE", "/v2/cache/00000000-dead-4bad-8bad-000000000000", 404, "")
}

// TestCacheFlavors: the cache is where the pipeline has it.
func TestCacheFlavors(t *testing.T) {
	for _, tt := range []struct {
		more           string
		cached, manage bool
	}{
		{more: ""},
		{more: "[paste_deploy]\nflavor = caching\n", cached: true},
		{more: named + manage, cached: true, manage: true},
		{more: manage, cached: true, manage: true}, // from when sqlite was the default
	} {
		c := newCaching(t, tt.more)
		id := c.image("the data")
		c.call("GET", "/v2/images/"+id+"/file", 200, "")
		if c.isCached(id) != tt.cached {
			t.Errorf("%q: cached: %v", tt.more, c.isCached(id))
		}
		want := 404
		if tt.manage {
			want = 200
		}
		c.call("GET", "/v2/cached_images", want, "")
		c.call("GET", "/v2/cache", 200, "")
		c.call("PUT", "/v2/cache/"+id, 202, "")
	}
}

func TestCacheRefused(t *testing.T) {
	const rule = "'worker_self_reference_url' needs to be set if `centralized_db` is defined as cache driver for image_cache_driver config option."
	for _, tt := range []struct{ more, dir, want string }{
		{central + manage, "cache", rule},
		{central + "[paste_deploy]\nflavor = keystone+cachemanagement\n", "cache", rule},
		{named + manage, "", "needs the image cache, which is not there (is image_cache_dir set?)"},
	} {
		conf := cacheConf(t, t.TempDir(), tt.more)
		if tt.dir == "" {
			text, err := os.ReadFile(conf)
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, conf, "%s", strings.Replace(string(text), "image_cache_dir", "# ", 1))
		}
		if g, err := buildCaching(t, conf); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.more, err)
			if err == nil {
				_ = g.Close()
			}
		}
		check := command(t, "glance-api", "--config-file", conf, "--check-config")
		if out, err := check.CombinedOutput(); err == nil || !strings.Contains(string(out), tt.want) {
			t.Errorf("--check-config: %v\n%s", err, out)
		}
	}
}

func TestCacheV1(t *testing.T) {
	c := newCaching(t, named+"enable_v1_api = true\n"+manage)
	id := c.image("the data")
	c.call("GET", "/v1/images/"+id, 200, "")
	writeFile(t, c.file(id), "%s", "the copy")
	if got := c.call("GET", "/v1/images/"+id, 200, ""); got != "the copy" {
		t.Errorf("hit: %q", got)
	}
	c.wantHits(id, 1)
	c.call("PUT", "/v1/queued_images/x", 200, "")
	if got := c.call("GET", "/v1/queued_images", 200, ""); got != `{"queued_images":["x"]}` {
		t.Error(got)
	}
	if got := c.call("GET", "/v1/cached_images", 200, ""); !strings.Contains(got, id) {
		t.Error(got)
	}
	c.call("DELETE", "/v1/queued_images", 200, "")
	c.call("DELETE", "/v1/images/"+id, 200, "")
	if c.isCached(id) {
		t.Error("a deleted image is cached")
	}
}

func TestCacheTools(t *testing.T) {
	c := newCaching(t, named+"image_cache_max_size = 12\n"+manage)
	one, two := c.image("one is here"), c.image("two is here")
	run := func(want int, name, conf string, tool func(in config.Input, stderr io.Writer) int) string {
		t.Helper()
		var stderr bytes.Buffer
		if code := tool(config.Input{Prog: name, Args: []string{"--config-file", conf}}, &stderr); code != want {
			t.Errorf("%s: exit code %d\n%s", name, code, &stderr)
		}
		line := strings.TrimPrefix(name, "glance-cache-")
		if !strings.HasPrefix(stderr.String(), "The Glance cache "+line+" has been deprecated since the Epoxy (2025.1) release. "+
			"It will be removed in the G (2026.1) release. The Cache API should be used instead.\n") {
			t.Errorf("%s: %s", name, &stderr)
		}
		return stderr.String()
	}
	prefetch := func(in config.Input, stderr io.Writer) int {
		return app.GlanceCachePrefetcher(t.Context(), in, io.Discard, stderr)
	}
	prune := func(in config.Input, stderr io.Writer) int {
		return app.GlanceCachePruner(t.Context(), in, io.Discard, stderr)
	}
	clean := func(in config.Input, stderr io.Writer) int {
		return app.GlanceCacheCleaner(t.Context(), in, io.Discard, stderr)
	}

	for _, id := range []string{one, two, "unknown"} {
		c.call("PUT", "/v2/queued_images/"+id, 200, "")
	}
	run(0, "glance-cache-prefetcher", c.conf, prefetch)
	if held := c.held(); len(held.Cached) != 2 || len(held.Queued) != 1 {
		t.Errorf("prefetched: %+v", held)
	}
	c.call("GET", "/v2/images/"+one+"/file", 200, "")
	run(0, "glance-cache-pruner", c.conf, prune)
	c.wantHits(one, 1)
	writeFile(t, filepath.Join(c.dir, "cache", "invalid", two), "%s", "wrong")
	run(0, "glance-cache-cleaner", c.conf, clean)
	if left, err := filepath.Glob(filepath.Join(c.dir, "cache", "invalid", "*")); err != nil || len(left) > 0 {
		t.Errorf("%q, %v", left, err)
	}

	broken := filepath.Join(t.TempDir(), "glance-cache.conf")
	writeFile(t, broken, "[database]\nconnection = sqlite:///%s/glance.sqlite\n", c.dir)
	if said := run(1, "glance-cache-pruner", broken, prune); !strings.Contains(said, "ERROR: image_cache_dir is not set\n") {
		t.Error(said)
	}
}

// TestCacheKilled: what a server was caching when it was killed is cached by the
// next one.
func TestCacheKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := cacheConf(t, dir, named+"bind_host = 127.0.0.1\nbind_port = 0\n"+manage)
	p := startProgram(t, "glance-api", "--config-file", conf)
	c := &caching{t: t, dir: dir, url: p.url}
	data := strings.Repeat("0123456789abcdef", 4<<20)
	id := c.image(data)
	resp, err := http.Get(p.url + "/v2/images/" + id + "/file")
	if err != nil {
		t.Fatal(err)
	}
	incomplete := filepath.Join(dir, "cache", "incomplete", id)
	p.until("a file that is being written", func() bool {
		info, err := os.Stat(incomplete)
		return err == nil && info.Size() > 0
	})
	p.signal(syscall.SIGKILL)
	<-p.end
	resp.Body.Close()
	if _, err := os.Stat(incomplete); err != nil {
		t.Fatal(err)
	}

	p = startProgram(t, "glance-api", "--config-file", conf)
	c.url = p.url
	for range 2 {
		if c.call("GET", "/v2/images/"+id+"/file", 200, "") != data {
			t.Error("other data")
		}
	}
	c.wantHits(id, 1)
	p.stop()
}

// TestCacheDrain: a server that is told to end fetches what it has promised.
func TestCacheDrain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf := cacheConf(t, dir, named+"bind_host = 127.0.0.1\nbind_port = 0\n"+manage)
	p := startProgram(t, "glance-api", "--config-file", conf)
	c := &caching{t: t, dir: dir, url: p.url}
	var ids []string
	for range 4 {
		ids = append(ids, c.image(strings.Repeat("0123456789abcdef", 1<<20)))
	}
	for _, id := range ids {
		c.call("PUT", "/v2/cache/"+id, 202, "")
	}
	p.stop()
	for _, id := range ids {
		if !c.isCached(id) {
			t.Errorf("%s is not cached", id)
		}
	}
}
