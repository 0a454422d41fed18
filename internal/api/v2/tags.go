package v2

import (
	"net/http"
)

// addTag is PUT /v2/images/{image_id}/tags/{tag}.
func (d *Door) addTag(w http.ResponseWriter, r *http.Request) error {
	tag := r.PathValue("tag")
	if err := d.Schema.check(d.Schema.tag, tag); err != nil {
		return err
	}
	if err := d.Editor.AddTag(r.Context(), caller(r), r.PathValue("image_id"), tag); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}

// removeTag is DELETE /v2/images/{image_id}/tags/{tag}.
func (d *Door) removeTag(w http.ResponseWriter, r *http.Request) error {
	err := d.Editor.RemoveTag(r.Context(), caller(r), r.PathValue("image_id"), r.PathValue("tag"))
	if err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}
