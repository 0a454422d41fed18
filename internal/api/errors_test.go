package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"glance/internal/api"
	"glance/internal/auth"
	"glance/internal/glance"
)

// failing answers a request with err in the middle of nothing else.
func failing(err error) http.Handler {
	return api.Handle(func(http.ResponseWriter, *http.Request) error { return err })
}

// request is one of a caller who may write.
func request(method, target string, headers ...string) (*http.Request, *httptest.ResponseRecorder) {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r.WithContext(api.WithCaller(r.Context(), glance.Caller{ProjectID: "p"})), httptest.NewRecorder()
}

func ask(h http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r, w := request(method, target, headers...)
	h.ServeHTTP(w, r)
	return w
}

// Spec images-v2 §1.4; the texts are those of recordings errors-rendering-*.
func TestErrorRenderings(t *testing.T) {
	const (
		html  = "text/html; charset=UTF-8"
		plain = "text/plain; charset=UTF-8"
		json  = "application/json"
		types = "Image PATCH expects Content-Type one of: a, b"
	)
	missing := glance.Errorf(glance.NotFound, "No image found with ID x")
	tests := []struct {
		name      string
		err       error
		method    string
		headers   []string
		status    int
		mediaType string
		body      string
	}{
		{"explanation, plain", missing, "GET", nil, 404, plain, "404 Not Found\n\nNo image found with ID x\n\n   "},
		{"explanation, html", missing, "GET", []string{"Accept", "*/*"}, 404, html, "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  No image found with ID x<br /><br />\n\n\n\n </body>\n</html>"},
		{"explanation, json", missing, "GET", []string{"Accept", "application/json"}, 404, json, `{"message": "No image found with ID x<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`},
		{"detail, plain", glance.Detailf(glance.RangeNotSatisfiable, "Bad [0, 99]."), "GET", nil, 416, plain, "416 Request Range Not Satisfiable\n\nThe Range requested is not available.\n\n Bad [0, 99].  "},
		{"detail, html", glance.Detailf(glance.RangeNotSatisfiable, "Bad [0, 99]."), "GET", []string{"Accept", "text/html"}, 416, html, "<html>\n <head>\n  <title>416 Request Range Not Satisfiable</title>\n </head>\n <body>\n  <h1>416 Request Range Not Satisfiable</h1>\n  The Range requested is not available.<br /><br />\nBad [0, 99].\n\n\n </body>\n</html>"},
		{"detail, json", glance.Detailf(glance.RangeNotSatisfiable, "Bad [0, 99]."), "GET", []string{"Accept", "application/json"}, 416, json, `{"message": "The Range requested is not available.<br /><br />\nBad [0, 99].\n\n", "code": "416 Request Range Not Satisfiable", "title": "Request Range Not Satisfiable"}`},
		{"tags vanish in plain text", glance.Errorf(glance.Invalid, "Invalid visibility value: <x>"), "GET", nil, 400, plain, "400 Bad Request\n\nInvalid visibility value: \n\n   "},
		{"breaks and comments in plain text", glance.Errorf(glance.Invalid, "a<BR\n>b<!-- c -->d\r\ne<"), "GET", nil, 400, plain, "400 Bad Request\n\na\nb c d e<\n\n   "},
		{"escaped in html", glance.Errorf(glance.Invalid, `<a&"'é>`), "GET", []string{"Accept", "text/*"}, 400, html, "<html>\n <head>\n  <title>400 Bad Request</title>\n </head>\n <body>\n  <h1>400 Bad Request</h1>\n  &lt;a&amp;&quot;&#x27;&#233;&gt;<br /><br />\n\n\n\n </body>\n</html>"},
		{"quoted in json", glance.Errorf(glance.Invalid, "\"\\\t\x01é😀"), "GET", []string{"Accept", "application/*"}, 400, json, `{"message": "\"\\\t\u0001\u00e9\ud83d\ude00<br /><br />\n\n\n", "code": "400 Bad Request", "title": "Bad Request"}`},
		{"placeholders in texts stay", glance.Errorf(glance.Invalid, "${detail}"), "GET", nil, 400, plain, "400 Bad Request\n\n${detail}\n\n   "},
		{"too large", &glance.Error{Kind: glance.TooLarge}, "PUT", nil, 413, plain, "413 Request Entity Too Large\n\nThe body of your request was too large for this server.\n\n   "},
		{"media type", glance.Detailf(glance.UnsupportedMedia, types), "PATCH", []string{"Content-Type", "application/json"}, 415, plain, "415 Unsupported Media Type\n\nThe request media type application/json is not supported by this server. \n\n " + types},
		{"empty media type", glance.Detailf(glance.UnsupportedMedia, types), "PATCH", []string{"Content-Type", ""}, 415, plain, "415 Unsupported Media Type\n\nThe request media type  is not supported by this server. \n\n " + types},
		{"no media type", glance.Detailf(glance.UnsupportedMedia, types), "PATCH", nil, 415, plain, "415 Unsupported Media Type\n\nThe request media type ${CONTENT_TYPE} is not supported by this server. \n\n " + types},
		{"no media type, json", glance.Detailf(glance.UnsupportedMedia, "d"), "PATCH", []string{"Accept", "application/json"}, 415, json, `{"message": "The request media type ${CONTENT_TYPE} is not supported by this server.\n<br /><br />\nd", "code": "415 Unsupported Media Type", "title": "Unsupported Media Type"}`},
		{"HEAD", missing, "HEAD", nil, 404, html, ""},
		{"HEAD, json", missing, "HEAD", []string{"Accept", "application/json"}, 404, html, ""},
		{"catalog", fmt.Errorf("read headers: %w", auth.ErrCatalog), "GET", nil, 500, plain, "500 Internal Server Error\n\nThe server has either erred or is incapable of performing the requested operation.\n\n Invalid service catalog json.  "},
		{"unknown", errors.New("password=geheim"), "GET", nil, 500, plain, "500 Internal Server Error\n\nThe server has either erred or is incapable of performing the requested operation.\n\n   "},
		{"internal", glance.Errorf(glance.Internal, "password=geheim"), "GET", nil, 500, plain, "500 Internal Server Error\n\nThe server has either erred or is incapable of performing the requested operation.\n\n   "},
		{"bare kind", fmt.Errorf("somewhere: %w", glance.Conflict), "GET", nil, 409, plain, "409 Conflict\n\nThere was a conflict when trying to complete your request.\n\n   "},
		{"precondition", api.PreconditionFailed(""), "GET", nil, 412, plain, "412 Precondition Failed\n\nRequest precondition failed.\n\n   "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(failing(tt.err), tt.method, "/v2/images", tt.headers...)
			if w.Code != tt.status || w.Header().Get("Content-Type") != tt.mediaType || w.Body.String() != tt.body {
				t.Errorf("got  %d %q\n%q\nwant %d %q\n%q", w.Code, w.Header().Get("Content-Type"), w.Body.String(), tt.status, tt.mediaType, tt.body)
			}
			if got := w.Header().Get("Content-Length"); got != fmt.Sprint(len(tt.body)) {
				t.Errorf("Content-Length %s, want %d", got, len(tt.body))
			}
		})
	}
}

