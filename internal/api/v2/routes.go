package v2

import (
	"net/http"
	"slices"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/images"
	"glance/internal/importflow"
	"glance/internal/metadefs"
)

// Door serves the Images API v2. Every field is needed but Allowance, which is
// nil without limits of the identity service.
type Door struct {
	Catalog     *images.Catalog
	Editor      *images.Editor
	Deleter     *images.Deleter
	Uploader    *images.Uploader
	Downloader  *images.Downloader
	Sharer      *images.Sharer
	Locator     *images.Locator
	Stager      *images.Stager
	CopyDeleter *images.CopyDeleter
	Namespaces  *metadefs.Namespaces
	Parts       *metadefs.Parts
	Allowance   *images.Allowance
	Importer    *importflow.Importer
	Board       *importflow.Board
	Curator     *images.Curator
	Schema      *Schema
	Config      Config
}

// Config is what the operator chose about this door (spec images-v2 §4).
type Config struct {
	ShowDirectURL bool     // show_image_direct_url
	ShowLocations bool     // show_multiple_locations
	StoreIDs      []string // in configured order; nil is a single store
	Stores        []StoreInfo
	ImportMethods []string // enabled_import_methods
	LimitDefault  int      // limit_param_default, 1 or more
	LimitMax      int      // api_limit_max, 1 or more
	CacheDriver   string   // image_cache_driver, which decides how records look
}

// Routes is the table of everything this door answers.
func (d *Door) Routes() []api.Route {
	const image = "/images/{image_id}"
	return slices.Concat(d.metadefRoutes(), d.cacheRoutes(), []api.Route{
		{Method: http.MethodGet, Pattern: "/images", Handle: d.list},
		{Method: http.MethodPost, Pattern: "/images", Handle: d.create, Writes: true},
		{Method: http.MethodGet, Pattern: image, Handle: d.show, NoBody: true},
		{Method: http.MethodPatch, Pattern: image, Handle: d.patch, Writes: true},
		{Method: http.MethodDelete, Pattern: image, Handle: d.delete, NoBody: true, Writes: true},
		{Method: http.MethodGet, Pattern: image + "/tasks", Handle: d.tasks, NoBody: true, Only: true},
		{Method: http.MethodGet, Pattern: image + "/file", Handle: d.download},
		{Method: http.MethodHead, Pattern: image + "/file", Handle: d.download, NoBody: true, Unlisted: true},
		{Method: http.MethodPut, Pattern: image + "/file", Handle: d.upload, Writes: true},
		{Method: http.MethodPut, Pattern: image + "/stage", Handle: d.stage, Writes: true},
		// The body is looked at before the caller is.
		{Method: http.MethodPost, Pattern: image + "/import", Handle: d.importImage},
		// Anonymous callers hear of the image before they hear that they may not write.
		{Method: http.MethodPost, Pattern: image + "/locations", Handle: d.addLocation},
		{Method: http.MethodGet, Pattern: image + "/locations", Handle: d.locations, NoBody: true, Unlisted: true},
		{Method: http.MethodPost, Pattern: image + "/actions/deactivate", Handle: d.deactivate, NoBody: true, Writes: true},
		{Method: http.MethodPost, Pattern: image + "/actions/reactivate", Handle: d.reactivate, NoBody: true, Writes: true},
		{Method: http.MethodPut, Pattern: image + "/tags/{tag}", Handle: d.addTag, NoBody: true, Writes: true},
		{Method: http.MethodDelete, Pattern: image + "/tags/{tag}", Handle: d.removeTag, NoBody: true, Writes: true},
		{Method: http.MethodGet, Pattern: image + "/members", Handle: d.listMembers, NoBody: true},
		{Method: http.MethodPost, Pattern: image + "/members", Handle: d.addMember, Writes: true},
		{Method: http.MethodGet, Pattern: image + "/members/{member}", Handle: d.showMember, NoBody: true},
		{Method: http.MethodPut, Pattern: image + "/members/{member}", Handle: d.setMemberStatus, Writes: true},
		{Method: http.MethodDelete, Pattern: image + "/members/{member}", Handle: d.removeMember, NoBody: true, Writes: true},
		{Method: http.MethodDelete, Pattern: "/stores/{store_id}/{image_id}", Handle: d.deleteCopy, NoBody: true, Writes: true},
		{Method: http.MethodGet, Pattern: "/info/import", Handle: d.infoImport, NoBody: true},
		{Method: http.MethodGet, Pattern: "/info/stores", Handle: d.infoStores, NoBody: true},
		{Method: http.MethodGet, Pattern: "/info/stores/detail", Handle: d.infoStoresDetail, NoBody: true},
		{Method: http.MethodGet, Pattern: "/info/usage", Handle: d.infoUsage, NoBody: true, Only: true},
		{Method: http.MethodGet, Pattern: "/schemas/{name}", Handle: d.showSchema, NoBody: true},
		// Who may not use these hears that before anything else.
		{Method: http.MethodGet, Pattern: "/tasks", Handle: d.listTasks},
		{Method: http.MethodPost, Pattern: "/tasks", Handle: d.createTask},
		{Method: http.MethodGet, Pattern: "/tasks/{task_id}", Handle: d.showTask},
		{Method: http.MethodDelete, Pattern: "/tasks/{task_id}", Handle: d.deleteTask},
		{Pattern: "", Handle: api.AddSlash},
	})
}

// caller gives who asks.
func caller(r *http.Request) *glance.Caller {
	who := api.CallerFrom(r.Context())
	return &who
}
