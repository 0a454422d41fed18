package v1

import (
	"net/http"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
)

// brief is GET /v1/images.
func (d *Door) brief(w http.ResponseWriter, r *http.Request) error {
	return list(d, w, r, briefOf)
}

// detail is GET /v1/images/detail.
func (d *Door) detail(w http.ResponseWriter, r *http.Request) error {
	return list(d, w, r, documentOf)
}

func list[T any](d *Door, w http.ResponseWriter, r *http.Request, show func(*glance.Image) T) error {
	want := images.OldListing{
		Params: make(map[string]string), LimitDefault: d.Config.LimitDefault, LimitMax: d.Config.LimitMax,
	}
	for _, p := range api.Query(r) {
		want.Params[p.Name] = p.Value
	}
	found, err := d.Catalog.ListOld(r.Context(), caller(r), want)
	if err != nil {
		return err
	}
	out := make([]T, 0, len(found))
	for _, img := range found {
		out = append(out, show(img))
	}
	return writeJSON(w, http.StatusOK, map[string]any{"images": out})
}
