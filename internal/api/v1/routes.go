package v1

import (
	"net/http"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
)

// Door is the Images API v1.
type Door struct {
	Catalog    *images.Catalog
	Intake     *images.Intake
	Deleter    *images.Deleter
	Downloader *images.Downloader
	Sharer     *images.Sharer
	Curator    *images.Curator
	Config     Config
}

// Config is what the door has to know of the configuration.
type Config struct {
	DiskFormats      []string // disk_formats
	ContainerFormats []string // container_formats
	LimitDefault     int      // limit_param_default, 1 or more
	LimitMax         int      // api_limit_max, 1 or more
	CacheDriver      string   // image_cache_driver
}

// Handler serves the API below its mount.
func (d *Door) Handler() http.Handler {
	router := api.NewRouter(d.routes()...)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Compat: v1 renders its errors as plain text for everybody.
		r = r.Clone(r.Context())
		r.Header.Set("Accept", "text/plain")
		router.ServeHTTP(w, r)
	})
}

// routes is the table of everything v1 answers (spec images-v1 §1). Answers
// without a method of their own are 405 with what Allow says.
func (d *Door) routes() []api.Route {
	const (
		list    = "GET, POST"
		detail  = "GET, HEAD"
		item    = "GET, HEAD, PUT, DELETE"
		members = "GET, PUT"
		member  = "GET, PUT, DELETE"
		image   = "/images/{image_id}"
		one     = image + "/members/{member}"
	)
	return append(d.cacheRoutes(), []api.Route{
		{Pattern: "", Handle: d.brief},
		{Pattern: "/", Handle: d.brief},
		{Method: http.MethodGet, Pattern: "/images", Handle: d.brief, Allow: list},
		{Method: http.MethodPost, Pattern: "/images", Handle: d.create, Writes: true},
		{Method: http.MethodGet, Pattern: "/images/detail", Handle: d.detail, Allow: detail},
		{Method: http.MethodHead, Pattern: "/images/detail", Handle: headDetail},
		{Method: http.MethodGet, Pattern: image, Handle: d.data, Allow: item},
		{Method: http.MethodHead, Pattern: image, Handle: d.meta},
		{Method: http.MethodPut, Pattern: image, Handle: d.update, Writes: true},
		{Method: http.MethodDelete, Pattern: image, Handle: d.delete, Writes: true},
		{Method: http.MethodGet, Pattern: image + "/members", Handle: d.listMembers, Allow: members},
		{Method: http.MethodPut, Pattern: image + "/members", Handle: d.replaceMembers},
		{Method: http.MethodPut, Pattern: one, Handle: d.grant, Allow: member},
		{Method: http.MethodDelete, Pattern: one, Handle: d.revoke},
		{Pattern: "/shared-images/{member}", Handle: d.sharedImages},
	}...)
}

// headDetail refuses what the table of the original routes to the list.
func headDetail(http.ResponseWriter, *http.Request) error {
	return api.MethodNotAllowed("GET", "This operation is currently not permitted on Glance images details.")
}

// caller gives who asks.
func caller(r *http.Request) *glance.Caller {
	who := api.CallerFrom(r.Context())
	return &who
}
