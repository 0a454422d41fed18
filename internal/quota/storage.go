package quota

import (
	"fmt"
	"math"
	"math/bits"
	"regexp"
	"strconv"

	"glance/internal/glance"
)

// Storage is the number of bytes that the images of one owner may occupy. Zero
// is no limit.
type Storage int64

var storageForm = regexp.MustCompile(`^([0-9]+)(?:([KMGT])?B)?$`)

// ParseStorage reads the option user_storage_quota: a number with an optional
// unit B, KB, MB, GB or TB, powers of 1024, without a blank. More than an int64
// holds is the greatest int64. Source: spec import §9.4.
func ParseStorage(text string) (Storage, error) {
	m := storageForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("Invalid value for option user_storage_quota: %q is no number with an optional unit B, KB, MB, GB or TB", text)
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		return math.MaxInt64, nil // the form is right: there are only too many digits
	}
	factor := uint64(1)
	switch m[2] {
	case "K":
		factor <<= 10
	case "M":
		factor <<= 20
	case "G":
		factor <<= 30
	case "T":
		factor <<= 40
	}
	if high, low := bits.Mul64(n, factor); high == 0 && low <= math.MaxInt64 {
		return Storage(low), nil
	}
	return math.MaxInt64, nil
}

// Unlimited reports whether there is no limit, so that nobody needs to ask for
// what is used.
func (s Storage) Unlimited() bool { return s <= 0 }

// Remaining gives the bytes left when used ones are occupied; negative when
// that is too many already, and the greatest int64 without a limit.
func (s Storage) Remaining(used int64) int64 {
	if s.Unlimited() {
		return math.MaxInt64
	}
	return int64(s) - used
}

// Admit checks whether size more bytes of data fit when used ones are occupied.
// A negative size is not known: it fits as long as something is left. It fails
// with TooLarge.
func (s Storage) Admit(used, size int64) error {
	return s.admit("Image exceeds the storage quota", used, size)
}

// AdmitLocations is Admit for data that lies somewhere already and whose
// locations are added to an image; size counts each of them.
func (s Storage) AdmitLocations(used, size int64) error {
	return s.admit("Denying attempt to upload image because it exceeds the quota", used, size)
}

func (s Storage) admit(what string, used, size int64) error {
	remaining := s.Remaining(used)
	text := "None"
	switch {
	case size < 0 && remaining > 0, size >= 0 && size <= remaining:
		return nil
	case size >= 0:
		text = strconv.FormatInt(size, 10)
	}
	return glance.Errorf(glance.TooLarge, "%s: The size of the data %s will exceed the limit. %d bytes remaining.", what, text, remaining)
}
