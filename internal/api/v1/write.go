package v1

import (
	"errors"
	"net/http"
	"strings"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
)

// create is POST /v1/images.
func (d *Door) create(w http.ResponseWriter, r *http.Request) error {
	want, data, err := d.readImage(r)
	if err != nil {
		return err
	}
	img, err := d.Intake.Create(r.Context(), caller(r), want, data)
	if err != nil {
		return precondition(err)
	}
	w.Header().Set("Location", api.Absolute(r, "/v1/images/"+img.ID))
	return writeImage(w, http.StatusCreated, img)
}

// update is PUT /v1/images/{image_id}.
func (d *Door) update(w http.ResponseWriter, r *http.Request) error {
	want, data, err := d.readImage(r)
	if err != nil {
		return err
	}
	purge := true
	if text := r.Header.Get("X-Glance-Registry-Purge-Props"); text != "" {
		purge = isTrue(text)
	}
	img, err := d.Intake.Update(r.Context(), caller(r), r.PathValue("image_id"), want, purge, data)
	if err != nil {
		return precondition(err)
	}
	return writeImage(w, http.StatusOK, img)
}

func writeImage(w http.ResponseWriter, status int, img *glance.Image) error {
	setETag(w.Header(), img)
	return writeJSON(w, status, map[string]any{"image": documentOf(img)})
}

// precondition: an image that vanished under its upload is 412 in v1.
func precondition(err error) error {
	var known *glance.Error
	if errors.Is(err, images.ErrVanished) && errors.As(err, &known) {
		text, _, _ := strings.Cut(known.Message, ", cleaning up")
		return api.PreconditionFailed(text + ".")
	}
	return err
}

// readImage reads headers and body of a request that makes or changes an image.
func (d *Door) readImage(r *http.Request) (images.OldMeta, images.Data, error) {
	want, err := d.readMeta(r.Header)
	if err != nil {
		return want, images.Data{}, err
	}
	data := images.Data{Size: images.SizeUnknown}
	if !api.HasBody(r) {
		return want, data, nil
	}
	want.HasData = true
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	want.Untyped = !strings.EqualFold(strings.TrimSpace(media), "application/octet-stream")
	data.Body = r.Body
	if r.ContentLength > 0 {
		data.Size = r.ContentLength
	}
	return want, data, nil
}
