package images

import (
	"context"
	"errors"
	"strings"

	"glance/internal/glance"
	"glance/internal/policy"
)

// Update changes what is said of an image, and takes data for one that has none
// yet. purge removes the properties that the request does not name.
func (in *Intake) Update(ctx context.Context, who *glance.Caller, id string, want OldMeta, purge bool, data Data) (*glance.Image, error) {
	if err := in.announced(want, data); err != nil {
		return nil, err
	}
	img, err := findOld(ctx, in.Editor.Images, who, id)
	if err != nil {
		return nil, err
	}
	r := &rewrite{Intake: in, who: who, want: want, purge: purge && !want.HasData}
	if err := r.check(ctx, img); err != nil {
		return nil, err
	}
	source, err := in.source(want) // checked already; it is only read here
	if err != nil {
		return nil, err
	}
	if source != "" {
		if r.size, err = in.sizeAt(ctx, source, want.Image.Size); err != nil {
			return nil, err
		}
	}
	img, err = in.Editor.update(ctx, who, id, func(e *Editor, img *glance.Image) error {
		r := r.by(e)
		if err := r.check(ctx, img); err != nil {
			return err
		}
		r.apply(img)
		return badUpdate(checkStorable(img))
	})
	if err != nil {
		return nil, retell(err, glance.NotFound, "Failed to find image to update: No image found with ID %s", id)
	}
	if img.Status == glance.StatusQueued && want.sources() > 0 {
		if img, err = in.take(ctx, who, img, want, data); err != nil {
			return nil, err
		}
	}
	return present(who, img, in.Editor.Protect, in.Editor.Stores), nil
}

func badUpdate(err error) error {
	var known *glance.Error
	if errors.As(err, &known) && known.Kind == glance.Invalid {
		return glance.Errorf(glance.Invalid, "Failed to update image metadata. Got error: %s", known.Message)
	}
	return err
}

// rewrite is one update of an image by API v1.
type rewrite struct {
	*Intake
	who   *glance.Caller
	want  OldMeta
	purge bool
	size  *int64 // of the data outside, when the request names any
}

// by is the same update by another editor.
func (r *rewrite) by(e *Editor) *rewrite {
	intake, other := *r.Intake, *r
	intake.Editor = e
	other.Intake = &intake
	return &other
}

// check holds the rows of spec images-v1 §6 in order. Ownership comes last.
func (r *rewrite) check(ctx context.Context, img *glance.Image) error {
	notMine, err := mayChange(ctx, r.Editor.Policy, r.who, policy.ModifyImage, img)
	if err != nil {
		return err
	}
	if r.want.Public {
		if err := r.Editor.Policy.Visibility(ctx, r.who, img, glance.VisibilityPublic); err != nil {
			return err
		}
	}
	if notMine == nil {
		if err := r.maySource(ctx, r.who, img, r.want); err != nil {
			return err
		}
	}
	for _, row := range []func(*glance.Image) error{r.checkStatus, r.checkImmutable, r.checkData, r.checkProperties, r.checkQuota} {
		if err := row(img); err != nil {
			return err
		}
	}
	return notMine
}

// mayChange asks a rule about an image. Somebody who sees the image but does
// not own it gets notMine, which counts after other checks: 403 for a public
// image, and 404 for one that is shared with him.
func mayChange(ctx context.Context, p *policy.Enforcer, who *glance.Caller, rule policy.Rule, img *glance.Image) (notMine, err error) {
	err = p.Image(ctx, who, rule, img)
	if err == nil || who.Admin || img.Owner != "" && img.Owner == who.ProjectID {
		return nil, err
	}
	deed := "update"
	if rule == policy.DeleteImage {
		deed = "delete"
	}
	if img.Visibility == glance.VisibilityPublic {
		return glance.Because(glance.Forbidden, err, "Forbidden to "+deed+" image: You do not own this image"), nil
	}
	return glance.Because(glance.NotFound, err, "Image with identifier "+img.ID+" not found"), nil
}

func (r *rewrite) checkStatus(img *glance.Image) error {
	if img.Deleted || img.Status == glance.StatusDeleted {
		return glance.Errorf(glance.Forbidden, "Forbidden to update deleted image.")
	}
	return nil
}

// checkImmutable: what describes the data of an image may not change.
func (r *rewrite) checkImmutable(img *glance.Image) error {
	want := &r.want.Image
	done := img.Status == glance.StatusActive || img.Status == glance.StatusDeactivated
	for _, f := range []struct {
		name    string
		differs bool
	}{{"size", !sameNumber(want.Size, img.Size)}, {"checksum", want.Checksum != img.Checksum}} {
		if r.want.Named[f.name] && f.differs && done && !r.who.Admin {
			return glance.Errorf(glance.Forbidden, "Forbidden to modify '%s' of %s image.", f.name, img.Status)
		}
	}
	for _, f := range []struct {
		name    string
		differs bool
	}{{"status", want.Status != img.Status}, {"id", want.ID != img.ID}} {
		if r.want.Named[f.name] && f.differs {
			return glance.Errorf(glance.Forbidden, "Forbidden to modify '%s' of image.", f.name)
		}
	}
	return nil
}

