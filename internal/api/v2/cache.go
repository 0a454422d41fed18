package v2

import (
	"net/http"
	"strconv"

	"glance/internal/api"
)

// cacheRoutes are the calls about the image cache (spec images-v2 §22).
func (d *Door) cacheRoutes() []api.Route {
	const one, cached, queued = "/cache/{image_id}", "/cached_images", "/queued_images"
	old := api.ManagesCache
	return []api.Route{
		{Method: http.MethodGet, Pattern: "/cache", Handle: d.cacheList, NoBody: true},
		{Method: http.MethodDelete, Pattern: "/cache", Handle: d.cacheClear, NoBody: true},
		{Method: http.MethodPut, Pattern: one, Handle: d.cacheWant, NoBody: true, Allow: "DELETE, PUT"},
		{Method: http.MethodDelete, Pattern: one, Handle: d.cacheDrop, NoBody: true},
		{Method: http.MethodGet, Pattern: "/cache/nodes/{image_id}", Handle: d.cacheNodes, NoBody: true},
		{Method: http.MethodPost, Pattern: "/cache/clean", Handle: d.cacheClean, NoBody: true},
		{Method: http.MethodPost, Pattern: "/cache/prune", Handle: d.cachePrune, NoBody: true},
		{Method: http.MethodGet, Pattern: cached, Handle: old(d.oldCached), Only: true},
		{Method: http.MethodDelete, Pattern: cached, Handle: old(d.oldDeleteAll), Only: true},
		{Method: http.MethodDelete, Pattern: cached + "/{image_id}", Handle: old(d.oldDelete), Only: true},
		{Method: http.MethodGet, Pattern: queued, Handle: old(d.oldQueued), Only: true},
		{Method: http.MethodDelete, Pattern: queued, Handle: old(d.oldUnqueueAll), Only: true},
		{Method: http.MethodPut, Pattern: queued + "/{image_id}", Handle: old(d.oldQueue), Only: true},
		{Method: http.MethodDelete, Pattern: queued + "/{image_id}", Handle: old(d.oldUnqueue), Only: true},
	}
}

// cacheList is GET /v2/cache.
func (d *Door) cacheList(w http.ResponseWriter, r *http.Request) error {
	held, err := d.Curator.List(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = api.AppendCached(append(b, `{"cached_images": `...), d.Config.CacheDriver, held.Images)
		b = api.AppendTexts(append(b, `, "queued_images": `...), held.Queued)
		return append(b, '}')
	})
}

// cacheWant is PUT /v2/cache/{image_id}.
func (d *Door) cacheWant(w http.ResponseWriter, r *http.Request) error {
	if err := d.Curator.Want(r.Context(), caller(r), r.PathValue("image_id")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusAccepted)
}

// cacheDrop is DELETE /v2/cache/{image_id}.
func (d *Door) cacheDrop(w http.ResponseWriter, r *http.Request) error {
	if err := d.Curator.Drop(r.Context(), caller(r), r.PathValue("image_id")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// cacheClear is DELETE /v2/cache.
func (d *Door) cacheClear(w http.ResponseWriter, r *http.Request) error {
	if err := d.Curator.Clear(r.Context(), caller(r), r.Header.Get("X-Image-Cache-Clear-Target")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// cacheClean is POST /v2/cache/clean.
func (d *Door) cacheClean(w http.ResponseWriter, r *http.Request) error {
	if err := d.Curator.Clean(r.Context(), caller(r)); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusOK)
}

// cachePrune is POST /v2/cache/prune.
func (d *Door) cachePrune(w http.ResponseWriter, r *http.Request) error {
	files, bytes, err := d.Curator.Prune(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		b = strconv.AppendInt(append(b, `{"total_files_pruned": `...), int64(files), 10)
		b = strconv.AppendInt(append(b, `, "total_bytes_pruned": `...), bytes, 10)
		return append(b, '}')
	})
}

// cacheNodes is GET /v2/cache/nodes/{image_id}.
func (d *Door) cacheNodes(w http.ResponseWriter, r *http.Request) error {
	nodes, err := d.Curator.NodesWith(r.Context(), caller(r), r.PathValue("image_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return api.AppendTexts(b, nodes) })
}

// oldCached is GET /v2/cached_images.
func (d *Door) oldCached(w http.ResponseWriter, r *http.Request) error {
	list, err := d.Curator.OldCached(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		return append(api.AppendCached(append(b, `{"cached_images": `...), d.Config.CacheDriver, list), '}')
	})
}

// oldQueued is GET /v2/queued_images.
func (d *Door) oldQueued(w http.ResponseWriter, r *http.Request) error {
	list, err := d.Curator.OldQueued(r.Context(), caller(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		return append(api.AppendTexts(append(b, `{"queued_images": `...), list), '}')
	})
}

// oldDelete is DELETE /v2/cached_images/{image_id}.
func (d *Door) oldDelete(w http.ResponseWriter, r *http.Request) error {
	return writeNull(w, d.Curator.OldDelete(r.Context(), caller(r), r.PathValue("image_id")))
}

// oldQueue is PUT /v2/queued_images/{image_id}.
func (d *Door) oldQueue(w http.ResponseWriter, r *http.Request) error {
	return writeNull(w, d.Curator.OldQueue(r.Context(), caller(r), r.PathValue("image_id")))
}

// oldUnqueue is DELETE /v2/queued_images/{image_id}.
func (d *Door) oldUnqueue(w http.ResponseWriter, r *http.Request) error {
	return writeNull(w, d.Curator.OldUnqueue(r.Context(), caller(r), r.PathValue("image_id")))
}

// oldDeleteAll is DELETE /v2/cached_images.
func (d *Door) oldDeleteAll(w http.ResponseWriter, r *http.Request) error {
	n, err := d.Curator.OldDeleteAll(r.Context(), caller(r))
	return writeDeleted(w, n, err)
}

// oldUnqueueAll is DELETE /v2/queued_images.
func (d *Door) oldUnqueueAll(w http.ResponseWriter, r *http.Request) error {
	n, err := d.Curator.OldUnqueueAll(r.Context(), caller(r))
	return writeDeleted(w, n, err)
}

// writeNull answers a call that has nothing to say.
func writeNull(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return append(b, "null"...) })
}

func writeDeleted(w http.ResponseWriter, n int, err error) error {
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte {
		return append(strconv.AppendInt(append(b, `{"num_deleted": `...), int64(n), 10), '}')
	})
}
