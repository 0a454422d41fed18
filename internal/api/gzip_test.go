package api_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"glance/internal/api"
)

func unzip(t *testing.T, r io.Reader) string {
	t.Helper()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// answering writes an answer in pieces of 1000 bytes.
func answering(status int, mediaType, body string) http.Handler {
	return api.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Header().Set("Content-MD5", "sum")
		w.WriteHeader(status)
		for len(body) > 0 {
			n := min(1000, len(body))
			_, _ = io.WriteString(w, body[:n])
			body = body[n:]
		}
		return nil
	})
}

// Spec images-v2 §3.4.
func TestGzip(t *testing.T) {
	text := strings.Repeat("glance ", 1000)
	noise := make([]byte, 3<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	tests := []struct {
		name, mediaType, body, accept string
		status                        int
		zipped, length                bool
	}{
		{"json", "application/json", text, "gzip", 200, true, true},
		{"data", "application/octet-stream", text, "deflate, gzip;q=0", 200, true, false},
		{"long json", "application/json", string(noise), "gzip", 200, true, false},
		{"error", "text/plain", text, "gzip", 404, true, true},
		{"not asked for", "application/json", text, "*", 200, false, true},
		{"another word", "application/json", text, "xgzip", 200, false, true},
		{"a part", "application/octet-stream", text, "gzip", 206, false, true},
		{"empty", "application/json", "", "gzip", 200, false, true},
		{"no content", "text/html", "", "gzip", 204, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(behind(api.Gzip, answering(tt.status, tt.mediaType, tt.body)), "GET", "/", "Accept-Encoding", tt.accept)
			h, length := w.Header(), fmt.Sprint(w.Body.Len())
			body := w.Body.String()
			if tt.zipped {
				body = unzip(t, w.Body)
			}
			if w.Code != tt.status || body != tt.body || (h.Get("Content-Encoding") == "gzip") != tt.zipped || h.Get("Content-MD5") != "sum" {
				t.Errorf("%d, %d bytes, want %d, %v", w.Code, len(body), len(tt.body), h)
			}
			if got := h.Get("Content-Length"); tt.length != (got != "") || got != "" && got != length {
				t.Errorf("Content-Length %q of %s bytes", got, length)
			}
		})
	}
}

// A short answer that fails half way has not gone out yet.
func TestGzipFailure(t *testing.T) {
	fails := api.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half of it")
		return errors.New("database gone")
	})
	w := ask(behind(api.Gzip, fails), "GET", "/", "Accept-Encoding", "gzip")
	if body := unzip(t, w.Body); w.Code != 500 || strings.Contains(body, "half") || !strings.HasPrefix(body, "500 ") {
		t.Errorf("%d %q", w.Code, body)
	}
	silent := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	api.Gzip(silent).ServeHTTP(rec, r)
	if rec.Code != 202 || rec.Body.Len() > 0 || rec.Header().Get("Content-Encoding") != "" {
		t.Errorf("silent: %d %d bytes %v", rec.Code, rec.Body.Len(), rec.Header())
	}
}
