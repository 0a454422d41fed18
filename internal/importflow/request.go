package importflow

import (
	"encoding/json"
	"slices"

	"glance/internal/glance"
	"glance/internal/store"
)

// The methods that the order of checks knows.
const (
	Direct   = "glance-direct"
	Web      = "web-download"
	Copy     = "copy-image"
	Download = "glance-download"
)

// Request is what a caller asks for (spec import §3.1).
type Request struct {
	Method    string
	URI       *string // of web-download; nil when there is none
	Region    string  // of glance-download, and the rest
	ImageID   string
	Interface string

	Stores    []string // with StoresGiven
	InStore   *string  // X-Image-Meta-Store; nil when there is none
	AllStores bool
	Tolerant  bool // all_stores_must_succeed is false

	StoresGiven bool
	Body        json.RawMessage // for the task and for other nodes
	Replayed    bool            // another node sent it: it goes no further
}

func (r *Request) copies() bool { return r.Method == Copy }

// fetches reports whether the data comes from outside.
func (r *Request) fetches() bool { return r.Method == Web || r.Method == Download }

// fits holds rows 4 to 9 of spec import §3.3: what the image must be like.
func (r *Request) fits(img *glance.Image) error {
	active := img.Status == glance.StatusActive
	switch {
	case active && !r.copies():
		return glance.Errorf(glance.Conflict, "Image with status active cannot be target for import")
	case !active && r.copies():
		return glance.Errorf(glance.Conflict, "Only images with status active can be targeted for copying")
	case r.fetches() && img.Status != glance.StatusQueued:
		return glance.Errorf(glance.Conflict, "Image needs to be in 'queued' state to use '%s' method", r.Method)
	case r.Method == Direct && img.Status != glance.StatusUploading:
		return glance.Errorf(glance.Conflict, "Image needs to be staged before 'glance-direct' method can be used")
	case img.ContainerFormat == "":
		return glance.Errorf(glance.Conflict, "'container_format' needs to be set before import")
	case img.DiskFormat == "":
		return glance.Errorf(glance.Conflict, "'disk_format' needs to be set before import")
	}
	return nil
}

// targets are the ids of the stores that get the data (spec import §3.4). With a
// single store that is it, whatever the request says. none: there is nothing to
// do.
func (r *Request) targets(stores *store.Set, img *glance.Image) (ids []string, none bool, err error) {
	if !stores.Multi() {
		if r.copies() {
			return nil, false, glance.Errorf(glance.Conflict, "The copy-image method needs several stores, and there is only one.")
		}
		return []string{stores.Default()}, false, nil
	}
	if ids, err = r.named(stores); err != nil || !r.copies() {
		return ids, false, err
	}
	holds := func(id string) bool { return holdsCopy(stores, img, id) }
	if r.AllStores {
		ids = slices.DeleteFunc(ids, holds)
		return ids, len(ids) == 0, nil
	}
	if i := slices.IndexFunc(ids, holds); i >= 0 {
		return nil, false, glance.Errorf(glance.Invalid, "Image is already present at store '%s'", ids[i])
	}
	return ids, false, nil
}

func holdsCopy(stores *store.Set, img *glance.Image, id string) bool {
	return slices.ContainsFunc(img.Locations, func(loc glance.Location) bool {
		in, ok := stores.StoreOf(loc)
		return ok && in == id
	})
}

func (r *Request) named(stores *store.Set) ([]string, error) {
	var ids []string
	switch {
	case r.AllStores && (r.StoresGiven || r.InStore != nil):
		return nil, glance.Errorf(glance.Invalid,
			"All_stores parameter can't be used with x-image-meta-store header or stores parameter")
	case r.AllStores:
		for _, n := range stores.Stores() {
			if n.Driver.Info().Type != "http" {
				ids = append(ids, n.ID)
			}
		}
	case r.StoresGiven && r.InStore != nil:
		return nil, glance.Errorf(glance.Invalid, "Stores parameter and x-image-meta-store header can't be both specified")
	case r.StoresGiven:
		for _, id := range r.Stores {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	case r.InStore != nil:
		ids = []string{*r.InStore}
	default:
		ids = []string{stores.Default()}
	}
	for _, id := range ids {
		if _, err := stores.Choose(id); err != nil || id == "" {
			return nil, glance.Errorf(glance.Conflict, "Store for identifier %s not found", id)
		}
	}
	return ids, nil
}

// input is the input of the task.
func (r *Request) input(imageID string, stores []string, multi bool) (json.RawMessage, error) {
	backend := make([]*string, len(stores))
	for i := range stores {
		if multi { // the name of the only store is not said
			backend[i] = &stores[i]
		}
	}
	return json.Marshal(struct {
		ImageID string          `json:"image_id"`
		Request json.RawMessage `json:"import_req"`
		Backend []*string       `json:"backend"`
	}{imageID, r.Body, backend})
}
