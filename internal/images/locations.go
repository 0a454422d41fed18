package images

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	"glance/internal/glance"
	"glance/internal/multihash"
	"glance/internal/store"
)

// NewLocation is a location that a caller wants an image to have.
type NewLocation struct {
	URL      string
	Metadata map[string]any
	// Validation says what hashes the data has: os_hash_algo, os_hash_value
	// and maybe checksum; nil when the caller does not say.
	Validation map[string]string
}

// location makes a location to be saved; with several stores its metadata
// names the one whose place the URL is in.
func (n NewLocation) location(stores *store.Set) glance.Location {
	loc := glance.Location{URL: n.URL, Metadata: maps.Clone(n.Metadata)}
	if loc.Metadata == nil {
		loc.Metadata = map[string]any{}
	}
	delete(loc.Metadata, removalKey)
	if !stores.Multi() {
		return loc
	}
	// What a caller says of the store counts only where the URL does not tell.
	if id, ok := stores.StoreOf(glance.Location{URL: n.URL}); ok {
		loc.Metadata["store"] = id
	}
	return loc
}

// external reports whether data at the URL may be somebody else's: the store
// can be read, and it is none whose files only the service may name.
func external(stores *store.Set, location string) bool {
	scheme, _, ok := strings.Cut(location, ":")
	switch scheme {
	case "file", "filesystem", "swift+config":
		return false
	case "s3", "s3+http", "s3+https":
		// What the service reads with its own keys is the service's: else anybody
		// could read any image by the name of its object.
		_, own := stores.StoreOf(glance.Location{URL: location})
		if own || !strings.Contains(location, "@") {
			return false
		}
	}
	return ok && slices.Contains(stores.Schemes(), scheme)
}

// sized is what a store says of a location.
type sized struct {
	bytes int64
	err   error
}

// ask asks a store how much data lies at a location; those that nobody but the
// service may name are not even looked at.
func ask(ctx context.Context, stores *store.Set, loc glance.Location) sized {
	if !external(stores, loc.URL) {
		return sized{err: glance.NotFound}
	}
	n, err := stores.Size(ctx, loc)
	return sized{n, err}
}

// usable fails unless the location has data.
func (s sized) usable() error {
	if s.err != nil || s.bytes <= 0 {
		return glance.Because(glance.Invalid, s.err, "Invalid location")
	}
	return nil
}

// bytesOf gives the size of the data of an image, which is that of the first
// location that has one when the image does not know; -1 when nobody does.
func bytesOf(img *glance.Image, locations []glance.Location, size func(glance.Location) (sized, error)) (int64, error) {
	if img.Size != nil && *img.Size > 0 {
		return *img.Size, nil
	}
	for _, loc := range locations {
		s, err := size(loc)
		switch {
		case err != nil:
			return 0, err
		case s.err != nil && !errors.Is(s.err, glance.NotFound):
			return 0, glance.Because(glance.Invalid, s.err, "The Store URI was malformed.")
		case s.err == nil && s.bytes > 0:
			return s.bytes, nil
		}
	}
	return SizeUnknown, nil
}

// errLocationExists repeats the URL without what it may hold of credentials:
// texts for users are logged too.
func errLocationExists(location string) error {
	return glance.Errorf(glance.Invalid, "The location %s already exists", withoutCredentials(location))
}

func withoutCredentials(location string) string {
	if !strings.Contains(location, "@") {
		return location
	}
	u, err := url.Parse(location)
	if err != nil {
		return "***"
	}
	u.User = nil
	return u.String()
}

// sameLocation reports whether two locations say the same.
func sameLocation(a, b glance.Location) bool {
	return a.URL == b.URL && metadataText(a) == metadataText(b)
}

func metadataText(loc glance.Location) string {
	if len(loc.Metadata) == 0 {
		return "{}"
	}
	text, err := json.Marshal(loc.Metadata)
	if err != nil {
		return err.Error() // cannot be: it came from JSON
	}
	return string(text)
}

// isHexOf reports whether text is hexadecimal, and how many bytes it stands for.
func isHexOf(text string) (bytes int, ok bool) {
	// Compat: blanks between bytes do not count, as with bytearray.fromhex.
	raw, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	return len(raw), err == nil
}

// digestSize is the number of bytes of a hash, 0 for one that is not known.
func digestSize(algo string) int {
	h, err := multihash.New(algo)
	if err != nil {
		return 0
	}
	return h.Size()
}
