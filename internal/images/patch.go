package images

import (
	"context"
	"slices"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
)

// ChangeOp is what a change does to one attribute.
type ChangeOp int

// The operations of a change.
const (
	Add ChangeOp = iota
	Replace
	Remove
)

// Change is one operation of a PATCH whose syntax the door has checked: the
// attribute exists in the schema, is not read-only, and the value fits it.
type Change struct {
	Op   ChangeOp
	Name string // a base attribute or the name of an additional property
	// Fresh makes Add refuse to overwrite: what draft 4 of JSON patch means.
	Fresh bool
	Value Value
	// Position is where Add puts a location and which one Remove takes: digits,
	// or "-" for the end.
	Position string
}

// Value is the new value of an attribute, in the field of its type.
type Value struct {
	Text  *string // name, owner, formats, visibility; nil is null
	Flag  bool    // protected, os_hidden
	Int   int64   // min_disk, min_ram
	Texts []string
	Prop  glance.Property // an additional property; its Name is the change's
	// Locations are those of Add, which has one, and Replace.
	Locations []NewLocation
}

// Patch changes an image, all of it or nothing (spec images-v2 §9.3).
func (e *Editor) Patch(ctx context.Context, who *glance.Caller, id string, changes []Change) (*glance.Image, error) {
	if slices.ContainsFunc(changes, func(c Change) bool { return c.Name == locationsName }) {
		return e.patchLocations(ctx, who, id, changes)
	}
	img, err := e.update(ctx, who, id, func(e *Editor, img *glance.Image) error {
		if len(changes) == 0 {
			return metadata.ErrUnchanged
		}
		return e.apply(ctx, who, img, changes, nil)
	})
	if err != nil {
		return nil, err
	}
	return present(who, img, e.Protect, e.Stores), nil
}

// apply makes all changes to img. f is needed for changes of locations only.
func (e *Editor) apply(ctx context.Context, who *glance.Caller, img *glance.Image, changes []Change, f *facts) error {
	before := img.Clone()
	for i, c := range changes {
		if c.Name == locationsName {
			f.op = i
			if err := e.changeLocations(ctx, who, img, c, f); err != nil {
				return err
			}
			continue
		}
		if err := e.change(ctx, who, img, c); err != nil {
			return err
		}
	}
	if addsProperty(before, img) {
		if err := e.Limits.Properties(userProperties(img)); err != nil {
			return err
		}
	}
	if img.Size != nil && *img.Size > e.SizeCap {
		return errTooLarge()
	}
	return checkStorable(img)
}

func addsProperty(before, after *glance.Image) bool {
	for _, p := range after.Properties {
		if _, had := before.Property(p.Name); !had {
			return true
		}
	}
	return false
}

func (e *Editor) change(ctx context.Context, who *glance.Caller, img *glance.Image, c Change) error {
	if c.Name == "visibility" && c.Op != Remove && c.Value.Text != nil {
		if err := e.Policy.Visibility(ctx, who, img, glance.Visibility(*c.Value.Text)); err != nil {
			return err
		}
	}
	if err := e.Policy.Image(ctx, who, policy.ModifyImage, img); err != nil {
		return err
	}
	switch {
	case !isBase(c.Name):
		return e.changeProperty(who, img, c)
	case c.Op == Remove:
		return glance.Detailf(glance.Forbidden, "Property %s may not be removed.", c.Name)
	case c.Op == Add && c.Fresh:
		return glance.Detailf(glance.Conflict, "Property %s already present.", c.Name)
	}
	return e.setBase(who, img, c)
}

func isBase(name string) bool {
	switch name {
	case "name", "visibility", "protected", "os_hidden", "owner", "min_disk", "min_ram",
		"disk_format", "container_format", "tags":
		return true
	}
	return false
}

func (e *Editor) setBase(who *glance.Caller, img *glance.Image, c Change) error {
	switch v := c.Value; c.Name {
	case "name":
		img.Name = v.Text
	case "visibility":
		img.Visibility = glance.Visibility(textOf(v))
	case "protected":
		img.Protected = v.Flag
	case "os_hidden":
		img.Hidden = v.Flag
	case "owner":
		return setOwner(who, img, c)
	case "min_disk":
		img.MinDisk = v.Int
		return checkNegative(c.Name, v.Int)
	case "min_ram":
		img.MinRAM = v.Int
		return checkNegative(c.Name, v.Int)
	case "disk_format":
		img.DiskFormat = textOf(v)
		return checkFormatMayChange(c.Name, img)
	case "container_format":
		img.ContainerFormat = textOf(v)
		return checkFormatMayChange(c.Name, img)
	case "tags":
		img.Tags = distinct(v.Texts)
		return e.Limits.Tags(len(v.Texts))
	}
	return nil
}

func textOf(v Value) string {
	if v.Text == nil {
		return ""
	}
	return *v.Text
}

func setOwner(who *glance.Caller, img *glance.Image, c Change) error {
	owner := textOf(c.Value)
	// Compat: the golden patch-core-add has a member add the owner that is
	// there already, which passes; replacing it never does (patch-owner).
	if !who.Admin && (c.Op == Replace || owner != img.Owner) {
		return glance.Detailf(glance.Forbidden, "Owner can't be updated by non admin.")
	}
	img.Owner = owner
	return nil
}

func checkFormatMayChange(name string, img *glance.Image) error {
	if img.Status == glance.StatusQueued || img.Status == glance.StatusImporting {
		return nil
	}
	return glance.Errorf(glance.Forbidden, "Attribute %s can be only replaced for a queued image.", name)
}

// changeProperty changes an additional property. One that the caller may not
// read behaves as missing.
func (e *Editor) changeProperty(who *glance.Caller, img *glance.Image, c Change) error {
	_, exists := img.Property(c.Name)
	exists = exists && !hiddenProperty(c.Name) && e.Protect.CanRead(who, c.Name)
	switch {
	case c.Op != Add && !exists:
		return glance.Detailf(glance.Conflict, "Property %s does not exist.", c.Name)
	case c.Op == Add && c.Fresh && exists:
		return glance.Detailf(glance.Conflict, "Property %s already present.", c.Name)
	case c.Op == Remove && !e.Protect.CanDelete(who, c.Name),
		c.Op != Remove && exists && !e.Protect.CanUpdate(who, c.Name),
		c.Op == Add && !exists && !e.Protect.CanCreate(who, c.Name):
		return reserved(c.Name)
	case c.Op == Remove:
		img.RemoveProperty(c.Name)
	default:
		img.SetProperty(c.Value.Prop)
	}
	return nil
}
