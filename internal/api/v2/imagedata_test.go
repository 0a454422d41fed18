package v2_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"glance/internal/glance"
	"glance/internal/store"
)

const file1 = "/v2/images/" + img1 + "/file"

// TestDownloadRange sends the tables of ranges over the door.
func TestDownloadRange(t *testing.T) {
	const text = "0123456789"
	r := newRig(t)
	r.fill(t, text)
	checksum := r.get(t, "/v2/images/"+img1).decode(t)["checksum"]
	check := func(header map[string]string, start, length int64, want fault) {
		t.Helper()
		a := r.send(t, call{method: "GET", path: file1, header: header})
		if want.status != 0 {
			a.want(t, want)
			if a.header.Get("Content-Md5") != "" || a.header.Get("Content-Range") != "" || a.header.Get("Etag") != "" {
				t.Errorf("%v: describes data that it does not send: %v", header, a.header)
			}
			return
		}
		contentRange := "bytes " + strconv.FormatInt(start, 10) + "-" + strconv.FormatInt(start+length-1, 10) + "/10"
		if a.status != 206 || a.body != text[start:start+length] || a.header.Get("Content-Range") != contentRange ||
			a.header.Get("Content-Length") != strconv.FormatInt(length, 10) || a.header.Get("Content-Md5") != checksum {
			t.Errorf("%v: %d %q %v", header, a.status, a.body, a.header)
		}
	}
	for _, tt := range rangeTable {
		check(map[string]string{"Range": tt.value}, tt.start, tt.length, tt.fault)
	}
	for _, tt := range contentRangeTable {
		check(map[string]string{"Content-Range": tt.value}, tt.start, tt.length, tt.fault)
	}
	check(map[string]string{"Range": "bytes=5-6", "Content-Range": "bytes 0-9/10"}, 5, 2, fault{})
	check(map[string]string{"Range": "nonsense", "Content-Range": "bytes 0-9/10"}, 0, 0, fault{416, "", badRange})
}

func TestDownloadWhole(t *testing.T) {
	r := newRig(t)
	r.fill(t, "0123456789")
	img := r.get(t, "/v2/images/"+img1).decode(t)
	for _, method := range []string{"GET", "HEAD"} {
		a := r.send(t, call{method: method, path: file1})
		want := map[string]any{
			"Content-Type": "application/octet-stream", "Content-Length": "10", "Content-Md5": img["checksum"],
			"Etag": `"` + img["os_hash_value"].(string) + `"`, "Accept-Ranges": "bytes",
		}
		for name, value := range want {
			if a.header.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", method, name, a.header.Get(name), value)
			}
		}
		if body := map[string]string{"GET": "0123456789"}[method]; a.status != 200 || a.body != body {
			t.Errorf("%s: %d %q", method, a.status, a.body)
		}
	}
	a := r.send(t, call{method: "HEAD", path: file1, header: map[string]string{"Range": "bytes=2-4"}})
	if a.status != 206 || a.body != "" || a.header.Get("Content-Length") != "3" || a.header.Get("Content-Range") != "bytes 2-4/10" {
		t.Errorf("HEAD of a part: %d %v", a.status, a.header)
	}
	r.send(t, call{method: "GET", path: file1 + "?prefer=fast;x"}).want(t, fault{400, "Store 'fast;x' is not configured.", ""})
	r.send(t, call{method: "GET", path: file1 + "?prefer=nope&prefer=none"}).want(t, fault{400, "Store 'none' is not configured.", ""})
	for _, prefer := range []string{"", ",%20,", "%20fast%20,,", "cheap,fast", "nope&prefer=fast"} {
		if a := r.get(t, file1+"?prefer="+prefer); a.status != 200 {
			t.Errorf("prefer=%s: %d %s", prefer, a.status, a.body)
		}
	}
}

// TestDownloadNothing: without data there is nothing to take a part of.
func TestDownloadNothing(t *testing.T) {
	r := newRig(t)
	r.add(t, image())
	for _, header := range []map[string]string{nil, {"Range": "bytes=0-4"}, {"Range": "nonsense"}, {"If-Match": `"x"`}} {
		for _, method := range []string{"GET", "HEAD"} {
			a := r.send(t, call{method: method, path: file1, header: header})
			if a.status != 204 || a.body != "" || a.header.Get("Content-Type") != "" {
				t.Errorf("%s %v: %d %v %q", method, header, a.status, a.header, a.body)
			}
		}
	}
}

