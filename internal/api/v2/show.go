package v2

import (
	"net/http"
)

// show is GET /v2/images/{image_id}.
func (d *Door) show(w http.ResponseWriter, r *http.Request) error {
	img, err := d.Catalog.Show(r.Context(), caller(r), r.PathValue("image_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, func(b []byte) []byte { return d.appendImage(b, img, nil) })
}
