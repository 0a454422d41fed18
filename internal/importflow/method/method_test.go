package method_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"glance/internal/glance"
	"glance/internal/importflow"
	"glance/internal/importflow/method"
)

// site is a web server under several names; only other.test is not allowed.
type site struct {
	*httptest.Server
	asked []*http.Request
	pages map[string]func(http.ResponseWriter)
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{pages: map[string]func(http.ResponseWriter){}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r)
		page, ok := s.pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		page(w)
	}))
	t.Cleanup(s.Close)
	s.page("/data", "data")
	return s
}

func (s *site) page(path, text string) {
	s.pages[path] = func(w http.ResponseWriter) { _, _ = io.WriteString(w, text) }
}

func (s *site) redirect(path, to string) {
	s.pages[path] = func(w http.ResponseWriter) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

func (s *site) port() string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return port
}

func (s *site) url(host, path string) string { return "http://" + host + ":" + s.port() + path }

// filter admits the site by every name but other.test; lookups are counted.
func (s *site) filter(lookups *int) *importflow.Filter {
	return &importflow.Filter{
		AllowedSchemes: []string{"http"}, DisallowedHosts: []string{"other.test", "10.0.0.1"},
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			if lookups != nil {
				*lookups++
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.1")}, nil
		},
	}
}

func open(t *testing.T, filter *importflow.Filter, name string, w *importflow.Work) (string, int64, error) {
	t.Helper()
	m := method.All(method.Options{Filter: filter, Properties: []string{"hw_", "os_type"}})[name]
	src, err := m.Open(t.Context(), w)
	if err != nil {
		return "", 0, err
	}
	defer src.Close()
	text, err := io.ReadAll(src)
	return string(text), src.Size, err
}

func webWork(uri string) *importflow.Work {
	return &importflow.Work{Request: &importflow.Request{Method: importflow.Web, URI: &uri}, Who: &glance.Caller{Token: "secret"}}
}

// TestWeb connects to the address that the filter has seen: no name of these is
// known to anybody else.
func TestWeb(t *testing.T) {
	s := newSite(t)
	s.page("/empty", "")
	s.redirect("/next", "/data")
	s.redirect("/away", s.url("away.test", "/data"))
	s.redirect("/forbidden", s.url("other.test", "/data"))
	s.redirect("/inside", "http://10.0.0.1/x")
	s.redirect("/file", "file:///etc/passwd")
	s.redirect("/loop", "/loop")
	tests := []struct {
		uri, text string
		size      int64
		err       string
	}{
		{s.url("first.test", "/data"), "data", 4, ""},
		{s.url("first.test", "/empty"), "", -1, ""},
		{s.url("first.test", "/next"), "data", 4, ""},
		{s.url("first.test", "/away"), "data", 4, ""},
		{s.url("first.test", "/forbidden"), "", 0, "Redirect to disallowed URL: " + s.url("other.test", "")},
		{s.url("first.test", "/inside"), "", 0, "Redirect to disallowed URL: http://10.0.0.1"},
		{s.url("first.test", "/file"), "", 0, "Redirect to disallowed URL: file://"},
		{s.url("first.test", "/loop"), "", 0, "too many redirects"},
		{s.url("first.test", "/nothing"), "", 0, "the answer is 404 Not Found"},
		{s.url("user:pass@first.test", "/data"), "", 0, "names and passwords in URLs are not sent"},
	}
	for _, tt := range tests {
		text, size, err := open(t, s.filter(nil), importflow.Web, webWork(tt.uri))
		if err != nil && strings.Contains(err.Error(), "/data") {
			t.Errorf("%s: %v tells the URL", tt.uri, err)
		}
		if text != tt.text || size != tt.size || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q of %d, %v", tt.uri, text, size, err)
		}
	}
	for _, r := range s.asked {
		for _, name := range []string{"Referer", "X-Auth-Token", "Authorization"} {
			if r.Header.Get(name) != "" {
				t.Errorf("%s: %s is sent", r.URL, name)
			}
		}
	}
}

// TestRebinding: a name that means another host as soon as it was admitted is
// asked for once per request only.
func TestRebinding(t *testing.T) {
	s := newSite(t)
	lookups := 0
	if _, _, err := open(t, s.filter(&lookups), importflow.Web, webWork(s.url("first.test", "/data"))); err != nil || lookups != 1 {
		t.Errorf("%d lookups, %v", lookups, err)
	}
}

