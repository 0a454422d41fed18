package registry_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
	"glance/internal/registry"
)

var people = map[string]glance.Caller{
	"alice": {UserID: "u-alice", ProjectID: "p-alpha", Roles: []string{"member"}},
	"bob":   {UserID: "u-bob", ProjectID: "p-beta", Roles: []string{"member"}},
	"carol": {UserID: "u-carol", ProjectID: "p-gamma", Roles: []string{"member"}},
	"boss":  {UserID: "u-boss", ProjectID: "p-admin", Roles: []string{"admin"}, Admin: true},
	"anon":  {ReadOnly: true},
}

const (
	img1    = "11111111-1111-4111-8111-111111111111"
	img2    = "22222222-2222-4222-8222-222222222222"
	unknown = "00000000-dead-4bad-8bad-000000000000"
)

// rig is a registry over a database in memory.
type rig struct {
	db      metadata.Store
	handler http.Handler
}

func newRig(t testing.TB, change ...func(*registry.Door)) *rig {
	t.Helper()
	r := &rig{db: memdb.New()}
	door := &registry.Door{
		DB: r.db, Log: slog.New(slog.DiscardHandler), LimitDefault: 25, LimitMax: 30, Modules: []string{"glance.common.exception"},
	}
	for _, f := range change {
		f(door)
	}
	h := door.Handler()
	r.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h.ServeHTTP(w, req.WithContext(api.WithCaller(req.Context(), people[req.Header.Get("X-Who")])))
	})
	return r
}

// image is a queued one of p-alpha, made at a known time.
func image(change ...func(*glance.Image)) *glance.Image {
	img := &glance.Image{
		ID: img1, Owner: "p-alpha", Visibility: glance.VisibilityShared, Status: glance.StatusQueued,
		CreatedAt: time.Date(2020, 1, 2, 3, 4, 5, 6000, time.UTC), UpdatedAt: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	for _, f := range change {
		f(img)
	}
	return img
}

func public(img *glance.Image) { img.Visibility = glance.VisibilityPublic }

func (r *rig) add(t testing.TB, img *glance.Image) {
	t.Helper()
	if err := r.db.CreateImage(t.Context(), img); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) get(t testing.TB, id string) *glance.Image {
	t.Helper()
	img, err := r.db.Image(t.Context(), metadata.Scope{Admin: true, Deleted: true}, id)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func (r *rig) member(t testing.TB, project string, canShare bool) {
	t.Helper()
	m := glance.Member{ImageID: img1, Member: project, CanShare: canShare}
	if _, err := r.db.AddMember(t.Context(), m, func(int) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// text is the explanation of an error in plain text.
func (a answer) text() string {
	_, rest, _ := strings.Cut(a.body, "\n\n")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

func (a answer) wants(t testing.TB, status int, text string) {
	t.Helper()
	if a.status != status || status >= 400 && a.text() != text {
		t.Errorf("answer %d %q, want %d %q", a.status, a.body, status, text)
	}
}

func (r *rig) send(t testing.TB, who, method, path, body string, header ...string) answer {
	t.Helper()
	var from io.Reader
	if body != "" {
		from = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, path, from)
	req.Header.Set("X-Who", who)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	return answer{rec.Code, rec.Header(), rec.Body.String()}
}