// TestDownloadConditions: what RFC 9110 §13 says of strong validators.
func TestDownloadConditions(t *testing.T) {
	r := newRig(t)
	r.fill(t, "0123456789")
	tag := r.get(t, file1).header.Get("Etag")
	const part = "bytes=2-4"
	tests := []struct {
		name   string
		header map[string]string
		status int
	}{
		{"match", map[string]string{"If-Match": tag}, 200},
		{"match any", map[string]string{"If-Match": "*"}, 200},
		{"match one of", map[string]string{"If-Match": `"x", ` + tag}, 200},
		{"no match", map[string]string{"If-Match": `"x"`}, 412},
		{"a weak tag is no strong match", map[string]string{"If-Match": "W/" + tag}, 412},
		{"none match", map[string]string{"If-None-Match": `"x"`}, 200},
		{"some match", map[string]string{"If-None-Match": `"x",` + tag}, 304},
		{"weak match", map[string]string{"If-None-Match": "W/" + tag}, 304},
		{"any matches", map[string]string{"If-None-Match": "*"}, 304},
		{"If-Match first", map[string]string{"If-Match": `"x"`, "If-None-Match": "*"}, 412},
		{"range, same data", map[string]string{"Range": part, "If-Range": tag}, 206},
		{"range, other data", map[string]string{"Range": part, "If-Range": `"x"`}, 200},
		{"range, weak", map[string]string{"Range": part, "If-Range": "W/" + tag}, 200},
		{"range, date", map[string]string{"Range": part, "If-Range": "Tue, 24 Nov 2026 22:50:04 GMT"}, 200},
		{"bad range, other data", map[string]string{"Range": "nonsense", "If-Range": `"x"`}, 200},
		{"bad range and 412", map[string]string{"Range": "nonsense", "If-Match": `"x"`}, 412},
		{"bad range and 304", map[string]string{"Range": "nonsense", "If-None-Match": tag}, 304},
	}
	for _, tt := range tests {
		for _, method := range []string{"GET", "HEAD"} {
			a := r.send(t, call{method: method, path: file1, header: tt.header})
			if a.status != tt.status || tt.status == 304 && (a.body != "" || a.header.Get("Etag") != tag || a.header.Get("Content-Length") != "") {
				t.Errorf("%s %s: %d %q %v", method, tt.name, a.status, a.body, a.header)
			}
		}
	}
	// Data that nobody hashed has no validator: nothing matches it but *.
	r.update(t, img1, func(img *glance.Image) { img.Checksum, img.HashValue = "", "" })
	for header, status := range map[string]int{"*": 200, tag: 412, `"x",`: 412} {
		if a := r.send(t, call{method: "GET", path: file1, header: map[string]string{"If-Match": header}}); a.status != status || a.header.Get("Etag") != "" {
			t.Errorf("without hashes, If-Match %s: %d %v", header, a.status, a.header)
		}
	}
	a := r.send(t, call{method: "GET", path: file1, header: map[string]string{"Range": part, "If-Range": `""`}})
	if a.status != 200 {
		t.Errorf("without hashes, If-Range: %d", a.status)
	}
}

// none is a header that is not sent at all.
const none = "none"

