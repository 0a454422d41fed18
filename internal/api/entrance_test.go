package api_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"glance/internal/api"
	"glance/internal/glance"
)

// Spec servers §4: the line of the original's server.
func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	e := api.Entrance{
		Log:    slog.New(slog.DiscardHandler),
		Access: slog.New(slog.NewTextHandler(&log, nil)),
	}
	tests := []struct {
		app          http.Handler
		method, path string
		want         string
	}{
		{echoPath(), "GET", "/abc?x=%22", `192\.0\.2\.1 - - \[\d\d/[A-Z][a-z][a-z]/\d{4} \d\d:\d\d:\d\d\] \\"GET /abc\?x=%22 HTTP/1\.1\\" 200 4 \d+\.\d{6}`},
		{failing(&glance.Error{Kind: glance.NotFound}), "DELETE", "/x", `\\"DELETE /x HTTP/1\.1\\" 404 52 `},
		{http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "GET", "/", `\\"GET / HTTP/1\.1\\" 200 0 `},
		{http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") }), "GET", "/", `\\"GET / HTTP/1\.1\\" 500 `},
	}
	for _, tt := range tests {
		log.Reset()
		ask(e.Wrap(tt.app), tt.method, tt.path)
		if !regexp.MustCompile(`^time=\S+ level=INFO msg="` + ".*" + tt.want).MatchString(log.String()) {
			t.Errorf("%s %s: %s", tt.method, tt.path, log.String())
		}
	}
	log.Reset()
	r := httptest.NewRequest("GET", "/", nil)
	r.RequestURI, r.RemoteAddr = "/\"\n\x1b[31m", "@"
	e.Wrap(echoPath()).ServeHTTP(httptest.NewRecorder(), r)
	if bytes.Count(log.Bytes(), []byte("\n")) != 1 || bytes.ContainsRune(log.Bytes(), 0x1b) {
		t.Errorf("a client writes our log: %q", log.String())
	}
}

// Interim answers are not the beginning of the answer.
func TestInterimAnswers(t *testing.T) {
	srv, _ := served(t, api.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusEarlyHints)
		return glance.Errorf(glance.Conflict, "no")
	}))
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 409 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestFlush(t *testing.T) {
	next := make(chan struct{})
	srv, _ := served(t, api.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "a")
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
		<-next
		_, err := io.WriteString(w, "b")
		return err
	}))
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(resp.Body, first); err != nil || first[0] != 'a' {
		t.Errorf("%q, %v", first, err)
	}
	close(next)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "b" {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestOnHeaderOrder(t *testing.T) {
	var calls []string
	h := api.Entrance{}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, name := range []string{"outer", "inner"} {
			api.OnHeader(w, func(status int, h http.Header) {
				calls = append(calls, name, http.StatusText(status))
				h.Add("X-Order", name)
			})
		}
		_, _ = io.WriteString(w, "x")
		_, _ = io.WriteString(w, "x")
	}))
	w := ask(h, "GET", "/")
	if got := w.Header()["X-Order"]; len(calls) != 4 || len(got) != 2 || got[0] != "inner" {
		t.Errorf("%v %v", calls, got)
	}
}
