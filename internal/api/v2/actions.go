package v2

import (
	"net/http"
)

// deactivate is POST /v2/images/{image_id}/actions/deactivate.
func (d *Door) deactivate(w http.ResponseWriter, r *http.Request) error {
	if err := d.Editor.Deactivate(r.Context(), caller(r), r.PathValue("image_id")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// reactivate is POST /v2/images/{image_id}/actions/reactivate.
func (d *Door) reactivate(w http.ResponseWriter, r *http.Request) error {
	if err := d.Editor.Reactivate(r.Context(), caller(r), r.PathValue("image_id")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}
