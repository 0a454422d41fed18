package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"glance/internal/api"
	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// show is GET /images/{image_id}. An administrator sees deleted images too.
func (d *Door) show(w http.ResponseWriter, r *http.Request) error {
	img, err := d.DB.Image(r.Context(), visible(r), r.PathValue("image_id"))
	if err != nil {
		return unsaid(err)
	}
	return writeImage(w, img)
}

func writeImage(w http.ResponseWriter, img *glance.Image) error {
	return writeJSON(w, map[string]any{"image": wire.ImageOf(img)})
}

// visible is the scope of a call about one image.
func visible(r *http.Request) metadata.Scope {
	sc := metadata.ScopeOf(api.CallerFrom(r.Context()))
	sc.Deleted = sc.Admin
	return sc
}

// unsaid hides the text of a missing image: the answer is 404 and no more.
func unsaid(err error) error {
	if errors.Is(err, glance.NotFound) {
		return &glance.Error{Kind: glance.NotFound, Cause: err}
	}
	return err
}

// readImage reads {"image": {…}}.
func readImage(r *http.Request) (doc map[string]any, values wire.Values, err error) {
	if doc, err = api.JSONObject(r); err != nil {
		return nil, nil, err
	}
	object, ok := doc["image"].(map[string]any)
	if !ok {
		return nil, nil, bad("The body has no image.")
	}
	values = object
	return doc, values, mergeLocations(values)
}

// mergeLocations makes one list of location, locations and location_data; each
// place is there once, and those without data come first. Without any of them
// the locations stay as they are.
func mergeLocations(values wire.Values) error {
	if url, given := values["location"]; given {
		values["locations"] = []any{}
		if url != nil {
			values["locations"] = []any{url}
		}
	}
	urls, urlsOK := values["locations"].([]any)
	data, dataOK := values["location_data"].([]any)
	if !urlsOK && values["locations"] != nil || !dataOK && values["location_data"] != nil {
		return bad("Invalid value for locations.")
	}
	if !urlsOK && !dataOK {
		return nil
	}
	merged, place := []any{}, map[any]int{}
	add := func(url, item any) error {
		if _, ok := url.(string); !ok {
			return bad("Invalid value for locations.")
		}
		if at, known := place[url]; known {
			merged[at] = item
			return nil
		}
		place[url] = len(merged)
		merged = append(merged, item)
		return nil
	}
	for _, url := range urls {
		if err := add(url, map[string]any{"url": url}); err != nil {
			return err
		}
	}
	for _, item := range data {
		object, _ := item.(map[string]any)
		if err := add(object["url"], item); err != nil {
			return err
		}
	}
	values["locations"] = merged
	return nil
}

// create is POST /images.
func (d *Door) create(w http.ResponseWriter, r *http.Request) error {
	_, values, err := readImage(r)
	if err != nil {
		return err
	}
	caller := api.CallerFrom(r.Context())
	if _, given := values["owner"]; !given || !caller.Admin {
		values["owner"] = caller.ProjectID
	}
	if _, given := values["status"]; !given {
		values["status"] = string(glance.StatusActive)
	}
	id, _ := values["id"].(string)
	if id != "" && (!metadata.LikeUUID(id) || len(id) > 36) {
		return bad("Invalid image id format")
	}
	img, err := newImage(values, nil)
	if err == nil {
		img.RemoveProperty(glance.AttemptProperty)
		err = d.DB.CreateImage(r.Context(), img)
	}
	switch {
	case errors.Is(err, glance.Conflict):
		return glance.Because(glance.Conflict, err, "Image with identifier "+img.ID+" already exists!")
	case err != nil:
		return retell(err, "Failed to add image metadata. Got error: ")
	}
	stored, err := d.DB.Image(r.Context(), metadata.Everything(), img.ID)
	if err != nil {
		return err
	}
	return writeImage(w, stored)
}

// retell puts words before the text of a refused value.
func retell(err error, words string) error {
	var known *glance.Error
	if errors.As(err, &known) && known.Kind == glance.Invalid {
		return glance.Because(glance.Invalid, err, words+known.Message)
	}
	return err
}