// Spec images-v2 §1.4, default texts.
func TestKindDefaults(t *testing.T) {
	tests := map[glance.Kind]string{
		glance.Internal:            "500 Internal Server Error\n\nThe server has either erred or is incapable of performing the requested operation.\n\n   ",
		glance.Invalid:             "400 Bad Request\n\nThe server could not comply with the request since it is either malformed or otherwise incorrect.\n\n   ",
		glance.Unauthenticated:     "401 Unauthorized\n\nThis server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.\n\n   ",
		glance.Forbidden:           "403 Forbidden\n\nAccess was denied to this resource.\n\n   ",
		glance.NotFound:            "404 Not Found\n\nThe resource could not be found.\n\n   ",
		glance.Conflict:            "409 Conflict\n\nThere was a conflict when trying to complete your request.\n\n   ",
		glance.Gone:                "410 Gone\n\nThis resource is no longer available. No forwarding address is given.\n\n   ",
		glance.TooLarge:            "413 Request Entity Too Large\n\nThe body of your request was too large for this server.\n\n   ",
		glance.RangeNotSatisfiable: "416 Request Range Not Satisfiable\n\nThe Range requested is not available.\n\n   ",
		glance.HeaderTooLarge:      "431 Request Header Fields Too Large\n\nThe server is unwilling to process the request because its header fields are too large. The request MAY be resubmitted after reducing the size of the request header fields.\n\n   ",
		glance.Unavailable:         "503 Service Unavailable\n\nThe server is currently unavailable. Please try again at a later time.\n\n   ",
		glance.Unsupported:         "400 Bad Request\n\nThe server could not comply with the request since it is either malformed or otherwise incorrect.\n\n   ",
		glance.BadGateway:          "502 Bad Gateway\n\nBad gateway.\n\n   ",
		glance.GatewayTimeout:      "504 Gateway Timeout\n\nThe gateway has timed out.\n\n   ",
		glance.Kind(99):            "500 Internal Server Error\n\nThe server has either erred or is incapable of performing the requested operation.\n\n   ",
	}
	for kind, want := range tests {
		w := ask(failing(&glance.Error{Kind: kind}), "GET", "/")
		if got := w.Body.String(); got != want || fmt.Sprint(w.Code) != want[:3] {
			t.Errorf("%v: %d %q, want %q", kind, w.Code, got, want)
		}
	}
}

