//go:build services

package services_test

import (
	"net"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"glance/test/e2e/rig"
)

// TestCacheManageBesideTheOriginal: glance-cache-manage prints what the
// original's prints, byte for byte, but for the deprecation that Debian's is
// too old for.
func TestCacheManageBesideTheOriginal(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	const id = "5c9e9b1c-7f0f-4a51-9d0e-2b7b1d1e8d11"
	run := func(program string, api *rig.CacheAPI, words string) saying {
		server := httptest.NewServer(api)
		defer server.Close()
		host, port, err := net.SplitHostPort(strings.TrimPrefix(server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		out := said(s, program, "-H "+host+" -p "+port+" "+strings.ReplaceAll(words, "$URL", server.URL))
		if at := strings.LastIndex(out.stdout, "Completed in "); at >= 0 {
			out.stdout = out.stdout[:at]
		}
		if _, rest, found := strings.Cut(out.stderr, "Dalmatian development cycle.\n"); found {
			out.stderr = rest
		}
		return out
	}
	ours, err := exec.LookPath(programs() + "/glance-cache-manage")
	if err != nil {
		t.Fatal(err)
	}
	const token = "--os-auth-token t "
	for _, words := range []string{
		token + "list-cached", token + "-v -f queue-image " + id, token + "-vf delete-all-cached-images", token + "delete-all-queued-images",
		"--os-username admin --os-password password -T ops -N $URL list-queued", "--os-auth-url $URL list-cached", token + "-p 1 list-cached",
		"queue-image 5", "delete-queued-image x y z", "help frob", "help", "", "-p x list-cached", "help delete-queued-image",
	} {
		for _, status := range []int{0, 403, 404, 413, 418, 500, 503} {
			if status != 0 && words != token+"list-cached" {
				continue
			}
			api := func() *rig.CacheAPI {
				return &rig.CacheAPI{Token: "t", Fail: status, Cached: []map[string]any{
					{"image_id": id, "last_accessed": 0, "last_modified": 1704164645.678901, "size": 123456789, "hits": 0},
					{"image_id": strings.Replace(id, "5", "6", 1), "last_accessed": 1704164645.0, "last_modified": 1.0000005, "size": 5, "hits": 7},
				}}
			}
			if got, want := run(ours, api(), words), run("/usr/bin/glance-cache-manage", api(), words); got != want {
				t.Errorf("%s, %d: ours\n%+v\nthe original\n%+v", words, status, got, want)
			}
		}
	}
}