func TestWebCheck(t *testing.T) {
	m := method.All(method.Options{Filter: newSite(t).filter(nil)})[importflow.Web]
	good, bad := "http://first.test/", "http://other.test/"
	if err := m.Check(t.Context(), &importflow.Request{URI: &good}); err != nil {
		t.Error(err)
	}
	for uri, r := range map[string]*importflow.Request{bad: {URI: &bad}, "None": {}} {
		var told *glance.Error
		err := m.Check(t.Context(), r)
		if !errors.As(err, &told) || told.Message != "URI for web-download does not pass filtering: "+uri || strings.Contains(err.Error(), uri) {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestShort: a body that ends too early is an error.
func TestShort(t *testing.T) {
	s := newSite(t)
	s.pages["/short"] = func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "half")
	}
	if text, _, err := open(t, s.filter(nil), importflow.Web, webWork(s.url("first.test", "/short"))); err == nil {
		t.Errorf("read %q", text)
	}
}

func downloadWork(s *site, change func(*importflow.Request)) *importflow.Work {
	r := &importflow.Request{Method: importflow.Download, Region: "RegionTwo", ImageID: "abc", Interface: "public"}
	if change != nil {
		change(r)
	}
	catalog := fmt.Sprintf(`[{"type": "compute", "endpoints": [{"region": "RegionTwo", "publicURL": "http://compute"}]},
		{"type": "image", "endpoints": [{"region": "RegionOne", "publicURL": "http://one"},
		{"region": "regiontwo", "publicURL": %q, "internalURL": "http://other.test"}]}]`, s.url("glance.test", "/image/"))
	return &importflow.Work{
		Request: r, Who: &glance.Caller{Token: "secret", Catalog: []byte(catalog)},
		Image: &glance.Image{DiskFormat: "raw", ContainerFormat: "bare"},
	}
}

func TestDownload(t *testing.T) {
	const good = `{"id": "abc", "status": "active", "size": 4, "disk_format": "qcow2", "container_format": "ovf",
		"hw_disk_bus": "scsi", "os_type": "linux", "os_glance_x": "y", "name": "n", "hw_number": 5}`
	tests := []struct {
		name, remote string
		change       func(*importflow.Request)
		err          string
	}{
		{"good", good, nil, ""},
		{"no region", good, func(r *importflow.Request) { r.Region = "nope" }, "public glance endpoint not found for region nope"},
		{"no interface", good, func(r *importflow.Request) { r.Interface = "admin" }, "admin glance endpoint not found for region RegionTwo"},
		{"filtered", good, func(r *importflow.Request) { r.Interface = "internal" }, "does not pass filtering"},
		{"not active", strings.Replace(good, "active", "queued", 1), nil, "Source image status should be active instead of queued"},
		{"no size", strings.Replace(good, `"size": 4`, `"size": null`, 1), nil, "Size attribute of remote image abc could not be determined."},
		{"size is a text", strings.Replace(good, `"size": 4`, `"size": "4"`, 1), nil, "Size attribute of remote image abc could not be determined."},
		{"no JSON", "{", nil, "read the remote image"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.page("/image/v2/images/abc", tt.remote)
			s.page("/image/v2/images/abc/file", "data")
			w := downloadWork(s, tt.change)
			text, size, err := open(t, s.filter(nil), importflow.Download, w)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || w.Image.DiskFormat != "raw" {
					t.Errorf("got %v, %+v", err, w.Image)
				}
				return
			}
			if err != nil || text != "data" || size != 4 {
				t.Fatalf("%q of %d, %v", text, size, err)
			}
			img := w.Image
			bus, _ := img.Property("hw_disk_bus")
			kind, _ := img.Property("os_type")
			if img.DiskFormat != "qcow2" || img.ContainerFormat != "ovf" || bus.Value != "scsi" || kind.Value != "linux" || len(img.Properties) != 2 {
				t.Errorf("image is %+v", img)
			}
			for _, r := range s.asked {
				if r.Header.Get("X-Auth-Token") != "secret" {
					t.Errorf("%s without token", r.URL)
				}
			}
		})
	}
}

// TestDownloadToken: the token goes to the host of the catalog only.
func TestDownloadToken(t *testing.T) {
	s := newSite(t)
	s.redirect("/image/v2/images/abc", s.url("away.test", "/described"))
	s.page("/described", `{"status": "active", "size": 4}`)
	s.redirect("/image/v2/images/abc/file", "/data")
	if _, _, err := open(t, s.filter(nil), importflow.Download, downloadWork(s, nil)); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"secret", "", "secret", "secret"} {
		if got := s.asked[i].Header.Get("X-Auth-Token"); got != want {
			t.Errorf("%d %s%s: token %q", i, s.asked[i].Host, s.asked[i].URL, got)
		}
	}
}

// TestProxy: a proxy of the environment gets the name. The environment is read
// once per process, so this is in a process of its own.
func TestProxy(t *testing.T) {
	if u := envProxy(t); u != nil {
		text, _, err := open(t, (&site{}).filter(nil), importflow.Web, webWork("http://first.test/data"))
		if err != nil || text != "proxied" {
			t.Errorf("%q, %v", text, err)
		}
		return
	}
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.RequestURI
		w.Header().Set("Content-Length", strconv.Itoa(len("proxied")))
		_, _ = io.WriteString(w, "proxied")
	}))
	defer proxy.Close()
	if out, err := again(t, proxy.URL); err != nil || asked != "http://first.test/data" {
		t.Errorf("asked for %q, %v: %s", asked, err, out)
	}
}

func envProxy(t *testing.T) *url.URL {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://first.test/data", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