func TestErrorHeaders(t *testing.T) {
	err := api.WithHeader(glance.Detailf(glance.UnsupportedMedia, "d"), "Accept-Patch", "inner")
	err = fmt.Errorf("wrapped: %w", api.WithHeader(err, "Accept-Patch", "outer"))
	h := api.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		for _, name := range []string{"Content-Length", "Content-Range", "ETag", "Content-MD5", "X-Kept"} {
			w.Header().Set(name, "7")
		}
		return err
	})
	w := ask(h, "GET", "/")
	if got := w.Header().Get("Accept-Patch"); got != "outer" {
		t.Errorf("Accept-Patch %q, want outer", got)
	}
	for name, want := range map[string]string{"Content-Range": "", "ETag": "", "Content-MD5": "", "X-Kept": "7", "Content-Length": fmt.Sprint(w.Body.Len())} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// served runs a handler on a real server with a log.
func served(t *testing.T, h http.Handler) (*httptest.Server, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	e := api.Entrance{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	srv := httptest.NewServer(e.Wrap(h))
	t.Cleanup(srv.Close)
	return srv, &log
}

func TestPanicBecomes500(t *testing.T) {
	srv, log := served(t, api.Handle(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("X-Openstack-Request-Id", "req-7")
		panic("kaputt")
	}))
	resp, err := http.Get(srv.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 500 || strings.Contains(string(body), "kaputt") || !resp.Close {
		t.Errorf("status %d, close %v, body %q", resp.StatusCode, resp.Close, body)
	}
	srv.Close()
	for _, want := range []string{"kaputt", "errors_test.go", "request_id=req-7"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %s:\n%s", want, log)
		}
	}
}

func TestFailureAfterTheBodyBegan(t *testing.T) {
	for name, end := range map[string]func() error{
		"error": func() error { return errors.New("disk gone") },
		"panic": func() error { panic("disk gone") },
	} {
		t.Run(name, func(t *testing.T) {
			srv, log := served(t, api.Handle(func(w http.ResponseWriter, _ *http.Request) error {
				_, _ = io.WriteString(w, strings.Repeat("x", 10000))
				return end()
			}))
			resp, err := http.Get(srv.URL)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); err == nil {
				t.Error("the body looks complete")
			}
			srv.Close()
			if !strings.Contains(log.String(), "disk gone") || strings.Count(log.String(), "level=ERROR") != 1 {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

// Whoever goes away is no error of ours.
func TestClientGone(t *testing.T) {
	var log bytes.Buffer
	e := api.Entrance{Log: slog.New(slog.NewTextHandler(&log, nil))}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	h := e.Wrap(failing(fmt.Errorf("query images: %w", ctx.Err())))
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if w.Code != 400 || log.Len() > 0 {
		t.Errorf("status %d, log %q", w.Code, log.String())
	}
}

func TestUnknownErrorIsLoggedOnce(t *testing.T) {
	srv, log := served(t, failing(errors.New("no such table: images")))
	resp, err := http.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	srv.Close()
	if strings.Contains(string(body), "table") || strings.Count(log.String(), "no such table") != 1 {
		t.Errorf("body %q, log %q", body, log)
	}
}
