package registry

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadata"
)

// Door serves the registry protocol.
type Door struct {
	DB  metadata.Store
	Log *slog.Logger // of errors whose text no caller is told

	LimitDefault int      // limit_param_default, 1 or more
	LimitMax     int      // api_limit_max, 1 or more
	Modules      []string // allowed_rpc_exception_modules
	NoREST       bool     // enable_v1_registry is off
	NoRPC        bool     // enable_v2_registry is off
}

// Handler serves what is switched on.
func (d *Door) Handler() http.Handler {
	router := api.NewRouter(d.routes()...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Compat: the registry's clients repeat the text of an error, and never wanted HTML.
		r = r.Clone(r.Context())
		r.Header.Set("Accept", "text/plain")
		router.ServeHTTP(w, r)
	})
}

// routes is the table of everything this door answers. Other methods on these
// paths are 404 but for those of members, which are 405. The root lists images,
// as it did when the registry was young.
func (d *Door) routes() []api.Route {
	const (
		image = "/images/{image_id}"
		one   = image + "/members/{member}"
	)
	var routes []api.Route
	if !d.NoREST {
		routes = []api.Route{
			{Pattern: "/", Handle: d.brief},
			{Method: http.MethodGet, Pattern: "/images", Handle: d.brief, Only: true},
			{Method: http.MethodPost, Pattern: "/images", Handle: d.create, Writes: true},
			{Method: http.MethodGet, Pattern: "/images/detail", Handle: d.detail, Only: true},
			{Method: http.MethodGet, Pattern: image, Handle: d.show, Only: true},
			{Method: http.MethodPut, Pattern: image, Handle: d.update, Writes: true},
			{Method: http.MethodDelete, Pattern: image, Handle: d.delete, Writes: true},
			{Method: http.MethodGet, Pattern: image + "/members", Handle: d.listMembers, Only: true},
			{Method: http.MethodPut, Pattern: image + "/members", Handle: d.replaceMembers},
			{Method: http.MethodPost, Pattern: image + "/members", Handle: notAllowed},
			{Method: http.MethodPut, Pattern: one, Handle: d.setMember, Only: true},
			{Method: http.MethodDelete, Pattern: one, Handle: d.removeMember},
			{Method: http.MethodGet, Pattern: one, Handle: notAllowed},
			{Method: http.MethodPost, Pattern: one, Handle: notAllowed},
			{Pattern: "/shared-images/{member}", Handle: d.sharedImages},
		}
	}
	if !d.NoRPC {
		routes = append(routes, api.Route{Method: http.MethodPost, Pattern: "/rpc", Handle: d.rpc(commands()), Only: true})
	}
	return routes
}

func notAllowed(http.ResponseWriter, *http.Request) error {
	return api.MethodNotAllowed("PUT, DELETE", "")
}

func bad(format string, args ...any) error { return glance.Errorf(glance.Invalid, format, args...) }

func writeJSON(w http.ResponseWriter, doc any) error {
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text) // the client may be gone; there is nobody left to tell
	return nil
}
