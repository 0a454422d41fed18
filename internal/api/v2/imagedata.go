package v2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
)

// upload is PUT /v2/images/{image_id}/file.
func (d *Door) upload(w http.ResponseWriter, r *http.Request) error {
	size, err := readDataHeaders(r)
	if err != nil {
		return err
	}
	data := images.Data{Body: r.Body, Size: size, Store: d.chosenStore(r)}
	if err := d.Uploader.Upload(r.Context(), caller(r), r.PathValue("image_id"), data); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// chosenStore is the store that the header asks for; it means nothing with a
// single store.
func (d *Door) chosenStore(r *http.Request) *string {
	values := r.Header.Values("X-Image-Meta-Store")
	if d.Config.StoreIDs == nil || len(values) == 0 {
		return nil
	}
	return &values[0]
}

// readDataHeaders checks the headers of image data and gives the size they
// announce (spec images-v2 §17).
func readDataHeaders(r *http.Request) (int64, error) {
	contentType := "None"
	if values := r.Header.Values("Content-Type"); len(values) > 0 {
		contentType = values[0]
	}
	if media, _, _ := strings.Cut(contentType, ";"); strings.TrimSpace(strings.ToLower(media)) != "application/octet-stream" {
		return 0, glance.Detailf(glance.UnsupportedMedia, "Invalid content type %s", contentType)
	}
	if announced := r.Header.Values("X-Openstack-Image-Size"); len(announced) > 0 {
		size, err := strconv.ParseInt(strings.TrimSpace(announced[0]), 10, 64)
		if err != nil {
			return 0, glance.Errorf(glance.Invalid, "Invalid or missing image size in request headers.")
		}
		if size > 0 {
			return size, nil
		}
	}
	if r.ContentLength > 0 {
		return r.ContentLength, nil
	}
	return images.SizeUnknown, nil
}

// download is GET and HEAD /v2/images/{image_id}/file.
func (d *Door) download(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, find := r.PathValue("image_id"), d.Downloader.Download
	cached := api.ThroughCache(r)
	if cached {
		find = d.Downloader.DownloadCached
	}
	// Compat: a body is not looked at where the answer comes from the cache.
	if api.HasBody(r) && !(cached && d.Downloader.Cached(id)) {
		return api.ErrBodyUnexpected
	}
	found, err := find(ctx, caller(r), id, preferredStores(r))
	if err != nil {
		return err
	}
	defer found.Close() //nolint:errcheck // nothing was written to it
	if found.Empty {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return d.send(ctx, w, r, found)
}

func preferredStores(r *http.Request) []string {
	list := ""
	for _, p := range api.Query(r) {
		if p.Name == "prefer" {
			list = p.Value // the last one counts
		}
	}
	var stores []string
	for _, item := range strings.Split(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			stores = append(stores, item)
		}
	}
	return stores
}

// send answers with the data or the part of it that was asked for.
func (d *Door) send(ctx context.Context, w http.ResponseWriter, r *http.Request, found *images.Download) error {
	h := w.Header()
	if done, err := checkConditions(w, r, found.Image); done || err != nil {
		return err
	}
	part, err := requestedPart(r, found.Size, found.Image)
	if err != nil {
		return err
	}
	h.Set("Content-Type", "application/octet-stream")
	if found.Image.Checksum != "" {
		h.Set("Content-Md5", found.Image.Checksum)
	}
	h.Set("Content-Length", strconv.FormatInt(part.length, 10))
	status := http.StatusOK
	if part.partial {
		status = http.StatusPartialContent
		h.Set("Content-Range", part.header(found.Size))
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(status)
		return nil
	}
	data, err := found.Open(ctx, part.start)
	if errors.Is(err, glance.NotFound) {
		return glance.Because(glance.Unavailable, err, "")
	}
	if err != nil {
		return err
	}
	defer data.Close()
	w.WriteHeader(status)
	// The kernel sends a file by itself: io.Copy finds ReadFrom on w.
	n, err := io.Copy(w, io.LimitReader(data, part.length))
	if err == nil && n < part.length {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && found.FromCache() {
		_ = http.NewResponseController(w).Flush() // whoever counts shall not keep the client waiting
		found.Sent(ctx, n)
	}
	return err
}
