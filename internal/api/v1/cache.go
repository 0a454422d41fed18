package v1

import (
	"encoding/json"
	"net/http"

	"glance/internal/api"
)

// cacheRoutes are the calls that manage the image cache (spec images-v1 §1).
func (d *Door) cacheRoutes() []api.Route {
	const cached, queued = "/cached_images", "/queued_images"
	var routes []api.Route
	add := func(method, pattern string, handle func(http.ResponseWriter, *http.Request) error) {
		routes = append(routes, api.Route{Method: method, Pattern: pattern, Handle: api.ManagesCache(handle), Only: true})
	}
	add(http.MethodGet, cached, d.cached)
	add(http.MethodDelete, cached, d.deleteAllCached)
	add(http.MethodDelete, cached+"/{image_id}", d.deleteCached)
	add(http.MethodGet, queued, d.queued)
	add(http.MethodDelete, queued, d.unqueueAll)
	add(http.MethodPut, queued+"/{image_id}", d.queue)
	add(http.MethodDelete, queued+"/{image_id}", d.unqueue)
	return routes
}

func (d *Door) cached(w http.ResponseWriter, r *http.Request) error {
	list, err := d.Curator.OldCached(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]json.RawMessage{"cached_images": api.AppendCached(nil, d.Config.CacheDriver, list)})
}

func (d *Door) queued(w http.ResponseWriter, r *http.Request) error {
	list, err := d.Curator.OldQueued(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string][]string{"queued_images": list})
}

func (d *Door) deleteCached(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.Curator.OldDelete(r.Context(), caller(r), r.PathValue("image_id")))
}

func (d *Door) queue(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.Curator.OldQueue(r.Context(), caller(r), r.PathValue("image_id")))
}

func (d *Door) unqueue(w http.ResponseWriter, r *http.Request) error {
	return done(w, d.Curator.OldUnqueue(r.Context(), caller(r), r.PathValue("image_id")))
}

func (d *Door) deleteAllCached(w http.ResponseWriter, r *http.Request) error {
	n, err := d.Curator.OldDeleteAll(r.Context(), caller(r))
	return deleted(w, n, err)
}

func (d *Door) unqueueAll(w http.ResponseWriter, r *http.Request) error {
	n, err := d.Curator.OldUnqueueAll(r.Context(), caller(r))
	return deleted(w, n, err)
}

func done(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	return writeEmpty(w, http.StatusOK)
}

func deleted(w http.ResponseWriter, n int, err error) error {
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]int{"num_deleted": n})
}
