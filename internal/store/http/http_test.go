package http_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"glance/internal/glance"
	"glance/internal/store"
	httpstore "glance/internal/store/http"
	"glance/internal/store/storetest"
)

func open(t *testing.T, cfg httpstore.Config) *httpstore.Store {
	t.Helper()
	s, err := httpstore.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSuite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Fixture {
		var objects sync.Map
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			data, ok := objects.Load(r.URL.Path)
			if !ok {
				http.NotFound(w, r)
				return
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data.([]byte)))
		}))
		t.Cleanup(server.Close)
		return storetest.Fixture{
			Driver:  open(t, httpstore.Config{}),
			Foreign: "file:///images/1",
			Missing: server.URL + "/missing",
			Seed: func(_ *testing.T, data []byte) string {
				path := fmt.Sprintf("/%d", len(data))
				objects.Store(path, data)
				return server.URL + path
			},
		}
	})
}

// remote is a server of every kind of answer.
func remote(t *testing.T) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "0123456789") })
	mux.HandleFunc("/chunked", func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "0123456789")
	})
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		var code int
		_, _ = fmt.Sscan(r.PathValue("code"), &code)
		w.Header().Set("Location", "/plain")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "secret of the inside")
	})
	mux.HandleFunc("/hops/{n}", func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.PathValue("n"), &n)
		to := fmt.Sprintf("/hops/%d", n-1)
		if n == 1 {
			to = "/plain"
		}
		http.Redirect(w, r, to, http.StatusFound)
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		fmt.Fprintf(w, "%s/%s/%s", user, password, r.URL.RawQuery)
	})
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "0123456789")
	})
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func TestAnswers(t *testing.T) {
	base := remote(t)
	s := open(t, httpstore.Config{})
	tests := map[string]struct {
		offset int64
		want   string // data, or the text of the error
		kind   glance.Kind
	}{
		"/plain":      {0, "0123456789", -1},
		"/chunked":    {0, "0123456789", -1},
		"/status/301": {0, "0123456789", -1},
		"/status/302": {0, "0123456789", -1},
		"/hops/5":     {0, "0123456789", -1},
		"/hops/6":     {0, "The Store URI was malformed: The HTTP URL exceeded 5 maximum redirects.", glance.Invalid},
		"/status/307": {0, "The Store URI was malformed: The HTTP URL /status/307 attempted to redirect with an invalid 307 status code.", glance.Invalid},
		"/status/403": {0, "The Store URI was malformed: HTTP URL /status/403 returned a 403 status code.", glance.Invalid},
		"/status/404": {0, "HTTP datastore could not find image at URI.", glance.NotFound},
		"/status/503": {0, "Remote server where the image is present is unavailable: the server answered 503 Service Unavailable", glance.Unavailable},
		"/away":       {0, "The Store URI was malformed: it is not one of the web", glance.Invalid},
		"/plain?2":    {5, "Getting images randomly from this store is not supported. Offset: 5, length: None", glance.Unsupported},
	}
	for path, tt := range tests {
		t.Run(path, func(t *testing.T) {
			data, err := s.Open(t.Context(), base+path, tt.offset)
			if tt.kind >= 0 {
				if err == nil || glance.KindOf(err) != tt.kind || err.Error() != tt.want {
					t.Errorf("got error %v (%v)", err, glance.KindOf(err))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			if text, err := io.ReadAll(data); err != nil || string(text) != tt.want {
				t.Errorf("got %q, %v", text, err)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	base := remote(t)
	s := open(t, httpstore.Config{})
	data, err := s.Open(t.Context(), strings.Replace(base, "http://", "http://me:secret@", 1)+"/auth?a=b", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if text, err := io.ReadAll(data); err != nil || string(text) != "me/secret/a=b" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestBreaksOff(t *testing.T) {
	data, err := open(t, httpstore.Config{}).Open(t.Context(), remote(t)+"/short", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if _, err := io.ReadAll(data); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got error %v", err)
	}
}

func TestSize(t *testing.T) {
	base := remote(t)
	s := open(t, httpstore.Config{})
	for path, want := range map[string]int64{"/short": 100, "/chunked": 0, "/hops/2": 10} {
		if got, err := s.Size(t.Context(), base+path); err != nil || got != want {
			t.Errorf("%s: got %d, %v", path, got, err)
		}
	}
	_, err := s.Size(t.Context(), base+"/status/500")
	if glance.KindOf(err) != glance.Invalid {
		t.Errorf("got error %v", err)
	}
}

func TestBadURLs(t *testing.T) {
	s := open(t, httpstore.Config{})
	for _, url := range []string{"http://", "http:///path", "http://host:port/", "http://me@host/", "http://%zz/", "ftp://host/", "http:host"} {
		_, err := s.Open(t.Context(), url, 0)
		if glance.KindOf(err) != glance.Invalid {
			t.Errorf("%s: got error %v", url, err)
		}
	}
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(nil)
	url := strings.Replace(server.URL, "http://", "http://me:secret@", 1)
	server.Close()
	s := open(t, httpstore.Config{})
	_, err := s.Open(t.Context(), url, 0)
	if glance.KindOf(err) != glance.Unavailable || strings.Contains(err.Error(), "secret") {
		t.Errorf("Open: got error %v", err)
	}
	_, err = s.Size(t.Context(), url)
	if glance.KindOf(err) != glance.Invalid || !strings.HasPrefix(err.Error(), "The Store URI was malformed: The HTTP URL is invalid: ") || strings.Contains(err.Error(), "me:") {
		t.Errorf("Size: got error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Open(ctx, url, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v", err)
	}
}

func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		cfg httpstore.Config
		ok  bool
	}{
		"not verified":    {httpstore.Config{Insecure: true}, true},
		"verified":        {httpstore.Config{}, false},
		"known authority": {httpstore.Config{CAFile: ca, Insecure: true}, true},
	} {
		if _, err := open(t, tt.cfg).Size(t.Context(), server.URL); (err == nil) != tt.ok {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func TestProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "proxy for ", r.URL.Host)
	}))
	t.Cleanup(proxy.Close)
	s := open(t, httpstore.Config{Proxies: map[string]string{"http": strings.TrimPrefix(proxy.URL, "http://")}})
	data, err := s.Open(t.Context(), "http://images.example/1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if text, err := io.ReadAll(data); err != nil || string(text) != "proxy for images.example" {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestBadConfig(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []httpstore.Config{
		{CAFile: "/none"},
		{CAFile: empty},
		{Proxies: map[string]string{"http": "http://"}},
	} {
		var bad *store.BadConfig
		if _, err := httpstore.Open(cfg); !errors.As(err, &bad) {
			t.Errorf("%+v: got error %v", cfg, err)
		}
	}
}

func FuzzLocation(f *testing.F) {
	f.Add("http://me:secret@host:80/path?query#fragment")
	f.Add("http://[::1]:80/")
	f.Add("https://me@host:x/%zz")
	s, err := httpstore.Open(httpstore.Config{Proxies: map[string]string{"http": "127.0.0.1:1", "https": "127.0.0.1:1"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, location string) {
		// Nothing listens there, and a context that has ended keeps it so.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Open(ctx, location, 0)
		if err == nil {
			t.Error("opened")
		}
		if kind := glance.KindOf(err); kind != glance.Invalid && !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v (%v)", err, kind)
		}
	})
}
