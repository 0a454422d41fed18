package golden_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"io"
	"net/http"
	"testing"

	"glance/test/golden"
)

func TestWeb(t *testing.T) {
	web, err := golden.StartWeb(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	a, b := sha256.Sum256([]byte("7:0")), sha256.Sum256([]byte("7:1"))
	random := append(a[:], b[:8]...)
	tests := []struct {
		method, path string
		status       int
		location     string
		length       int64 // -1: none announced
		body         []byte
		short        bool
	}{
		{"GET", "/zero/3", 200, "", 3, make([]byte, 3), false},
		{"GET", "/zero/0", 200, "", 0, nil, false},
		{"HEAD", "/zero/3", 200, "", 3, nil, false},
		{"GET", "/random/40/7", 200, "", 40, random, false},
		{"GET", "/status/404", 404, "", -1, nil, false},
		{"GET", "/redirect/302/zero/5", 302, "/zero/5", -1, nil, false},
		{"GET", "/redirect/301/redirect/302/zero/77", 301, "/redirect/302/zero/77", -1, nil, false},
		{"GET", "/redirect/302/10.0.0.1/x", 302, "http://10.0.0.1/x", -1, nil, false},
		{"GET", "/short/10", 200, "", 10, make([]byte, 5), true},
		{"GET", "/nothing", 404, "", -1, nil, false},
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, tt := range tests {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, web.URL+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if (err != nil) != tt.short {
				t.Errorf("read: %v", err)
			}
			if resp.StatusCode != tt.status || resp.Header.Get("Location") != tt.location || resp.ContentLength != tt.length {
				t.Errorf("status %d, location %q, length %d", resp.StatusCode, resp.Header.Get("Location"), resp.ContentLength)
			}
			if !bytes.Equal(body, tt.body) {
				t.Errorf("body %x, want %x", body, tt.body)
			}
			if resp.Proto != "HTTP/1.0" {
				t.Errorf("speaks %s", resp.Proto)
			}
		})
	}
}

func TestWebGzip(t *testing.T) {
	web, err := golden.StartWeb(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", web.URL+"/gzip/5000/2", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity") // the client must not unpack
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	z, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(io.LimitReader(golden.RandomReader(2), 5000))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes unpacked, not the %d of the generator", len(got), len(want))
	}
}