func sameNumber(a, b *int64) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// checkData: only a queued image takes data.
func (r *rewrite) checkData(img *glance.Image) error {
	if r.want.HasData && img.Status != glance.StatusQueued {
		return glance.Errorf(glance.Conflict, "Cannot upload to an unqueued image")
	}
	source, err := r.source(r.want)
	if err == nil && source != "" && img.Status != glance.StatusQueued {
		err = glance.Errorf(glance.Invalid, "Attempted to update Location field for an image not in queued status.")
	}
	return err
}

// checkProperties asks property protection. A property that the caller cannot
// read stays as it is; the same value again is no change.
func (r *rewrite) checkProperties(img *glance.Image) error {
	protect := r.Editor.Protect
	for _, p := range r.want.Image.Properties {
		old, exists := img.Property(p.Name)
		switch {
		case isService(p.Name), exists && (!protect.CanRead(r.who, p.Name) || p != old && !protect.CanUpdate(r.who, p.Name)),
			!exists && !protect.CanCreate(r.who, p.Name):
			return protected(p.Name)
		}
	}
	for _, p := range img.Properties {
		if r.removes(p.Name) && protect.CanRead(r.who, p.Name) && !protect.CanDelete(r.who, p.Name) {
			return protected(p.Name)
		}
	}
	return nil
}

// isService reports whether a property belongs to the service.
func isService(name string) bool { return strings.HasPrefix(name, glance.ReservedPrefix) }

// removes reports whether the request takes away a property that is there.
func (r *rewrite) removes(name string) bool {
	_, named := r.want.Image.Property(name)
	return r.purge && !named && !isService(name)
}

func (r *rewrite) checkQuota(img *glance.Image) error {
	after := img.Clone()
	r.applyProperties(after)
	if !addsProperty(img, after) {
		return nil
	}
	return r.Editor.Limits.Properties(userProperties(after))
}

func (r *rewrite) applyProperties(img *glance.Image) {
	kept := img.Properties[:0:0]
	for _, p := range img.Properties {
		if !r.removes(p.Name) || !r.Editor.Protect.CanRead(r.who, p.Name) {
			kept = append(kept, p)
		}
	}
	img.Properties = kept
	for _, p := range r.want.Image.Properties {
		img.SetProperty(p)
	}
}

// apply changes the fields that the request names. Times and deletion are not
// the caller's to change, and the owner only an administrator's.
func (r *rewrite) apply(img *glance.Image) {
	r.applyProperties(img)
	want := &r.want.Image
	for name, set := range map[string]func(){
		"name":             func() { img.Name = want.Name },
		"disk_format":      func() { img.DiskFormat = want.DiskFormat },
		"container_format": func() { img.ContainerFormat = want.ContainerFormat },
		"size":             func() { img.Size = want.Size },
		"virtual_size":     func() { img.VirtualSize = want.VirtualSize },
		"checksum":         func() { img.Checksum = want.Checksum },
		"min_disk":         func() { img.MinDisk = want.MinDisk },
		"min_ram":          func() { img.MinRAM = want.MinRAM },
		"protected":        func() { img.Protected = want.Protected },
		"is_public":        func() { img.Visibility = visibilityOf(r.want.Public) },
	} {
		if r.want.Named[name] {
			set()
		}
	}
	if r.want.Named["owner"] && r.who.Admin {
		img.Owner = want.Owner
	}
	if r.size != nil {
		img.Size = r.size
	}
}

// visibilityOf is what API v1 makes of is_public.
func visibilityOf(public bool) glance.Visibility {
	if public {
		return glance.VisibilityPublic
	}
	return glance.VisibilityShared
}

// DeleteOld deletes an image as API v1 does (spec images-v1 §7).
func (d *Deleter) DeleteOld(ctx context.Context, who *glance.Caller, id string) error {
	img, err := findOld(ctx, d.Images, who, id)
	if err != nil {
		return err
	}
	notMine, err := mayChange(ctx, d.Policy, who, policy.DeleteImage, img)
	switch {
	case err != nil:
		return err
	case img.Protected:
		return glance.Errorf(glance.Forbidden, "Image is protected")
	case img.Status == glance.StatusPendingDelete:
		return glance.Errorf(glance.Forbidden, "Forbidden to delete a pending_delete image.")
	case img.Deleted:
		return glance.Errorf(glance.NotFound, "Image %s not found.", id)
	case notMine != nil:
		return notMine
	}
	_, err = d.DeleteAnywhere(ctx, who, id)
	return retell(err, glance.NotFound, "Failed to find image to delete: No image found with ID %s", id)
}
