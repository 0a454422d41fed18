package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"glance/test/e2e/rig"
)

func TestDownload(t *testing.T) {
	n := rig.NewNode(t, programs())
	data := rig.Random(1, 3<<20)
	size := len(data)
	id := n.NewImage("download")
	n.Must(n.Put(t.Context(), id, data))
	tag := `"` + rig.SHA512(data) + `"`

	whole, none := data, []byte(nil)
	tests := []struct {
		name   string
		method string
		header map[string]string
		status int
		body   []byte // nil: of an error, not looked at
		part   string // Content-Range
	}{
		{"whole", "GET", nil, 200, whole, ""},
		{"head", "HEAD", nil, 200, []byte{}, ""},
		{"head of a part", "HEAD", map[string]string{"Range": "bytes=0-" + fmt.Sprint(size)}, 206, []byte{}, fmt.Sprintf("bytes 0-%d/%d", size-1, size)},
		{"first", "GET", map[string]string{"Range": "bytes=0-0"}, 206, data[:1], fmt.Sprintf("bytes 0-0/%d", size)},
		{"middle", "GET", map[string]string{"Range": "bytes=1000000-2000000"}, 206, data[1000000:2000001], fmt.Sprintf("bytes 1000000-2000000/%d", size)},
		{"open", "GET", map[string]string{"Range": "bytes=3145000-"}, 206, data[3145000:], fmt.Sprintf("bytes 3145000-%d/%d", size-1, size)},
		{"last", "GET", map[string]string{"Range": "bytes=-7"}, 206, data[size-7:], fmt.Sprintf("bytes %d-%d/%d", size-7, size-1, size)},
		{"beyond", "GET", map[string]string{"Range": "bytes=10-99999999"}, 206, data[10:], fmt.Sprintf("bytes 10-%d/%d", size-1, size)},
		{"past the end", "GET", map[string]string{"Range": fmt.Sprintf("bytes=%d-", size)}, 416, none, ""},
		{"backwards", "GET", map[string]string{"Range": "bytes=5-4"}, 416, none, ""},
		{"several", "GET", map[string]string{"Range": "bytes=0-1,5-6"}, 400, none, ""},
		{"other unit", "GET", map[string]string{"Range": "lines=0-1"}, 416, none, ""},
		{"of 2015", "GET", map[string]string{"Content-Range": "bytes 5-9/*"}, 206, data[5:10], fmt.Sprintf("bytes 5-9/%d", size)},
		{"if-range holds", "GET", map[string]string{"Range": "bytes=5-9", "If-Range": tag}, 206, data[5:10], fmt.Sprintf("bytes 5-9/%d", size)},
		{"if-range does not", "GET", map[string]string{"Range": "bytes=5-9", "If-Range": `"other"`}, 200, whole, ""},
		{"if-range by date", "GET", map[string]string{"Range": "bytes=5-9", "If-Range": "Mon, 24 Nov 2025 10:00:00 GMT"}, 200, whole, ""},
		{"if-none-match", "GET", map[string]string{"If-None-Match": `"a", ` + tag}, 304, []byte{}, ""},
		{"if-none-match other", "GET", map[string]string{"If-None-Match": `"a"`}, 200, whole, ""},
		{"if-match", "GET", map[string]string{"If-Match": tag}, 200, whole, ""},
		{"if-match other", "GET", map[string]string{"If-Match": `"a"`}, 412, none, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := http.Header{}
			for name, value := range tt.header {
				header.Set(name, value)
			}
			a, err := n.Call(t.Context(), tt.method, "/v2/images/"+id+"/file", header, nil, 0)
			n.Must(err)
			if a.Status != tt.status {
				t.Fatalf("got %d %.300s, want %d", a.Status, a.Body, tt.status)
			}
			if tt.body != nil && !bytes.Equal(a.Body, tt.body) {
				t.Errorf("got %d bytes, not the %d wanted", len(a.Body), len(tt.body))
			}
			if got := a.Header.Get("Content-Range"); got != tt.part {
				t.Errorf("Content-Range: got %q, want %q", got, tt.part)
			}
			if tt.status < 300 {
				length := len(tt.body)
				if tt.method == http.MethodHead {
					length = size
				}
				checkDataHeaders(t, a.Header, tag, rig.MD5(data), length)
			}
		})
	}
}

func checkDataHeaders(t *testing.T, got http.Header, tag, md5 string, length int) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": rig.OctetStream, "Content-Length": fmt.Sprint(length), "Content-Md5": md5,
		"Etag": tag, "Accept-Ranges": "bytes",
	} {
		if got.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Get(name), want)
		}
	}
}

func TestDownloadOfNothing(t *testing.T) {
	n := rig.NewNode(t, programs())
	id := n.NewImage("queued")
	for _, header := range []http.Header{nil, {"Range": {"bytes=0-1"}}} {
		a, err := n.Call(t.Context(), http.MethodGet, "/v2/images/"+id+"/file", header, nil, 0)
		if err != nil || a.Status != http.StatusNoContent || len(a.Body) != 0 {
			t.Errorf("%v: %+v, %v", header, a, err)
		}
	}
}

// TestDownloadSurvivesDelete: whoever has begun to read reads to the end.
func TestDownloadSurvivesDelete(t *testing.T) {
	n := rig.NewNode(t, programs())
	data := rig.Random(1, 64<<20) // more than all socket buffers take
	id := n.NewImage("deleted while read")
	n.Must(n.Put(t.Context(), id, data))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.Base+"/v2/images/"+id+"/file", nil)
	n.Must(err)
	resp, err := http.DefaultClient.Do(req)
	n.Must(err)
	defer resp.Body.Close()
	first := make([]byte, 1)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	n.Must(n.Delete(t.Context(), id))
	n.Check()
	rest, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(append(first, rest...), data) {
		t.Errorf("the rest after the deletion: %d bytes, %v", len(rest), err)
	}
}
