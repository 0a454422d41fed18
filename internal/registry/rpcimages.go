package registry

import (
	"context"
	"encoding/json"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/metadata/wire"
)

// shown is an image in the form that the caller asked for.
func (c *call) shown(img *glance.Image) (any, error) {
	row := wire.Row(img)
	v1, err := c.args.Flag("v1_mode")
	if v1 {
		row = row.V1()
	}
	return row, err
}

func imageGet(ctx context.Context, c *call) (any, error) {
	id, err := c.text("image_id")
	if err != nil {
		return nil, err
	}
	deleted, err := c.args.Flag("force_show_deleted")
	if err != nil {
		return nil, err
	}
	img, err := c.DB.Image(ctx, c.scope(deleted), id)
	if err != nil {
		return nil, as(err, glance.NotFound, wire.ClassImageNotFound)
	}
	return c.shown(img)
}

func imageCreate(ctx context.Context, c *call) (any, error) {
	values, err := c.values("values")
	if err == nil {
		err = c.writes()
	}
	if err != nil {
		return nil, err
	}
	img, err := newImage(values, c.exact.Order)
	if err != nil {
		return nil, err
	}
	if c.exact.Tags != nil {
		img.Tags = *c.exact.Tags
	}
	if err := c.DB.CreateImage(ctx, img); err != nil {
		return nil, as(err, glance.Conflict, wire.ClassDuplicate)
	}
	stored, err := c.DB.Image(ctx, metadata.Scope{Admin: true, Deleted: true}, img.ID)
	if err != nil {
		return nil, err
	}
	return c.shown(stored)
}

// change changes an image of the caller's.
func (c *call) change(ctx context.Context, change func(*glance.Image) error) (*glance.Image, error) {
	id, err := c.text("image_id")
	if err == nil {
		err = c.writes()
	}
	if err != nil {
		return nil, err
	}
	img, err := c.Door.change(ctx, c.scope(false), id, change)
	return img, as(err, glance.NotFound, wire.ClassImageNotFound)
}

// changeMetered is change, as long as no more bytes are used than the caller
// has found.
func (c *call) changeMetered(ctx context.Context, change func(*glance.Image) error) (*glance.Image, error) {
	m := c.exact.Metered
	if m == nil {
		return c.change(ctx, change)
	}
	id, err := c.text("image_id")
	if err == nil {
		err = c.writes()
	}
	if err == nil {
		err = c.mayKnow(m.Owner)
	}
	if err != nil {
		return nil, err
	}
	of := metadata.Account{Owner: m.Owner, Except: m.Except}
	img, err := c.DB.UpdateMetered(ctx, c.scope(false), id, of, func(img *glance.Image, used int64) error {
		if err := mutable(&c.caller, img); err != nil {
			return err
		}
		if used > m.Used {
			return glance.Errorf(glance.Conflict, "the usage of project %s has grown", m.Owner)
		}
		return change(img)
	})
	return img, as(err, glance.NotFound, wire.ClassImageNotFound)
}

func imageUpdate(ctx context.Context, c *call) (any, error) {
	values, err := c.values("values")
	if err != nil {
		return nil, err
	}
	purge, err := c.args.Flag("purge_props")
	if err != nil {
		return nil, err
	}
	from, _ := c.args["from_state"].(string)
	img, err := c.changeMetered(ctx, func(img *glance.Image) error {
		if v := c.exact.Version; v != "" && v != wire.Row(img).Version {
			return glance.Errorf(glance.Conflict, "image %s has changed", img.ID)
		}
		if err := fromState(img, values, from); err != nil {
			return err
		}
		if c.exact.Tags != nil {
			img.Tags = *c.exact.Tags
		}
		if c.exact.Deleted != nil {
			img.Deleted = *c.exact.Deleted
		}
		return values.ApplyTo(img, purge, c.exact.Order)
	})
	if err != nil {
		return nil, err
	}
	return c.shown(img)
}

