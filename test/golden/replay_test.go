package golden_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"glance/test/golden"
)

// reply is an answer of the fake server.
type reply struct {
	status int
	header map[string]string
	body   string
}

// fake is a server with nothing to clean up, which gives one reply after the other and the last one for ever.
func fake(t *testing.T, replies ...reply) (golden.Target, *[]string) {
	t.Helper()
	var seen []string
	return fakeFunc(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen = append(seen, fmt.Sprintf("%s %s %s %v %d|%s", r.Method, r.RequestURI, r.Host, r.TransferEncoding, r.ContentLength, body))
		now := replies[min(len(seen), len(replies))-1]
		if now.status == 0 {
			panic(http.ErrAbortHandler)
		}
		for name, value := range now.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(now.status)
		_, _ = io.WriteString(w, now.body)
	}), &seen
}

// fakeFunc answers the requests of the clean-up and hands the others on.
func fakeFunc(t *testing.T, handle http.HandlerFunc) golden.Target {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("X-User-Id") != "u-admin":
			handle(w, r)
		case r.Method == "GET":
			_, _ = io.WriteString(w, `{"images": [], "namespaces": []}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	return golden.Target{
		Addr: strings.TrimPrefix(s.URL, "http://"), Workdir: "/w", Web: "http://127.0.0.1:1", Patience: 5 * time.Second,
	}
}

// scenario makes one of steps in JSON.
func scenario(t *testing.T, name string, steps ...string) *golden.Scenario {
	t.Helper()
	sc := &golden.Scenario{Name: name}
	if err := json.Unmarshal([]byte("["+strings.Join(steps, ",")+"]"), &sc.Steps); err != nil {
		t.Fatal(err)
	}
	return sc
}

const getImage = `{"request": {"method": "GET", "path": "/v2/images/x", "headers": {}}, "response": `

var plain = map[string]string{"Content-Type": "application/json"}

func TestReplayCompares(t *testing.T) {
	const plainHead = `"headers": {"Content-Type": "application/json"}`
	text := map[string]string{"Content-Type": "text/plain; charset=UTF-8"}
	const textHead = `"headers": {"Content-Type": "text/plain; charset=UTF-8", "Content-Length": "4"}`
	tests := []struct {
		name, response string
		reply          reply
		want           string // part of the error; empty: passes
	}{
		{"same", `{"status": 200, ` + plainHead + `, "body": {"a": [1, null, "{any}"]}}`, reply{200, plain, `{"a":[1,null,"x"]}`}, ""},
		{"status", `{"status": 200, ` + plainHead + `, "body": {}}`, reply{201, plain, `{}`}, "status"},
		{"value", `{"status": 200, ` + plainHead + `, "body": {"a": {"b": [1]}}}`, reply{200, plain, `{"a":{"b":[2]}}`}, "body a.b.0"},
		{"text for a number", `{"status": 200, ` + plainHead + `, "body": {"a": 1}}`, reply{200, plain, `{"a":"1"}`}, "body a"},
		{"float for an integer", `{"status": 200, ` + plainHead + `, "body": {"a": 1}}`, reply{200, plain, `{"a":1.0}`}, "body a"},
		{"same float", `{"status": 200, ` + plainHead + `, "body": {"a": 100.0}}`, reply{200, plain, `{"a":1e2}`}, ""},
		{"large integer", `{"status": 200, ` + plainHead + `, "body": {"a": 9223372036854775807}}`, reply{200, plain, `{"a":9223372036854775806}`}, "body a"},
		{"number placeholder", `{"status": 200, ` + plainHead + `, "body": {"a": "{number}"}}`, reply{200, plain, `{"a":1.5}`}, ""},
		{"null for false", `{"status": 200, ` + plainHead + `, "body": {"a": false}}`, reply{200, plain, `{"a":null}`}, "body a"},
		{"key missing", `{"status": 200, ` + plainHead + `, "body": {"a": null}}`, reply{200, plain, `{}`}, "body a"},
		{"key too many", `{"status": 200, ` + plainHead + `, "body": {}}`, reply{200, plain, `{"a":null}`}, "body a"},
		{"list too long", `{"status": 200, ` + plainHead + `, "body": [1]}`, reply{200, plain, `[1,2]`}, "2 items"},
		{"list in other order", `{"status": 200, ` + plainHead + `, "body": {"x": ["a", "b"]}}`, reply{200, plain, `{"x":["b","a"]}`}, "body x.0"},
		{"tags in other order", `{"status": 200, ` + plainHead + `, "body": {"i": [{"tags": ["a", "b"]}]}}`, reply{200, plain, `{"i":[{"tags":["b","a"]}]}`}, ""},
		{"other tags", `{"status": 200, ` + plainHead + `, "body": {"tags": ["a", "b"]}}`, reply{200, plain, `{"tags":["b","c"]}`}, "body tags.0"},
		{"tags that are objects", `{"status": 200, ` + plainHead + `, "body": {"tags": [{"n": "a"}, {"n": "b"}]}}`, reply{200, plain, `{"tags":[{"n":"b"},{"n":"a"}]}`}, "body tags.0.n"},
		{"no JSON", `{"status": 200, ` + plainHead + `, "body": {}}`, reply{200, plain, `{}}`}, "body"},

		{"text", `{"status": 400, ` + textHead + `, "raw": "Oh!\n"}`, reply{400, text, "Oh!\n"}, ""},
		{"text without its last line end", `{"status": 400, "headers": {"Content-Type": "text/plain; charset=UTF-8"}, "raw": "Oh!\n"}`, reply{400, text, "Oh!"}, "text"},
		{"JSON error, spelled otherwise", `{"status": 400, ` + plainHead + `, "raw": "{\"a\": 1, \"b\": 2}"}`, reply{400, plain, `{"b":2,"a":1}`}, ""},
		{"pretty JSON is text", `{"status": 200, ` + plainHead + `, "raw": "{\n \"a\": 1}"}`, reply{200, plain, `{"a": 1}`}, "text"},
		{"data", `{"status": 200, "headers": {"Content-Type": "application/json"}, "binary": {"length": 1, "sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"}}`, reply{200, plain, "a"}, ""},
		{"other data", `{"status": 200, ` + plainHead + `, "binary": {"length": 1, "sha256": "00"}}`, reply{200, plain, "a"}, "data"},
		{"less data", `{"status": 200, ` + plainHead + `, "binary": {"length": 2, "sha256": "00"}}`, reply{200, plain, "a"}, "1 bytes"},
		{"empty", `{"status": 200, "headers": {"Content-Type": "text/html", "Content-Length": "0"}}`, reply{200, plain, ""}, ""},
		{"not empty", `{"status": 200, ` + plainHead + `}`, reply{200, plain, "x"}, "body"},

		{"header missing", `{"status": 200, "headers": {"Content-Type": "application/json", "X-A": "1"}, "body": {}}`, reply{200, plain, `{}`}, "header X-A"},
		{"header differs", `{"status": 200, "headers": {"content-type": "text/plain"}, "body": {}}`, reply{200, plain, `{}`}, "header Content-Type"},
		{"header too many", `{"status": 200, ` + plainHead + `, "body": {}}`, reply{200, map[string]string{"Content-Type": "application/json", "X-B": "1"}, `{}`}, "header X-B"},
		{"headers that we may add", `{"status": 200, ` + plainHead + `, "body": {}}`, reply{200, map[string]string{"Content-Type": "application/json", "ETag": "1", "Accept-Ranges": "bytes", "Last-Modified": "x"}, `{}`}, ""},
		{"length", `{"status": 400, "headers": {"Content-Type": "text/plain; charset=UTF-8", "Content-Length": "3"}, "raw": "{any}"}`, reply{400, text, "Oh!\n"}, "header Content-Length"},

		{"dies as recorded", `{"status": 500, "headers": {}}`, reply{}, ""},
		{"dies", `{"status": 500, "headers": {"X-A": "1"}}`, reply{}, "closed without an answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target, _ := fake(t, tt.reply)
			expect(t, target.Replay(t.Context(), scenario(t, "x", getImage+tt.response+"}")), tt.want)
		})
	}
}

func expect(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil {
		t.Errorf("fails: %v", err)
	}
	if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("error %v, want one with %q", err, want)
	}
}

// TestReplaySends: what goes over the wire, and how ids and captured texts travel from answers into requests.
func TestReplaySends(t *testing.T) {
	steps := []string{
		`{"request": {"method": "POST", "path": "/v2/images", "headers": {"Host": "elsewhere:81"}, "body": {"name":  "ä\u00e4"}},
		  "response": {"status": 201, "headers": {"Content-Type": "application/json"}, "body": {"id": "{uuid:1}", "at": "{time}"}},
		  "capture": {"t": "at"}}`,
		`{"request": {"method": "PUT", "path": "/v2/a%2Fb/{uuid:1}?x=%FF&y={var:t}", "headers": {"Transfer-Encoding": "chunked"}, "body_generator": {"zero": 65537}},
		  "response": {"status": 201, "headers": {"Content-Type": "application/json"}, "body": {"id": "{uuid:1}", "at": "{any}"}}}`,
		`{"request": {"method": "POST", "path": "//x/../y", "headers": {}},
		  "response": {"status": 201, "headers": {"Content-Type": "application/json"}, "body": {"id": "{uuid:1}", "at": "{any}"}}}`,
		`{"request": {"method": "GET", "path": "/v2/images/{uuid:9}", "headers": {}}, "response": {"status": 200, "headers": {}}}`,
	}
	target, seen := fake(t, reply{201, plain, `{"id": "` + id1 + `", "at": "2026-01-02T03:04:05Z"}`})
	err := target.Replay(t.Context(), scenario(t, "x", steps...))
	expect(t, err, "step 3 GET /v2/images/{uuid:9}: no answer has shown {uuid:9} yet")
	want := []string{
		`POST /v2/images elsewhere:81 [] 21|{"name":  "ä\u00e4"}`,
		"PUT /v2/a%2Fb/" + id1 + "?x=%FF&y=2026-01-02T03:04:05Z " + target.Addr + " [chunked] -1|" + strings.Repeat("\x00", 65537),
		"POST //x/../y " + target.Addr + " [] 0|",
	}
	if len(*seen) != len(want) {
		t.Fatalf("%d requests arrived: %.300q", len(*seen), *seen)
	}
	for i := range want {
		if (*seen)[i] != want[i] {
			t.Errorf("request %d arrives as\n%.200q, want\n%.200q", i, (*seen)[i], want[i])
		}
	}
}

func TestReplayAddsNoHeaders(t *testing.T) {
	var got http.Header
	target := fakeFunc(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.WriteHeader(http.StatusNoContent)
	})
	expect(t, target.Replay(t.Context(), scenario(t, "x", getImage+`{"status": 204, "headers": {}}}`)), "")
	if len(got) != 0 {
		t.Errorf("headers that no scenario names: %v", got)
	}
}

func TestReplayUntil(t *testing.T) {
	step := func(accepted string) string {
		return getImage + `{"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"s": [{"v": "b"}]}},
			"until": {"body": {"s.0.v": ` + accepted + `, "task": [null]}}}`
	}
	early := reply{404, plain, `{}`}
	busy := reply{200, plain, `{"s": [{"v": "b"}], "task": "running"}`}
	done := reply{200, plain, `{"s": [{"v": "b"}]}`}
	other := reply{200, plain, `{"s": [{"v": "c"}]}`}
	tests := []struct {
		name, accepted string
		replies        []reply
		patience       time.Duration
		requests       int // 0: any number
		want           string
	}{
		{"at once", `["b"]`, []reply{done}, time.Minute, 1, ""},
		{"later", `["b"]`, []reply{early, busy, done}, time.Minute, 3, ""},
		{"another accepted value", `["b", "c"]`, []reply{busy, other}, time.Minute, 2, ""},
		{"never", `["b"]`, []reply{other}, time.Millisecond, 0, "not there after 1ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			target, seen := fake(t, tt.replies...)
			target.Patience = tt.patience
			expect(t, target.Replay(t.Context(), scenario(t, "x", step(tt.accepted))), tt.want)
			if tt.requests != 0 && len(*seen) != tt.requests {
				t.Errorf("%d requests, want %d", len(*seen), tt.requests)
			}
		})
	}
}

func TestReplayQuirks(t *testing.T) {
	const recorded = `{"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"checksum": "c", "os_hash_algo": "sha512", "os_hash_value": "h", "name": "n"}}`
	quirky := getImage + recorded + `, "quirk": "still there"}`
	quiet := getImage + recorded + `}`
	kept := reply{200, plain, `{"checksum": "c", "os_hash_algo": "sha512", "os_hash_value": "h", "name": "n"}`}
	forgotten := reply{200, plain, `{"checksum": null, "os_hash_algo": null, "os_hash_value": null, "name": "n"}`}
	// quirks.go says that steps 2 and 8 of formats-11 are quirks of this kind.
	steps := []string{quiet, quiet, quirky}
	target, _ := fake(t, kept, kept, forgotten)
	expect(t, target.Replay(t.Context(), scenario(t, "formats-11", steps...)), "")
	target, _ = fake(t, kept)
	expect(t, target.Replay(t.Context(), scenario(t, "formats-11", steps...)), "step 2 GET /v2/images/x: body checksum")
	target, _ = fake(t, kept)
	expect(t, target.Replay(t.Context(), scenario(t, "unheard-of", quirky)), "does not say what is expected")

	died := getImage + `{"status": 500, "headers": {}}, "quirk": "416 is meant"}`
	dying := []string{quiet, quiet, quiet, quiet, quiet, quiet, quiet, quiet, quiet, died}
	replies := []reply{kept, kept, kept, kept, kept, kept, kept, kept, kept}
	target, _ = fake(t, append(replies, reply{416, plain, "any text"})...)
	expect(t, target.Replay(t.Context(), scenario(t, "download-range-1", dying...)), "")
	target, _ = fake(t, append(replies, reply{})...)
	expect(t, target.Replay(t.Context(), scenario(t, "download-range-1", dying...)), "step 9")
}

// TestReplayCleans: a protected image that is busy at first, and a protected namespace, are gone before step 0.
func TestReplayCleans(t *testing.T) {
	var image, namespace, protected, guarded atomic.Bool
	image.Store(true)
	namespace.Store(true)
	protected.Store(true)
	guarded.Store(true)
	var refusals, cache atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/images", func(w http.ResponseWriter, r *http.Request) {
		if !image.Load() || r.FormValue("os_hidden") != "true" {
			_, _ = io.WriteString(w, `{"images": []}`)
			return
		}
		fmt.Fprintf(w, `{"images": [{"id": "i", "protected": %v}]}`, protected.Load())
	})
	mux.HandleFunc("PATCH /v2/images/i", func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil && strings.Contains(string(body), `"/protected"`) {
			protected.Store(false)
		}
	})
	mux.HandleFunc("DELETE /v2/images/i", func(w http.ResponseWriter, _ *http.Request) {
		if protected.Load() || refusals.Add(1) == 1 {
			w.WriteHeader(http.StatusConflict)
			return
		}
		image.Store(false)
	})
	mux.HandleFunc("GET /v2/metadefs/namespaces", func(w http.ResponseWriter, _ *http.Request) {
		if !namespace.Load() {
			_, _ = io.WriteString(w, `{"namespaces": []}`)
			return
		}
		fmt.Fprintf(w, `{"namespaces": [{"namespace": "a b", "protected": %v}]}`, guarded.Load())
	})
	mux.HandleFunc("PUT /v2/metadefs/namespaces/{ns}", func(http.ResponseWriter, *http.Request) { guarded.Store(false) })
	mux.HandleFunc("DELETE /v2/metadefs/namespaces/{ns}", func(_ http.ResponseWriter, r *http.Request) {
		if r.PathValue("ns") == "a b" && !guarded.Load() {
			namespace.Store(false)
		}
	})
	mux.HandleFunc("DELETE /v2/cache", func(http.ResponseWriter, *http.Request) { cache.Add(1) })
	mux.HandleFunc("GET /v2/images/x", func(w http.ResponseWriter, _ *http.Request) {
		if image.Load() || namespace.Load() {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	target := golden.Target{Addr: strings.TrimPrefix(s.URL, "http://")}
	expect(t, target.Replay(t.Context(), scenario(t, "x", getImage+`{"status": 204, "headers": {}}}`)), "")
	if cache.Load() == 0 {
		t.Error("the cache was not emptied")
	}
}

func TestReplayStops(t *testing.T) {
	target, _ := fake(t, reply{200, plain, `{}`})
	target.Patience = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := target.Replay(ctx, scenario(t, "x", getImage+`{"status": 200, "headers": {}}, "until": {"body": {"a": [1]}}}`))
	expect(t, err, "deadline exceeded")
}
