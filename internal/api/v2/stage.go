package v2

import (
	"net/http"
	"slices"

	"glance/internal/glance"
	"glance/internal/images"
)

// stage is PUT /v2/images/{image_id}/stage.
func (d *Door) stage(w http.ResponseWriter, r *http.Request) error {
	const method = "glance-direct"
	if !slices.Contains(d.Config.ImportMethods, method) {
		return glance.Errorf(glance.NotFound, "'%s' method is not available at this site.", method)
	}
	size, err := readDataHeaders(r)
	if err != nil {
		return err
	}
	data := images.Data{Body: r.Body, Size: size}
	if err := d.Stager.Stage(r.Context(), caller(r), r.PathValue("image_id"), data); err != nil {
		return err
	}
	return writeEmpty(w, http.StatusNoContent)
}
