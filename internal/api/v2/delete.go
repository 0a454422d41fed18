package v2

import (
	"net/http"
)

// ReplayedHeader marks a request that another node sends in the place of a
// user. It is answered here and goes no further.
const ReplayedHeader = "X-Glance-Replayed"

// delete is DELETE /v2/images/{image_id}.
func (d *Door) delete(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("image_id")
	if r.Header.Get(ReplayedHeader) != "" {
		if err := d.Deleter.Delete(r.Context(), caller(r), id); err != nil {
			return err
		}
		return writeEmpty(w, http.StatusNoContent)
	}
	requestID, err := d.Deleter.DeleteAnywhere(r.Context(), caller(r), id)
	if err != nil {
		return err
	}
	if requestID != "" {
		w.Header().Set("X-Openstack-Request-Id", requestID)
	}
	return writeEmpty(w, http.StatusNoContent)
}