// TestUploadHeaders: what the door reads of an upload (spec images-v2 §17).
func TestUploadHeaders(t *testing.T) {
	tests := []struct {
		name   string
		header map[string]string
		want   fault
	}{
		{"type with parameters", map[string]string{"Content-Type": "Application/Octet-Stream ; x=y"}, fault{}},
		{"no type", map[string]string{"Content-Type": none}, fault{415, "", "Invalid content type None"}},
		{"empty type", map[string]string{"Content-Type": ""}, fault{415, "", "Invalid content type"}},
		{"other type", map[string]string{"Content-Type": "application/octet-streams"}, fault{415, "", "Invalid content type application/octet-streams"}},
		{"size", map[string]string{"X-Openstack-Image-Size": " 10 "}, fault{}},
		{"size 0 is unknown", map[string]string{"X-Openstack-Image-Size": "0"}, fault{}},
		{"size negative is unknown", map[string]string{"X-Openstack-Image-Size": "-5"}, fault{}},
		{"size no number", map[string]string{"X-Openstack-Image-Size": "1.5"}, fault{400, "Invalid or missing image size in request headers.", ""}},
		{"size empty", map[string]string{"X-Openstack-Image-Size": ""}, fault{400, "Invalid or missing image size in request headers.", ""}},
		{"size too large", map[string]string{"X-Openstack-Image-Size": "11"}, fault{400, "Size mismatch: expected 11 bytes, got 10 bytes", ""}},
		{"size too small", map[string]string{"X-Openstack-Image-Size": "9"}, fault{400, "Size exceeds: expected 9 bytes, got 10 bytes", ""}},
		{"store", map[string]string{"X-Image-Meta-Store": "cheap"}, fault{}},
		{"store empty", map[string]string{"X-Image-Meta-Store": ""}, fault{400, "Store for identifier  not found", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.add(t, image())
			header := octets()
			for name, value := range tt.header {
				if header[name] = value; value == none {
					delete(header, name)
				}
			}
			a := r.send(t, call{method: "PUT", path: file1, body: "0123456789", header: header})
			if tt.want != (fault{}) {
				a.want(t, tt.want)
			} else if a.status != 204 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

// onDisk makes the store hand out a file.
func (r *rig) onDisk(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.fast.open = func(context.Context, string, int64) (store.Data, error) {
		f, err := os.Open(path)
		return store.Data{ReadCloser: f, Size: int64(len(text))}, err
	}
}

// spy looks at what io.Copy hands to the ResponseWriter of net/http.
type spy struct {
	http.ResponseWriter
	files atomic.Int32
}

func (s *spy) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *spy) ReadFrom(src io.Reader) (int64, error) {
	if limit, ok := src.(*io.LimitedReader); ok {
		if _, ok := limit.R.(*os.File); ok {
			s.files.Add(1)
		}
	}
	return s.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
}

// TestDownloadSendsFiles: the writer of net/http gets the file itself below
// one limit, which is what it hands to the kernel. Parts too.
func TestDownloadSendsFiles(t *testing.T) {
	text := strings.Repeat("0123456789", 10)
	r := newRig(t)
	r.fill(t, text)
	r.onDisk(t, text)
	var files atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		s := &spy{ResponseWriter: w}
		r.handler.ServeHTTP(s, req)
		files.Add(s.files.Load())
	}))
	defer server.Close()
	for header, want := range map[string]string{"": text, "bytes=7-": text[7:], "bytes=95-99": text[95:]} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+file1, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(whoHeader, "alice")
		if header != "" {
			req.Header.Set("Range", header)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%q: %q, %v", header, body, err)
		}
	}
	if n := files.Load(); n != 3 {
		t.Errorf("%d files of 3 went to the kernel", n)
	}
}

// TestDownloadTruncated: data that ends early breaks the connection, so that
// nobody takes it for the whole.
func TestDownloadTruncated(t *testing.T) {
	r := newRig(t)
	r.fill(t, "0123456789")
	r.onDisk(t, "01234")
	server := httptest.NewServer(r.handler)
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+file1, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(whoHeader, "alice")
	resp, err := server.Client().Do(req)
	if err != nil {
		return // nothing of it has come
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err == nil || resp.ContentLength != 10 {
		t.Errorf("%q of %d bytes, no error", got, resp.ContentLength)
	}
}

// TestDownloadLostMeanwhile: the data vanishes between the look and the read.
func TestDownloadLostMeanwhile(t *testing.T) {
	r := newRig(t)
	r.fill(t, "0123456789")
	first := true
	r.fast.open = func(ctx context.Context, url string, offset int64) (store.Data, error) {
		if !first {
			return store.Data{}, store.NoImage(img1, nil)
		}
		first = false
		return r.fast.Driver.Open(ctx, url, offset)
	}
	a := r.send(t, call{method: "GET", path: file1, header: map[string]string{"Range": "bytes=5-"}})
	if a.status != 503 || a.header.Get("Content-Md5") != "" || a.header.Get("Content-Range") != "" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
}
