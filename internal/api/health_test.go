package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glance/internal/api"
)

func health(t *testing.T, c api.Healthcheck) *api.Health {
	t.Helper()
	h, err := api.NewHealth(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

const (
	healthHTML = "<HTML>\n<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>\n<BODY>\n\n<H2>Result of 1 checks:</H2>\n<TABLE bgcolor=\"#ffffff\" border=\"1\">\n<TBODY>\n<TR>\n\n<TH>\nReason\n</TH>\n</TR>\n<TR>\n\n    <TD>OK</TD>\n\n</TR>\n</TBODY>\n</TABLE>\n<HR></HR>\n\n</BODY>\n</HTML>"
	healthJSON = "{\n    \"detailed\": false,\n    \"reasons\": [\n        \"OK\"\n    ]\n}"
)

// Spec images-v2 §3.3, recordings healthcheck-*.
func TestHealth(t *testing.T) {
	h := health(t, api.Healthcheck{Backends: []string{"disable_by_file"}, DisableByFile: filepath.Join(t.TempDir(), "none")})
	tests := []struct{ method, accept, mediaType, body string }{
		{"GET", "", "text/plain; charset=UTF-8", "OK"},
		{"GET", "*/*", "text/plain; charset=UTF-8", "OK"},
		{"GET", "text/plain", "text/plain; charset=UTF-8", "OK"},
		{"GET", "application/xml", "text/plain; charset=UTF-8", "OK"},
		{"GET", "text/plain;q=0.1, application/json", "application/json", healthJSON},
		{"GET", "application/json", "application/json", healthJSON},
		{"GET", "text/html", "text/html; charset=UTF-8", healthHTML},
		{"POST", "", "text/plain; charset=UTF-8", "OK"},
		{"OPTIONS", "", "text/plain; charset=UTF-8", "OK"},
	}
	for _, tt := range tests {
		w := ask(h, tt.method, "/healthcheck", "Accept", tt.accept)
		if w.Code != 200 || w.Header().Get("Content-Type") != tt.mediaType || w.Body.String() != tt.body {
			t.Errorf("%s %s: %d %s %q", tt.method, tt.accept, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
	if w := ask(h, "HEAD", "/"); w.Code != 204 || len(w.Header()) > 0 {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
}

func TestHealthBackends(t *testing.T) {
	dir := t.TempDir()
	there, absent := filepath.Join(dir, "there"), filepath.Join(dir, "absent")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		config api.Healthcheck
		status int
		body   string
	}{
		{"no backend", api.Healthcheck{}, 200, ""},
		{"disabled", api.Healthcheck{Backends: []string{"disable_by_file"}, DisableByFile: there}, 503, "DISABLED BY FILE"},
		{"no file named", api.Healthcheck{Backends: []string{"disable_by_file"}}, 200, "OK"},
		{"enabled", api.Healthcheck{Backends: []string{"enable_by_files"}, EnableByFiles: []string{there}}, 200, "OK"},
		{"missing", api.Healthcheck{Backends: []string{"enable_by_files"}, EnableByFiles: []string{there, absent}}, 503, "FILE PATH MISSING"},
		{"another port", api.Healthcheck{Backends: []string{"disable_by_files_ports"}, DisableByPorts: []string{"1:" + there}}, 200, "OK"},
		{"two", api.Healthcheck{Backends: []string{"disable_by_file", "enable_by_files"}, DisableByFile: there}, 503, "DISABLED BY FILE\nOK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := health(t, tt.config)
			if w := ask(h, "GET", "/"); w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("%d %q", w.Code, w.Body)
			}
			want := tt.status
			if want == 200 {
				want = 204
			}
			if w := ask(h, "HEAD", "/"); w.Code != want || w.Body.Len() > 0 {
				t.Errorf("HEAD: %d %q", w.Code, w.Body)
			}
		})
	}
}

func TestHealthOfThisPort(t *testing.T) {
	dir := t.TempDir()
	mux := http.NewServeMux()
	srv, _ := served(t, mux)
	port := srv.URL[strings.LastIndex(srv.URL, ":")+1:]
	mux.Handle("/", health(t, api.Healthcheck{Backends: []string{"disable_by_files_ports"}, DisableByPorts: []string{port + ":" + dir}}))
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 503 {
		t.Errorf("status %d, want 503", resp.StatusCode)
	}
}

func TestHealthDetailed(t *testing.T) {
	h := health(t, api.Healthcheck{Detailed: true, Backends: []string{"disable_by_file"}, DisableByFile: "/no<where"})
	var doc struct {
		Detailed bool
		Now      string
		Platform string
		Reasons  []map[string]string
	}
	if err := json.Unmarshal(ask(h, "GET", "/", "Accept", "application/json").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if !doc.Detailed || doc.Now == "" || doc.Platform == "" || len(doc.Reasons) != 1 || doc.Reasons[0]["details"] != "Path '/no<where' was not found" {
		t.Errorf("%+v", doc)
	}
	if body := ask(h, "GET", "/", "Accept", "text/html").Body.String(); !strings.Contains(body, "Path &#39;/no&lt;where&#39; was not found") {
		t.Errorf("html: %s", body)
	}
}

// Spec config §4.10.
func TestHealthSources(t *testing.T) {
	near := health(t, api.Healthcheck{AllowedSources: []string{"192.0.2.0/24", "::1"}})
	far := health(t, api.Healthcheck{AllowedSources: []string{"10.0.0.0/8"}})
	direct := health(t, api.Healthcheck{IgnoreProxied: true})
	for name, got := range map[string]int{
		"near":    ask(near, "GET", "/").Code - 200,
		"far":     ask(far, "GET", "/").Code - 404,
		"behind":  ask(api.ForwardedHeaders(near), "GET", "/", "X-Forwarded-For", "192.0.2.7").Code - 200,
		"beyond":  ask(api.ForwardedHeaders(near), "GET", "/", "X-Forwarded-For", "10.0.0.1").Code - 404,
		"direct":  ask(direct, "GET", "/").Code - 200,
		"proxied": ask(direct, "GET", "/", "X-Forwarded-For", "1.2.3.4").Code - 404,
	} {
		if got != 0 {
			t.Errorf("%s is off by %d", name, got)
		}
	}
}

func TestHealthConfig(t *testing.T) {
	for want, c := range map[string]api.Healthcheck{
		"disable_by_magic": {Backends: []string{"disable_by_magic"}},
		"nowhere":          {Backends: []string{"disable_by_files_ports"}, DisableByPorts: []string{"nowhere"}},
		"300.1.2.3":        {AllowedSources: []string{"300.1.2.3"}},
		"1.2.3.4/99":       {AllowedSources: []string{"1.2.3.4/99"}},
	} {
		if _, err := api.NewHealth(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want something about %s", err, want)
		}
	}
}

func TestHealthFilter(t *testing.T) {
	h := health(t, api.Healthcheck{Path: "/healthcheck"}).Wrap(echoPath())
	if w := ask(h, "GET", "/healthcheck/x"); w.Body.String() != "/healthcheck/x" {
		t.Errorf("below: %q", w.Body)
	}
	if w := ask(h, "GET", "/healthcheck"); w.Code != 200 || w.Body.Len() > 0 {
		t.Errorf("path: %d %q", w.Code, w.Body)
	}
}
