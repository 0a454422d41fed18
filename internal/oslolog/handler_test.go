package oslolog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"glance/internal/oslolog"
)

var when = time.Date(2011, 2, 4, 17, 12, 28, 678_900_000, time.UTC)

// line logs one record at a fixed time and returns what is written.
func line(t *testing.T, founding bool, o oslolog.Options, level slog.Level, msg string, attrs ...any) string {
	t.Helper()
	var b strings.Builder
	h, err := oslolog.New(&b, founding, o)
	if err != nil {
		t.Fatal(err)
	}
	r := slog.NewRecord(when, level, msg, 0)
	r.Add(attrs...)
	if err := h.Handle(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFoundingLayout(t *testing.T) {
	got := line(t, true, oslolog.Options{Debug: true}, slog.LevelDebug, "Options:")
	if got != "2011-02-04 17:12:28    DEBUG [root] Options:\n" {
		t.Errorf("got %q", got)
	}
	got = line(t, true, oslolog.Options{}, oslolog.LevelCritical, "x", oslolog.Logger, "routes.middleware", oslolog.RequestID, "req-1")
	if got != "2011-02-04 17:12:28 CRITICAL [routes.middleware] x\n" {
		t.Errorf("got %q", got)
	}
}

func TestUsualLayout(t *testing.T) {
	pid := fmt.Sprint(os.Getpid())
	id := oslolog.Identity{User: "u", Project: "p", UserDomain: "ud", ProjectDomain: "pd"}
	for name, tt := range map[string]struct {
		level slog.Level
		attrs []any
		want  string
	}{
		"plain":    {slog.LevelInfo, nil, "INFO glance [-] m"},
		"logger":   {slog.LevelWarn, []any{oslolog.Logger, "glance.api"}, "WARNING glance.api [-] m"},
		"request":  {slog.LevelError, []any{oslolog.RequestID, "req-1"}, "ERROR glance [None req-1 -] m"},
		"identity": {slog.LevelInfo, []any{oslolog.RequestID, "req-1", oslolog.UserIdentity, id}, "INFO glance [None req-1 u p - - ud pd] m"},
		"global": {
			slog.LevelInfo,
			[]any{oslolog.RequestID, "req-1", oslolog.GlobalRequestID, "req-0", oslolog.UserIdentity, "x y"},
			"INFO glance [req-0 req-1 x y] m",
		},
		"fields": {
			slog.LevelInfo,
			[]any{oslolog.ImageID, "i", "n", 3, "e", errors.New("two words"), "empty", "", slog.Group("g", "a", true, "t", when)},
			`INFO glance [-] m image_id=i n=3 e="two words" empty="" g.a=true g.t=2011-02-04T17:12:28.6789Z`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := line(t, false, oslolog.Options{}, tt.level, "m", tt.attrs...)
			if want := "2011-02-04 17:12:28.678 " + pid + " " + tt.want + "\n"; got != want {
				t.Errorf("got  %swant %s", got, want)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	for format, want := range map[string]string{
		"%(levelname)-8s|%(message)s":          "INFO    |m",
		"%(levelname)8s|%(levelno)d":           "    INFO|20",
		"%(msecs)03d %(msecs)d %(msecs).1f %%": "678 678 678.0 %",
		"%(nothing)s%(user)s.":                 ".",
		"%(created)f":                          "1296839548.678900",
		"%(name)s %(processName)s":             "glance MainProcess",
	} {
		got := line(t, false, oslolog.Options{DefaultFormat: format}, slog.LevelInfo, "m")
		if got != want+"\n" {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
	for _, format := range []string{"%s", "%(a", "100%", "%(a)q"} {
		if _, err := oslolog.New(nil, false, oslolog.Options{DefaultFormat: format}); err == nil {
			t.Errorf("%s is taken", format)
		}
	}
}

func TestDateFormats(t *testing.T) {
	for format, want := range map[string]string{
		"%d/%b/%Y:%H:%M:%S %z": "04/Feb/2011:17:12:28 +0000",
		"%FT%T.%f%%":           "2011-02-04T17:12:28.678900%",
		"%j %s %a %A %B %y %I": "035 1296839548 Fri Friday February 11 05",
	} {
		got := line(t, false, oslolog.Options{DefaultFormat: "%(asctime)s", DateFormat: format}, slog.LevelInfo, "m")
		if got != want+"\n" {
			t.Errorf("%s: got %q", format, got)
		}
	}
	for _, format := range []string{"%", "%Q"} {
		if _, err := oslolog.New(nil, false, oslolog.Options{DateFormat: format}); err == nil {
			t.Errorf("%s is taken", format)
		}
	}
}

func TestOneLineWhateverIsLogged(t *testing.T) {
	evil := "a\nb\r\tc\x1b[31m\u2028\u0085\xff\ufffdä"
	got := line(t, false, oslolog.Options{}, slog.LevelInfo, evil,
		oslolog.Logger, evil, oslolog.RequestID, evil, oslolog.UserIdentity, evil, "k"+evil, evil)
	const clean = `a\nb\r\tc\x1b[31m\u2028\x85\xff` + "\ufffdä"
	if strings.Count(got, clean) != 6 || strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
	got = line(t, false, oslolog.Options{}, slog.LevelInfo, "m", "k", evil+" \"")
	if strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\x1b\u2028\u0085") {
		t.Errorf("got %q", got)
	}
}

func TestLevels(t *testing.T) {
	for name, tt := range map[string]struct {
		founding bool
		o        oslolog.Options
		want     slog.Level
	}{
		"usual":            {false, oslolog.Options{}, slog.LevelInfo},
		"debug":            {false, oslolog.Options{Debug: true}, slog.LevelDebug},
		"founding":         {true, oslolog.Options{}, slog.LevelWarn},
		"founding verbose": {true, oslolog.Options{Verbose: true}, slog.LevelInfo},
		"founding debug":   {true, oslolog.Options{Debug: true}, slog.LevelDebug},
	} {
		h, err := oslolog.New(nil, tt.founding, tt.o)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		if !h.Enabled(ctx, tt.want) || h.Enabled(ctx, tt.want-1) {
			t.Errorf("%s: the level is not %s", name, tt.want)
		}
		child := h.WithAttrs([]slog.Attr{slog.Int("a", 1)})
		h.SetLevel(slog.LevelError)
		if child.Enabled(ctx, slog.LevelWarn) || !child.Enabled(ctx, slog.LevelError) {
			t.Errorf("%s: SetLevel does not reach other handlers of the family", name)
		}
	}
}

func TestWith(t *testing.T) {
	var b strings.Builder
	h, err := oslolog.New(&b, true, oslolog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(h).With(oslolog.Logger, "a", "x", 1)
	log.WithGroup("g").With("y", 2).Error("m", "z", 3)
	log.With("other", 4).Error("n")
	log.Error("o")
	for i, want := range []string{"[a] m x=1 g.y=2 g.z=3", "[a] n x=1 other=4", "[a] o x=1"} {
		if got := strings.Split(b.String(), "\n")[i]; !strings.HasSuffix(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	got := line(t, false, oslolog.Options{UseJSON: true}, slog.LevelWarn, "m\n",
		oslolog.RequestID, "req-1", oslolog.UserIdentity, oslolog.Identity{User: "u"}, "n", 1)
	var out struct {
		Message   string            `json:"message"`
		Asctime   string            `json:"asctime"`
		LevelName string            `json:"levelname"`
		Context   map[string]string `json:"context"`
		Extra     map[string]string `json:"extra"`
	}
	if err := json.Unmarshal([]byte(got), &out); err != nil || strings.Count(got, "\n") != 1 {
		t.Fatalf("%v: %q", err, got)
	}
	if out.Message != "m\n" || out.LevelName != "WARNING" || out.Asctime != "2011-02-04 17:12:28" ||
		out.Context["request_id"] != "req-1" || out.Context["user_identity"] != "u - - - - -" || out.Extra["n"] != "1" {
		t.Errorf("got %+v", out)
	}
}

// slogtest checks the rules of slog handlers on records read back.
func TestSlogRules(t *testing.T) {
	var b strings.Builder
	h, err := oslolog.New(&b, false, oslolog.Options{UseJSON: true, Debug: true})
	if err != nil {
		t.Fatal(err)
	}
	err = slogtest.TestHandler(h, func() []map[string]any {
		var list []map[string]any
		for text := range strings.Lines(b.String()) {
			var out struct {
				Message string            `json:"message"`
				Level   string            `json:"levelname"`
				Created float64           `json:"created"`
				Extra   map[string]string `json:"extra"`
			}
			if err := json.Unmarshal([]byte(text), &out); err != nil {
				t.Fatal(err)
			}
			m := map[string]any{slog.MessageKey: out.Message, slog.LevelKey: out.Level}
			if out.Created > 0 {
				m[slog.TimeKey] = out.Created
			}
			for key, value := range out.Extra {
				put(m, strings.Split(key, "."), value)
			}
			list = append(list, m)
		}
		return list
	})
	if err != nil {
		t.Error(err)
	}
}

func put(m map[string]any, path []string, value string) {
	for _, group := range path[:len(path)-1] {
		inner, ok := m[group].(map[string]any)
		if !ok {
			inner = map[string]any{}
			m[group] = inner
		}
		m = inner
	}
	m[path[len(path)-1]] = value
}

// oneWrite fails when a record comes in pieces or two come at once.
type oneWrite struct {
	t    *testing.T
	busy sync.Mutex
	n    int
}

func (w *oneWrite) Write(p []byte) (int, error) {
	if !w.busy.TryLock() {
		w.t.Error("two writes at once")
		return len(p), nil
	}
	defer w.busy.Unlock()
	w.n++
	if p[len(p)-1] != '\n' || strings.Count(string(p), "\n") != 1 || !strings.HasSuffix(string(p), "end\n") {
		w.t.Errorf("not one whole line: %q", p)
	}
	return len(p), nil
}

func TestConcurrent(t *testing.T) {
	w := &oneWrite{t: t}
	h, err := oslolog.New(w, false, oslolog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(h)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			mine := log.With("i", i)
			for range 100 {
				mine.Info(strings.Repeat("x", i*100), "k", "end")
				h.SetLevel(slog.LevelInfo)
			}
		})
	}
	wg.Wait()
	if w.n != 800 {
		t.Errorf("%d writes", w.n)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("m", "k", "v", "%(message)s")
	f.Add("a\nb", "\r", "\u2028", "%(asctime)s %(levelname)8s [%(name)s] %(message)s")
	f.Fuzz(func(t *testing.T, msg, key, value, format string) {
		var b strings.Builder
		h, err := oslolog.New(&b, false, oslolog.Options{DefaultFormat: format})
		if err != nil {
			return
		}
		slog.New(h).Info(msg, key, value)
		if strings.Count(strings.TrimSuffix(b.String(), "\n"), "\n") != strings.Count(format, "\n") {
			t.Errorf("more than one line: %q", b.String())
		}
	})
}
