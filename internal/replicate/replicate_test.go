package replicate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"glance/internal/glance"
	"glance/internal/replicate"
)

// What two real servers do with each other is tested in test/e2e; here are the
// answers that they do not give.

type images = []map[string]any

// fake answers lists with these images in pages of two, and asks answer about
// everything else.
type fake struct {
	*httptest.Server
	mu     sync.Mutex
	images images
	asked  []string
}

func newFake(t *testing.T, list images, answer http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{images: list}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = append(f.asked, r.Method+" "+r.URL.Path)
		if r.URL.Path == "/v2/images" && r.Method == http.MethodGet {
			f.list(w, r)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	query, page := r.URL.Query(), images{}
	if query.Get("os_hidden") == "false" {
		from := 0
		if marker := query.Get("marker"); marker != "" {
			from = 1 + slices.IndexFunc(f.images, func(i map[string]any) bool { return i["id"] == marker })
			if from == 0 {
				http.NotFound(w, r)
				return
			}
		}
		page = f.images[from:min(from+2, len(f.images))]
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"images": page}) // the client tells
}

func (f *fake) server() *replicate.Server { return replicate.NewServer(f.URL, "", 512) }

func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

func quiet() *replicate.Replicator {
	return &replicate.Replicator{Log: slog.New(slog.DiscardHandler), Chunk: 512}
}

func nothing(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }

// TestListWhileImagesGo: a list goes on where its marker was deleted meanwhile.
func TestListWhileImagesGo(t *testing.T) {
	var list images
	for n := range 5 {
		list = append(list, map[string]any{"id": id(n), "status": "active", "size": n})
	}
	target := newFake(t, nil, nothing)
	var source *fake
	source = newFake(t, list, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v2/images/"+id(1)) { // it goes when its data is asked for
			source.images = slices.DeleteFunc(slices.Clone(source.images), func(i map[string]any) bool { return i["id"] == id(1) })
		}
		http.NotFound(w, r)
	})
	err := quiet().LiveCopy(t.Context(), source.server(), target.server())
	if err == nil || err.Error() != "5 images failed, the log says why" {
		t.Errorf("%v; asked %q", err, target.asked)
	}
}

// TestStops: what concerns the whole server ends a command, what concerns one
// image does not.
func TestStops(t *testing.T) {
	list := images{{"id": id(1), "status": "active", "size": 1}, {"id": id(2), "status": "active", "size": 1}}
	for status, want := range map[int]struct {
		kind  glance.Kind
		calls int
	}{
		http.StatusUnauthorized:        {glance.Unauthenticated, 1},
		http.StatusForbidden:           {glance.Internal, 2},
		http.StatusInternalServerError: {glance.Internal, 2},
	} {
		source := newFake(t, list, nothing)
		target := newFake(t, nil, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		err := quiet().Compare(t.Context(), source.server(), target.server())
		if glance.KindOf(err) != want.kind || len(target.asked) != want.calls {
			t.Errorf("%d: %v, asked %q", status, err, target.asked)
		}
	}
	source, gone := newFake(t, list, nothing), newFake(t, nil, nothing)
	gone.Close()
	if err := quiet().Compare(t.Context(), source.server(), gone.server()); !errors.Is(err, glance.Unavailable) {
		t.Errorf("a target that is not there: %v", err)
	}
}

// TestNoImagesAPI: something else answers.
func TestNoImagesAPI(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }))
	t.Cleanup(s.Close)
	_, err := quiet().Size(t.Context(), replicate.NewServer(s.URL, "", 512))
	if !errors.Is(err, glance.Unavailable) || !strings.Contains(err.Error(), "not that of an Images API v2") {
		t.Error(err)
	}
}

// TestUnknownSize: a source that does not know how large an image is. Whatever
// hash it names is held to.
func TestUnknownSize(t *testing.T) {
	const text, md5 = "data", "8d777f385d3dfec8815d20f7496026dc"
	for checksum, fails := range map[any]bool{md5: false, strings.Repeat("0", 32): true, nil: false} {
		source := newFake(t, images{{"id": id(1), "status": "active", "size": nil, "checksum": checksum}},
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
		dir := t.TempDir()
		err := quiet().Dump(t.Context(), source.server(), dir)
		got, _ := os.ReadFile(filepath.Join(dir, id(1)+".img")) // or nothing
		if (err != nil) != fails || (string(got) == text) == fails {
			t.Errorf("dump with %v: %v, %q", checksum, err, got)
		}
		var received string
		var broken error
		target := newFake(t, nil, func(w http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodPost:
				w.WriteHeader(http.StatusCreated)
			case http.MethodPut:
				body, err := io.ReadAll(r.Body)
				received, broken = string(body), err
				w.WriteHeader(http.StatusNoContent)
			default:
				if received == "" {
					http.NotFound(w, r)
					return
				}
				_ = json.NewEncoder(w).Encode(map[string]any{"id": id(1), "status": "active", "size": len(text)})
			}
		})
		err = quiet().LiveCopy(t.Context(), source.server(), target.server())
		target.mu.Lock()
		if (err != nil) != fails || (broken != nil) != fails || !fails && received != text {
			t.Errorf("livecopy with %v: %v; the target received %q, %v", checksum, err, received, broken)
		}
		target.mu.Unlock()
	}
}

// TestTargetReceivedOtherData: the target says so itself.
func TestTargetReceivedOtherData(t *testing.T) {
	source := newFake(t, images{{"id": id(1), "status": "active", "size": 4}},
		func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "data") })
	uploaded := false
	target := newFake(t, nil, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusCreated)
		case r.Method == http.MethodPut:
			uploaded = true
			w.WriteHeader(http.StatusNoContent)
		case uploaded:
			_ = json.NewEncoder(w).Encode(map[string]any{"id": id(1), "status": "active", "size": 3})
		default:
			http.NotFound(w, r)
		}
	})
	if err := quiet().LiveCopy(t.Context(), source.server(), target.server()); err == nil {
		t.Error("no error")
	}
}

// TestDumpIsAlone: two dumps do not write the same directory.
func TestDumpIsAlone(t *testing.T) {
	dir := t.TempDir()
	var second error
	source := newFake(t, images{{"id": id(1), "status": "active", "size": 4}}, func(w http.ResponseWriter, _ *http.Request) {
		second = quiet().Dump(t.Context(), replicate.NewServer("http://127.0.0.1:1", "", 512), dir)
		_, _ = io.WriteString(w, "data")
	})
	if err := quiet().Dump(t.Context(), source.server(), dir); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(second, glance.Conflict) {
		t.Errorf("the second one: %v", second)
	}
}

// TestForeignFiles: a directory that holds more than a dump, or a broken one.
func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"README": "no image", id(1): "no JSON", id(2): `{"id": "` + id(3) + `"}`, id(4): `{"id": "` + id(4) + `"}`, id(5) + ".img.partial": "x",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	target := newFake(t, nil, nothing)
	err := quiet().Load(t.Context(), target.server(), dir)
	if err == nil || err.Error() != "2 images failed, the log says why" || !slices.Equal(target.asked, []string{"GET /v2/images/" + id(4)}) {
		t.Errorf("%v, asked %q", err, target.asked)
	}
	if err := quiet().Load(t.Context(), target.server(), filepath.Join(dir, "nothing")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
