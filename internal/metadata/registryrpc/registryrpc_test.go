package registryrpc_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"glance/internal/api"
	"glance/internal/auth/headers"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/memdb"
	"glance/internal/metadata/metadatatest"
	"glance/internal/metadata/registryrpc"
	"glance/internal/registry"
)

// serve is a registry over a database in memory; who says who asks.
func serve(t testing.TB, db metadata.Store, who func(http.Header) glance.Caller) string {
	t.Helper()
	door := registry.Door{
		DB: db, Log: slog.New(slog.DiscardHandler), LimitDefault: 25, LimitMax: 1000, Modules: []string{"glance.common.exception"},
	}
	h := door.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(api.WithCaller(r.Context(), who(r.Header))))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// trusting takes everybody for an administrator, as flavor "" does.
func trusting(http.Header) glance.Caller { return glance.Caller{Roles: []string{"admin"}, Admin: true} }

func open(t testing.TB, opt registryrpc.Options) *registryrpc.DB {
	t.Helper()
	opt.HTTP = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	db := registryrpc.New(opt)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestConformance: client and server prove each other.
func TestConformance(t *testing.T) {
	fresh := func(t *testing.T) metadata.Store {
		return open(t, registryrpc.Options{URL: serve(t, memdb.New(), trusting)})
	}
	metadatatest.Run(t, fresh)
	metadatatest.RunMetadefs(t, metadatatest.Engine{}, fresh)
}

// TestTrusted runs the suite with a registry that believes identity headers,
// as flavor trusted-auth does: they alone say whose eyes to look with.
func TestTrusted(t *testing.T) {
	believes := &headers.Authenticator{IsAdmin: func(c glance.Caller) bool { return c.HasRole("admin") }}
	fresh := func(t *testing.T) metadata.Store {
		url := serve(t, memdb.New(), func(h http.Header) glance.Caller {
			who, err := believes.Authenticate(t.Context(), h)
			if err != nil {
				t.Error(err)
			}
			return who
		})
		return open(t, registryrpc.Options{URL: url, Identity: true})
	}
	metadatatest.Run(t, fresh)
	metadatatest.RunMetadefs(t, metadatatest.Engine{}, fresh)
}
