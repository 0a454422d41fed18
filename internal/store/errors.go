package store

import (
	"fmt"

	"glance/internal/glance"
)

// The errors of drivers, with the texts of spec stores §4. A driver turns what
// its medium says into one of them, at its border and nowhere else. The cause
// is for the log and may be nil.

// NoImage is the error of data that is not there; what is the driver's name
// for it.
func NoImage(what string, cause error) error {
	return glance.Because(glance.NotFound, cause, fmt.Sprintf("Image %s not found", what))
}

// Duplicate is the error of data that is there already.
func Duplicate(what string) error {
	return glance.Errorf(glance.Conflict, "Image %s already exists", what)
}

// Full is the error of a medium without space.
func Full(cause error) error {
	return glance.Because(glance.TooLarge, cause,
		"Image storage media is full: There is not enough disk space on the image storage media.")
}

// WriteDenied is the error of a medium that may not be written.
func WriteDenied(cause error) error {
	return glance.Because(glance.Unavailable, cause,
		"Insufficient permissions on image storage media: Permission to write image storage media denied.")
}

// Unreachable is the error of a medium that does not answer.
func Unreachable(cause error) error {
	return glance.Because(glance.Unavailable, cause, "Remote server where the image is present is unavailable.")
}

// AddDisabled is the error of writing to a store that takes no data.
func AddDisabled() error {
	return glance.Errorf(glance.Gone, "Error in store configuration. Adding images to store is disabled.")
}

// BadURL is the error of a location that no driver, or not this one, can mean
// or ask for. The reason is for the log; it must not repeat the URL, which may
// hold credentials.
func BadURL(reason string, args ...any) error {
	// Compat: guarded by golden locations-patch-queued-errors; the reason is not
	// shown, so adding a location tells nothing of what only this node can reach.
	return glance.Because(glance.Invalid, fmt.Errorf(reason, args...), "The Store URI was malformed.")
}

// NoRandomRead is the error of reading from the middle where only reading from
// the start is possible. Whoever knows the length says so in its own text.
func NoRandomRead(offset int64) error {
	return glance.Errorf(glance.Unsupported,
		"Getting images randomly from this store is not supported. Offset: %d, length: None", offset)
}

// NoDelete is the error of a store that cannot delete.
func NoDelete() error {
	return glance.Errorf(glance.Unsupported, "Deleting images from this store is not supported.")
}

// SizeExceeds is the error of a stream that is longer than announced; got is
// what had come when that was noticed.
func SizeExceeds(want, got int64) error {
	return glance.Errorf(glance.Invalid, "Size exceeds: expected %d bytes, got %d bytes", want, got)
}

// SizeMismatch is the error of a stream that is shorter than announced.
func SizeMismatch(want, got int64) error {
	return glance.Errorf(glance.Invalid, "Size mismatch: expected %d bytes, got %d bytes", want, got)
}

// BadConfig is the error of a store whose options forbid writing. A driver
// that can still be read is returned together with it.
type BadConfig struct {
	Store  string // the driver's name
	Reason string
}

func (e *BadConfig) Error() string {
	return fmt.Sprintf("Store %s could not be configured correctly. Reason: %s", e.Store, e.Reason)
}
