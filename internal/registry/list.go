package registry

import (
	"errors"
	"net/http"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// brief is GET / and GET /images.
func (d *Door) brief(w http.ResponseWriter, r *http.Request) error {
	return list(d, w, r, wire.BriefOf)
}

// detail is GET /images/detail.
func (d *Door) detail(w http.ResponseWriter, r *http.Request) error {
	return list(d, w, r, wire.ImageOf)
}

func list[T any](d *Door, w http.ResponseWriter, r *http.Request, show func(*glance.Image) T) error {
	images, err := d.list(r)
	if err != nil {
		return err
	}
	out := make([]T, 0, len(images))
	for _, img := range images {
		out = append(out, show(img))
	}
	return writeJSON(w, map[string]any{"images": out})
}

// list finds the images that the parameters of a request ask for (spec
// registry §2, texts of images-v1 §3).
func (d *Door) list(r *http.Request) ([]*glance.Image, error) {
	caller := api.CallerFrom(r.Context())
	params := make(map[string]string)
	for _, p := range api.Query(r) {
		params[p.Name] = p.Value
	}
	old := metadata.OldList{LimitDefault: d.LimitDefault, LimitMax: d.LimitMax, Admin: caller.Admin}
	q, marker, err := old.Query(params)
	if err != nil {
		return nil, err
	}
	sc := metadata.ScopeOf(caller)
	sc.Deleted = q.Deleted == nil || *q.Deleted
	if marker != nil {
		if q.After, err = d.DB.Image(r.Context(), sc, *marker); errors.Is(err, glance.NotFound) {
			return nil, metadata.NoMarker()
		} else if err != nil {
			return nil, err
		}
	}
	return d.DB.Images(r.Context(), sc, q)
}
