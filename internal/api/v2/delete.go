package v2

import (
	"net/http"
)

// delete is DELETE /v2/images/{image_id}.
func (d *Door) delete(w http.ResponseWriter, r *http.Request) error {
	if err := d.Deleter.Delete(r.Context(), caller(r), r.PathValue("image_id")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}
