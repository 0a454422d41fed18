package v2

import "net/http"

// deleteCopy is DELETE /v2/stores/{store_id}/{image_id}.
func (d *Door) deleteCopy(w http.ResponseWriter, r *http.Request) error {
	if err := d.CopyDeleter.Delete(r.Context(), caller(r), r.PathValue("store_id"), r.PathValue("image_id")); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}
