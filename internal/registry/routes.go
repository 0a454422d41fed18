package registry

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// Door serves the registry protocol.
type Door struct {
	Images       metadata.Images
	LimitDefault int // limit_param_default, 1 or more
	LimitMax     int // api_limit_max, 1 or more
}

// Routes is the table of everything this door answers. The root lists images,
// as it did when the registry was young.
func (d *Door) Routes() []api.Route {
	return []api.Route{
		{Method: http.MethodGet, Pattern: "/", Handle: d.brief},
		{Method: http.MethodGet, Pattern: "/images", Handle: d.brief},
		{Method: http.MethodGet, Pattern: "/images/detail", Handle: d.detail},
		{Method: http.MethodGet, Pattern: "/images/{image_id}", Handle: d.show},
	}
}

// brief is GET / and GET /images.
func (d *Door) brief(w http.ResponseWriter, r *http.Request) error {
	images, err := d.list(r)
	if err != nil {
		return err
	}
	out := make([]wire.Brief, 0, len(images))
	for _, img := range images {
		out = append(out, wire.BriefOf(img))
	}
	return writeJSON(w, map[string]any{"images": out})
}

// detail is GET /images/detail.
func (d *Door) detail(w http.ResponseWriter, r *http.Request) error {
	images, err := d.list(r)
	if err != nil {
		return err
	}
	out := make([]wire.Image, 0, len(images))
	for _, img := range images {
		out = append(out, wire.ImageOf(img))
	}
	return writeJSON(w, map[string]any{"images": out})
}

// show is GET /images/{image_id}. An administrator sees deleted images too.
func (d *Door) show(w http.ResponseWriter, r *http.Request) error {
	sc := metadata.ScopeOf(api.CallerFrom(r.Context()))
	sc.Deleted = sc.Admin
	img, err := d.Images.Image(r.Context(), sc, r.PathValue("image_id"))
	if errors.Is(err, glance.NotFound) {
		return &glance.Error{Kind: glance.NotFound, Cause: err}
	}
	if err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"image": wire.ImageOf(img)})
}

func writeJSON(w http.ResponseWriter, doc any) error {
	text, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text) // the client may be gone; there is nobody left to tell
	return nil
}