// newImage makes the image of a request for one. Of the columns that nobody
// may set later, creation takes the times.
func newImage(values wire.Values, order []string) (*glance.Image, error) {
	img := &glance.Image{Visibility: glance.VisibilityShared}
	img.ID, _ = values["id"].(string)
	if img.ID == "" {
		img.ID = newID()
	}
	if values["status"] == nil {
		return nil, bad("Image status is required.")
	}
	if err := values.ApplyTo(img, true, order); err != nil {
		return nil, err
	}
	created, err := values.Time("created_at")
	if err != nil {
		return nil, err
	}
	updated, err := values.Time("updated_at")
	img.CreatedAt, img.UpdatedAt = created.Time, updated.Time
	return img, err
}

// newID makes a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Errors that tell who may not change an image. They are only read.
var (
	errNotMine       = errors.New("an image of another project")
	errNotMinePublic = errors.New("a public image of another project")
)

// mutable fails for callers who may not change an image that they see.
func mutable(caller *glance.Caller, img *glance.Image) error {
	switch {
	case caller.Admin, img.Owner != "" && img.Owner == caller.ProjectID:
		return nil
	case img.Visibility == glance.VisibilityPublic:
		return glance.Because(glance.Forbidden, errNotMinePublic, "You do not own this image")
	}
	return glance.Because(glance.Forbidden, errNotMine, "You do not own this image")
}

// change changes an image that the caller may change.
func (d *Door) change(ctx context.Context, sc metadata.Scope, id string, change func(*glance.Image) error) (*glance.Image, error) {
	caller := api.CallerFrom(ctx)
	return d.DB.UpdateImage(ctx, sc, id, func(img *glance.Image) error {
		if err := mutable(&caller, img); err != nil {
			return err
		}
		return change(img)
	})
}

// keepAttempt lets change do anything but touch the property that users neither
// see nor set.
func keepAttempt(img *glance.Image, change func() error) error {
	attempt, had := img.Property(glance.AttemptProperty)
	err := change()
	img.RemoveProperty(glance.AttemptProperty)
	if had {
		img.SetProperty(attempt)
	}
	return err
}

// update is PUT /images/{image_id}.
func (d *Door) update(w http.ResponseWriter, r *http.Request) error {
	doc, values, err := readImage(r)
	if err != nil {
		return err
	}
	if !api.CallerFrom(r.Context()).Admin {
		delete(values, "owner")
	}
	from, _ := doc["from_state"].(string)
	purge := r.Header.Get("X-Glance-Registry-Purge-Props") == "true"
	img, err := d.change(r.Context(), visible(r), r.PathValue("image_id"), func(img *glance.Image) error {
		if err := fromState(img, values, from); err != nil {
			return err
		}
		return keepAttempt(img, func() error { return values.ApplyTo(img, purge, nil) })
	})
	switch {
	case errors.Is(err, errNotMinePublic):
		return &glance.Error{Kind: glance.Forbidden, Cause: err}
	case errors.Is(err, errNotMine), errors.Is(err, glance.NotFound):
		return glance.Because(glance.NotFound, err, "Image not found")
	case errors.Is(err, glance.Conflict):
		return glance.Because(glance.Conflict, err, "Image operation conflicts")
	case err != nil:
		return retell(err, "Failed to update image metadata. Got error: ")
	}
	return writeImage(w, img)
}

// fromState is the optimistic check of an update.
func fromState(img *glance.Image, values wire.Values, from string) error {
	if from == "" || string(img.Status) == from {
		return nil
	}
	to, _ := values["status"].(string)
	return glance.Errorf(glance.Conflict, "cannot transition from %s to %s in update (wanted from_state=%s)", img.Status, to, from)
}

// delete is DELETE /images/{image_id}. The status stays what it is: the API
// has set it before.
func (d *Door) delete(w http.ResponseWriter, r *http.Request) error {
	img, err := d.change(r.Context(), visible(r), r.PathValue("image_id"), func(img *glance.Image) error {
		img.Deleted = true
		return nil
	})
	switch {
	case errors.Is(err, errNotMinePublic):
		return &glance.Error{Kind: glance.Forbidden, Cause: err}
	case errors.Is(err, errNotMine):
		return &glance.Error{Kind: glance.NotFound, Cause: err}
	case err != nil:
		return unsaid(err)
	}
	return writeImage(w, img)
}
