package metadata

import (
	"errors"

	"glance/internal/glance"
)

// ErrUnchanged is what a change function returns to leave a row alone without
// an error.
var ErrUnchanged = errors.New("unchanged")

// NoImage is the error of a missing or invisible image.
func NoImage(id string) error {
	return glance.Errorf(glance.NotFound, "No image found with ID %s", id)
}

// ImageExists is the error of an id that was used before.
func ImageExists(id string) error {
	return glance.Errorf(glance.Conflict, "Image ID %s already exists!", id)
}

// NoMember is the error of a missing membership.
func NoMember(imageID, member string) error {
	return glance.Errorf(glance.NotFound, "%s not found in the member list of the image %s.", member, imageID)
}

// MemberExists is the error of a membership that is there already.
func MemberExists(imageID, member string) error {
	return glance.Errorf(glance.Conflict, "Member %s is duplicated for image %s", member, imageID)
}

// NoTask is the error of a missing or invisible task.
func NoTask(id string) error {
	return glance.Errorf(glance.NotFound, "No task found with ID %s", id)
}

// TaskExists is the error of a task id that was used before.
func TaskExists(id string) error {
	return glance.Errorf(glance.Conflict, "Task ID %s already exists!", id)
}

// Locked is the error of an import lock that somebody holds.
func Locked(imageID string) error {
	return glance.Errorf(glance.Conflict,
		"New operation on image '%s' is not permitted as prior operation is still in progress", imageID)
}

// NoLock is the error of an import lock that the holder does not hold.
func NoLock(imageID, holder string) error {
	return glance.Errorf(glance.NotFound, "Image %s is not locked by task %s", imageID, holder)
}
