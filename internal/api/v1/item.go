package v1

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"glance/internal/api"
	"glance/internal/glance"
)

// meta is HEAD /v1/images/{image_id}.
func (d *Door) meta(w http.ResponseWriter, r *http.Request) error {
	img, err := d.Catalog.Find(r.Context(), caller(r), r.PathValue("image_id"))
	if err != nil {
		return err
	}
	writeMeta(w.Header(), img)
	return writeEmpty(w, http.StatusOK)
}

// data is GET /v1/images/{image_id}: the data, and what is said of it.
func (d *Door) data(w http.ResponseWriter, r *http.Request) error {
	ctx, who, id := r.Context(), caller(r), r.PathValue("image_id")
	img, err := d.Catalog.FindActive(ctx, who, id)
	if err != nil {
		return err
	}
	find := d.Downloader.Download
	if api.ThroughCache(r) {
		find = d.Downloader.DownloadCached
	}
	found, err := find(ctx, who, id, nil)
	if err != nil {
		return err
	}
	defer found.Close() //nolint:errcheck // it is only read
	if found.Empty && img.Size != nil && *img.Size > 0 {
		return glance.Errorf(glance.NotFound, "Image %s not found", id)
	}
	h := w.Header()
	writeMeta(h, img)
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.FormatInt(found.Size, 10))
	if found.Empty {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	data, err := found.Open(ctx, 0)
	if err != nil {
		return err
	}
	defer data.Close()
	w.WriteHeader(http.StatusOK)
	// The kernel sends a file by itself: io.Copy finds ReadFrom on w.
	n, err := io.Copy(w, io.LimitReader(data, found.Size))
	if err == nil && n < found.Size {
		err = errors.New("the store gave less data than the image has")
	}
	if err == nil && found.FromCache() {
		_ = http.NewResponseController(w).Flush() // whoever counts shall not keep the client waiting
		found.Sent(ctx, n)
	}
	return err
}

// delete is DELETE /v1/images/{image_id}.
func (d *Door) delete(w http.ResponseWriter, r *http.Request) error {
	if err := d.Deleter.DeleteOld(r.Context(), caller(r), r.PathValue("image_id")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusOK)
}
