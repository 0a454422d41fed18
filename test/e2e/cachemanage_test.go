package e2e_test

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

const (
	cacheID   = "5c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11"
	cacheNews = "In the Caracal development cycle, the glance-cache-manage command has been deprecated in favor of the new Cache API. " +
		"It is scheduled to be removed in the Dalmatian development cycle.\n"
)

// cacheSession is somebody at a terminal with glance-cache-manage.
type cacheSession struct {
	t    *testing.T
	api  *rig.CacheAPI
	base string
	env  []string
}

func newCacheSession(t *testing.T, api *rig.CacheAPI) *cacheSession {
	t.Helper()
	s := httptest.NewServer(api)
	t.Cleanup(s.Close)
	return &cacheSession{t: t, api: api, base: s.URL}
}

// run gives the exit code and what is printed; $HOST and $PORT in words are the
// server's.
func (c *cacheSession) run(stdin, words string) (code int, stdout, stderr string) {
	c.t.Helper()
	host, port, err := net.SplitHostPort(host(c.base))
	if err != nil {
		c.t.Fatal(err)
	}
	args := append([]string{"-H", host, "-p", port}, strings.Fields(words)...)
	cmd := exec.CommandContext(c.t.Context(), filepath.Join(programs(), "glance-cache-manage"), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.t.TempDir()}, c.env...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		c.t.Fatal(err)
	}
	if !strings.HasPrefix(errs.String(), cacheNews) {
		c.t.Errorf("%s: stderr %q", words, errs.String())
	}
	return cmd.ProcessState.ExitCode(), out.String(), strings.TrimPrefix(errs.String(), cacheNews)
}

func (c *cacheSession) want(words, stdin string, code int, stdout string) {
	c.t.Helper()
	if gotCode, got, errs := c.run(stdin, words); gotCode != code || got != stdout || errs != "" {
		c.t.Errorf("%s: %d, %s%s\nwant %d, %s", words, gotCode, got, errs, code, stdout)
	}
}

func TestCacheManage(t *testing.T) {
	c := newCacheSession(t, &rig.CacheAPI{Cached: []map[string]any{
		{"image_id": cacheID, "last_accessed": 0, "last_modified": 1704164645.678901, "size": 123456789, "hits": 0},
		{"image_id": "6c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11", "last_accessed": 1704164645, "last_modified": 1.5, "size": 5, "hits": 12345},
	}})
	c.want("list-cached", "", 0, `Found 2 cached images...
+--------------------------------------+---------------------+----------------------------+-----------+-------+
|                  ID                  | Last Accessed (UTC) |    Last Modified (UTC)     |      Size |  Hits |
+--------------------------------------+---------------------+----------------------------+-----------+-------+
| 5c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11 |         N/A         | 2024-01-02T03:04:05.678901 | 123456789 |     0 |
| 6c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11 | 2024-01-02T03:04:05 | 1970-01-01T00:00:01.500000 |         5 | 12345 |
+--------------------------------------+---------------------+----------------------------+-----------+-------+
`)
	c.want("list-queued", "", 0, "No queued images.\n")
	const asks = "Queue image " + cacheID + " for caching? [y/N] "
	for _, no := range []string{"\n", "n\n", "yeah\n"} {
		c.want("queue-image "+cacheID, no, 0, asks)
	}
	c.want("list-queued", "", 0, "No queued images.\n")
	c.want("queue-image "+cacheID, "YES\n", 0, asks)
	c.want("list-queued", "", 0, `Found 1 queued images...
+--------------------------------------+
|                  ID                  |
+--------------------------------------+
| 5c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11 |
+--------------------------------------+
`)
	c.want("delete-queued-image "+cacheID, "y", 0, "Delete queued image "+cacheID+"? [y/N] ")
	c.want("-f queue-image "+cacheID, "", 0, "")
	for words, want := range map[string]string{
		"-fv delete-cached-image " + cacheID:                           "Deleted cached image " + cacheID,
		"delete-all-cached-images -vf":                                 "Deleted 1 cached images",
		"delete-all-queued-images -v -f":                               "Deleted 1 queued images",
		"-f --verb queue-image " + cacheID:                             "Queued image " + cacheID + " for caching",
		"-f -v delete-queued-image {5c9e9b1c7f0f4a519d0e2b7b1d1e8d11}": "Deleted queued image {5c9e9b1c7f0f4a519d0e2b7b1d1e8d11}",
	} {
		code, out, errs := c.run("", words)
		if lines := strings.Split(out, "\n"); code != 0 || errs != "" || lines[0] != want && words[0] == '-' || !strings.HasPrefix(lines[1], "Completed in 0.") {
			t.Errorf("%s: %d, %q, %q", words, code, out, errs)
		}
	}
	c.want("list-cached", "", 0, "No cached images.\n")
}

