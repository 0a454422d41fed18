package glance

import "slices"

// Status says where an image is in its life (spec image-states §1).
type Status string

// The statuses of an image.
const (
	StatusQueued        Status = "queued"
	StatusSaving        Status = "saving"
	StatusUploading     Status = "uploading"
	StatusImporting     Status = "importing"
	StatusActive        Status = "active"
	StatusDeactivated   Status = "deactivated"
	StatusKilled        Status = "killed"
	StatusPendingDelete Status = "pending_delete"
	StatusDeleted       Status = "deleted"
)

// transitions is the table of spec image-states §2: what may follow what.
// A deactivated image may become pending_delete here, which the original
// forgot.
var transitions = map[Status][]Status{
	StatusQueued:        {StatusSaving, StatusUploading, StatusImporting, StatusActive, StatusDeleted},
	StatusSaving:        {StatusActive, StatusKilled, StatusDeleted, StatusQueued},
	StatusUploading:     {StatusImporting, StatusQueued, StatusDeleted},
	StatusImporting:     {StatusActive, StatusDeleted, StatusQueued},
	StatusActive:        {StatusPendingDelete, StatusDeleted, StatusDeactivated},
	StatusKilled:        {StatusDeleted},
	StatusPendingDelete: {StatusDeleted, StatusActive},
	StatusDeleted:       {},
	StatusDeactivated:   {StatusActive, StatusDeleted, StatusPendingDelete},
}

// Statuses lists every status there is, in the order of the schema.
func Statuses() []Status {
	return []Status{
		StatusQueued, StatusSaving, StatusActive, StatusKilled, StatusDeleted, StatusUploading,
		StatusImporting, StatusPendingDelete, StatusDeactivated,
	}
}

// Known reports whether s is a status at all.
func (s Status) Known() bool {
	_, ok := transitions[s]
	return ok
}

// MayBecome reports whether an image of status s may become one of status to.
func (s Status) MayBecome(to Status) bool { return slices.Contains(transitions[s], to) }

// Move changes the status of img. It fails with Conflict when the table does
// not allow it, and with Invalid when data is about to arrive and the formats
// are not set (spec image-states §2, guards). An image that becomes queued
// forgets its sizes.
func (img *Image) Move(to Status) error {
	if !img.Status.MayBecome(to) {
		return Errorf(Conflict, "Image status transition from %s to %s is not allowed", img.Status, to)
	}
	if err := img.guardFormats(to); err != nil {
		return err
	}
	if to == StatusQueued {
		img.Size, img.VirtualSize = nil, nil
	}
	img.Status = to
	return nil
}

func (img *Image) guardFormats(to Status) error {
	fromEmpty := img.Status == StatusQueued || img.Status == StatusUploading
	takesData := to == StatusSaving || to == StatusActive || to == StatusImporting
	if !fromEmpty || !takesData {
		return nil
	}
	switch {
	case img.DiskFormat == "" && img.ContainerFormat == "":
		return Errorf(Invalid, "Properties disk_format, container_format must be set prior to saving data.")
	case img.DiskFormat == "":
		return Errorf(Invalid, "Property disk_format must be set prior to saving data.")
	case img.ContainerFormat == "":
		return Errorf(Invalid, "Property container_format must be set prior to saving data.")
	}
	return nil
}