func imageDestroy(ctx context.Context, c *call) (any, error) {
	img, err := c.change(ctx, func(img *glance.Image) error {
		img.Deleted = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.shown(img)
}

// imageRestore takes back a delayed deletion, with the locations that wait for
// the scrubber.
func imageRestore(ctx context.Context, c *call) (any, error) {
	id, err := c.text("image_id")
	if err == nil {
		err = c.writes()
	}
	if err != nil {
		return nil, err
	}
	_, err = c.Door.change(ctx, c.scope(true), id, func(img *glance.Image) error {
		if img.Status != glance.StatusPendingDelete {
			return glance.Errorf(glance.Conflict, "cannot restore the image from %s to active (wanted from_state=pending_delete)", img.Status)
		}
		img.Status, img.Deleted = glance.StatusActive, false
		for i := range img.Locations {
			img.Locations[i].Status = glance.LocationActive
		}
		return nil
	})
	return nil, as(err, glance.NotFound, wire.ClassImageNotFound)
}

func propertyCreate(ctx context.Context, c *call) (any, error) {
	values, err := c.values("values")
	if err != nil {
		return nil, err
	}
	name, ok := values["name"].(string)
	if !ok {
		return nil, bad("name is missing.")
	}
	c.args["image_id"] = values["image_id"]
	p := wire.PropertyOf(name, values["value"])
	_, err = c.change(ctx, func(img *glance.Image) error {
		if _, exists := img.Property(name); exists {
			return &classed{glance.Errorf(glance.Conflict, "Property %s already present.", name), wire.ClassDuplicate}
		}
		img.SetProperty(p)
		return nil
	})
	return map[string]any{"image_id": values["image_id"], "name": name, "value": values["value"], "deleted": false}, err
}

func propertyDelete(ctx context.Context, c *call) (any, error) {
	name, err := c.text("prop_ref")
	if err != nil {
		return nil, err
	}
	id := c.args["image_ref"]
	c.args["image_id"] = id
	_, err = c.change(ctx, func(img *glance.Image) error {
		if !img.RemoveProperty(name) {
			return &classed{glance.Errorf(glance.NotFound, "Property %s does not exist.", name), wire.ClassNotFound}
		}
		return nil
	})
	return map[string]any{"image_id": id, "name": name, "deleted": true}, err
}

// lock and unlock are the commands of later releases about a property that one
// caller gets; the import lock is the only one there is.
func lock(ctx context.Context, c *call) (any, error) {
	id, holder, err := c.lockArgs(ctx)
	if err != nil {
		return nil, err
	}
	err = as(c.DB.Lock(ctx, id, holder), glance.Conflict, wire.ClassDuplicate)
	return nil, as(err, glance.NotFound, wire.ClassImageNotFound)
}

func unlock(ctx context.Context, c *call) (any, error) {
	id, holder, err := c.lockArgs(ctx)
	if err != nil {
		return nil, err
	}
	return nil, c.DB.Unlock(ctx, id, holder)
}

func (c *call) lockArgs(ctx context.Context) (id, holder string, err error) {
	if name, _ := c.args["name"].(string); name != glance.LockProperty {
		return "", "", bad("Only %s is set like this.", glance.LockProperty)
	}
	if id, err = c.text("image_id"); err != nil {
		return "", "", err
	}
	if holder, err = c.text("value"); err != nil {
		return "", "", err
	}
	if err := c.writes(); err != nil || c.caller.Admin {
		return id, holder, err
	}
	img, err := c.DB.Image(ctx, metadata.ScopeOf(c.caller), id)
	if err != nil {
		return "", "", as(err, glance.NotFound, wire.ClassImageNotFound)
	}
	return id, holder, mutable(&c.caller, img)
}

func tagSetAll(ctx context.Context, c *call) (any, error) {
	list, ok := c.args["tags"].([]any)
	if !ok {
		return nil, bad("tags is missing.")
	}
	var tags []string
	for _, item := range list {
		tag, ok := item.(string)
		if !ok {
			return nil, bad("Invalid value for tags.")
		}
		tags = append(tags, tag)
	}
	_, err := c.change(ctx, func(img *glance.Image) error {
		img.Tags = tags
		return nil
	})
	return nil, err
}

func tagCreate(ctx context.Context, c *call) (any, error) {
	tag, err := c.text("value")
	if err != nil {
		return nil, err
	}
	_, err = c.change(ctx, func(img *glance.Image) error {
		img.Tags = append(img.Tags, tag)
		return nil
	})
	return tag, err
}

func tagDelete(ctx context.Context, c *call) (any, error) {
	tag, err := c.text("value")
	if err != nil {
		return nil, err
	}
	_, err = c.change(ctx, func(img *glance.Image) error {
		i := slices.Index(img.Tags, tag)
		if i < 0 {
			return &classed{&glance.Error{Kind: glance.NotFound}, wire.ClassNotFound}
		}
		img.Tags = slices.Delete(img.Tags, i, i+1)
		return nil
	})
	return nil, err
}

func tagGetAll(ctx context.Context, c *call) (any, error) {
	id, err := c.text("image_id")
	if err != nil {
		return nil, err
	}
	img, err := c.DB.Image(ctx, c.scope(false), id)
	if err != nil {
		return nil, as(err, glance.NotFound, wire.ClassImageNotFound)
	}
	return append([]string{}, img.Tags...), nil
}

func locationAdd(ctx context.Context, c *call) (any, error) {
	loc, err := c.location()
	if err != nil {
		return nil, err
	}
	loc.ID = 0
	_, err = c.change(ctx, func(img *glance.Image) error {
		img.Locations = append(img.Locations, loc)
		return nil
	})
	return nil, err
}

func (c *call) location() (glance.Location, error) {
	object, err := c.values("location")
	if err != nil {
		return glance.Location{}, err
	}
	return wire.LocationOf(object)
}

func locationUpdate(ctx context.Context, c *call) (any, error) {
	loc, err := c.location()
	if err != nil {
		return nil, err
	}
	_, err = c.change(ctx, func(img *glance.Image) error {
		old, err := locationByID(img, loc.ID)
		if err == nil {
			*old = loc
		}
		return err
	})
	return nil, err
}

func locationDelete(ctx context.Context, c *call) (any, error) {
	number, _ := c.args["location_id"].(json.Number)
	id, err := number.Int64()
	status, _ := c.args["status"].(string)
	s := glance.LocationStatus(status)
	if err != nil || s != glance.LocationDeleted && s != glance.LocationPendingDelete {
		return nil, bad("The status of deleted image location can only be set to 'pending_delete' or 'deleted'")
	}
	_, err = c.change(ctx, func(img *glance.Image) error {
		loc, err := locationByID(img, id)
		if err == nil {
			loc.Status = s
		}
		return err
	})
	return nil, err
}

func locationByID(img *glance.Image, id int64) (*glance.Location, error) {
	i := slices.IndexFunc(img.Locations, func(l glance.Location) bool { return l.ID == id })
	if i < 0 || id == 0 {
		return nil, &classed{glance.Errorf(glance.NotFound, "No location found with ID %d from image %s", id, img.ID), wire.ClassNotFound}
	}
	return &img.Locations[i], nil
}

func storageUsage(ctx context.Context, c *call) (any, error) {
	owner, err := c.owner()
	if err != nil {
		return nil, err
	}
	except, _ := c.args["image_id"].(string)
	return c.DB.Usage(ctx, owner, except)
}

// tally makes a command of one of the totals that later releases count.
func tally(of metadata.Total) command {
	return func(ctx context.Context, c *call) (any, error) {
		owner, err := c.owner()
		if err != nil {
			return nil, err
		}
		return c.DB.Tally(ctx, owner, of)
	}
}

// owner is whose usage a call asks for.
func (c *call) owner() (string, error) {
	owner, _ := c.args["owner_id"].(string)
	return owner, c.mayKnow(owner)
}

func (c *call) mayKnow(owner string) error {
	if !c.caller.Admin && owner != c.caller.ProjectID {
		return glance.Errorf(glance.Forbidden, "The usage of another project is not told.")
	}
	return nil
}