func TestCacheManageFailures(t *testing.T) {
	c := newCacheSession(t, &rig.CacheAPI{})
	c.want("queue-image 5", "", 1, "Image ID '5' is not a valid UUID.\n")
	const only = " from the cache as the first and only argument.\n"
	c.want("queue-image", "", 1, "Please specify the ID of the image you wish for command 'queue-image'"+only)
	c.want("delete-cached-image a b", "", 1, "Please specify the ID of the image you wish for command 'delete-cached-image'"+only)
	c.want("delete-all-queued-images", "", 1, "Delete all queued images? [y/N] Failed to Delete all queued images. Got error:\nEOF when reading a line\n")
	for status, want := range map[int]string{
		404: "Cache management middleware not enabled on host 127.0.0.1\n",
		403: "Not authorized to make this request.\n",
		401: "Failed to show queued images. Got error:\nbecause\nof a test\n\n",
		500: "Failed to show queued images. Got error:\nThe request returned 500 Internal Server Error.\n",
		418: "Failed to show queued images. Got error:\nThe request returned an unexpected status: 418.\n\nThe response body:\nbecause\nof a test\n\n",
	} {
		c.api.Fail = status
		c.want("list-queued", "", 1, want)
	}
	c.want("-p 1 list-cached", "", 1, "Failed to show cached images. Got error:\n[Errno 111] Connection refused\n")
	c.want("-S keystone list-cached", "", 1, "Failed to show cached images. Got error:\n"+
		"--os_auth_url option or OS_AUTH_URL environment variable required when keystone authentication strategy is enabled\n\n")
	for words, want := range map[string]struct {
		code        int
		out, stderr string
	}{
		"":                    {2, "", "glance-cache-manage: error: the following arguments are required: command\n"},
		"-p x list-cached":    {2, "", "glance-cache-manage: error: argument -p/--port: invalid int value: 'x'\n"},
		"--frob help":         {2, "", "glance-cache-manage: error: unrecognized arguments: --frob\n"},
		"frob":                {1, "\nError: \"frob\" is not a valid command.\n\nCommands:\n\n    help <command>              Output help for", "Unknown command: frob\n"},
		"help frob":           {1, "\nError: \"frob\" is not a valid command.\n", "Unknown command: frob\n"},
		"help":                {0, "usage: glance-cache-manage [-h] [-v] [-d] [-H ADDRESS] ", ""},
		"-h":                  {0, "usage: glance-cache-manage [-h] [-v] [-d] [-H ADDRESS] ", ""},
		"help queue-image":    {0, "glance-cache-manage queue-image <IMAGE_ID> [options]\n\n    Queues an image for caching.\n    \n", ""},
		"--version":           {0, "", ""},
		"-d -p 1 list-cached": {1, "", "[Errno 111] Connection refused"},
	} {
		code, out, errs := c.run("", words)
		if code != want.code || !strings.HasPrefix(out, want.out) || !strings.Contains(errs, want.stderr) || want.stderr == "" && errs != "" {
			t.Errorf("%s: %d, %q, %q", words, code, out, errs)
		}
	}
}

// TestCacheManageLogin: with a token, with a password, and without anything.
func TestCacheManageLogin(t *testing.T) {
	c := newCacheSession(t, &rig.CacheAPI{Token: "secret-token"})
	refused := "Failed to show cached images. Got error:\nwho are you?\n\n"
	c.want("list-cached", "", 1, refused)
	for _, words := range []string{"--os-auth-token secret-token", "--os_auth_token=secret-token", "--auth_token secret-token", "-A secret-token"} {
		c.want(words+" list-cached", "", 0, "No cached images.\n")
	}
	c.env = []string{"OS_AUTH_URL=" + c.base, "OS_USERNAME=admin", "OS_PASSWORD=password", "OS_PROJECT_NAME=ops"}
	c.want("list-cached", "", 0, "No cached images.\n")
	c.want("list-cached -S noauth", "", 1, refused)
	c.want("list-cached --os-user-domain-id people -T others --os-domain-id all", "", 0, "No cached images.\n")
	logins := c.api.Logins()
	for i, want := range []string{
		`"scope":{"project":{"domain":{"id":"default"},"name":"ops"}}`, `"user":{"domain":{"id":"people"},"name":"admin","password":"password"}`,
	} {
		if i >= len(logins) || !strings.Contains(logins[i], want) {
			t.Errorf("login %d is not with %s: %q", i, want, logins)
		}
	}
	code, out, errs := c.run("", "--os-password wrong list-cached")
	if code != 1 || !strings.Contains(out, "it answers 401") || strings.Contains(out+errs, "wrong") {
		t.Errorf("a wrong password: %d, %q, %q", code, out, errs)
	}
	c.env = c.env[:1]
	c.want("list-cached", "", 1, "Failed to show cached images. Got error:\nMissing required credential: username\n")

	// The token stays with the server.
	c.env = nil
	var got string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("X-Auth-Token") }))
	t.Cleanup(elsewhere.Close)
	redirecting := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
	t.Cleanup(redirecting.Close)
	c.base = redirecting.URL
	if code, out, errs := c.run("", "-A secret-token list-cached"); code != 1 || got != "" || strings.Contains(out+errs, "secret-token") {
		t.Errorf("redirected: %d, %q, %q; sent %q", code, out, errs, got)
	}
}
