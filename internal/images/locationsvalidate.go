package images

import (
	"slices"
	"strings"

	"glance/internal/glance"
)

// The keys of validation_data: names of attributes of the image.
const (
	keyChecksum  = "checksum"
	keyHashAlgo  = "os_hash_algo"
	keyHashValue = "os_hash_value"
)

// validationKeys is the order in which the keys are looked at.
var validationKeys = []string{keyChecksum, keyHashAlgo, keyHashValue}

func hashField(img *glance.Image, key string) *string {
	switch key {
	case keyChecksum:
		return &img.Checksum
	case keyHashAlgo:
		return &img.HashAlgo
	default:
		return &img.HashValue
	}
}

// validate checks what locations say of the hashes of their data and gives
// what of it is new to the image. The errors are Conflict; algo is the only
// algorithm that is taken.
func validate(img *glance.Image, locations []NewLocation, algo string) (map[string]string, error) {
	said, err := said(locations)
	if err != nil {
		return nil, err
	}
	fresh := make(map[string]string)
	var names []string
	for _, key := range validationKeys {
		value, ok := said[key]
		switch have := *hashField(img, key); {
		case !ok, value == have:
		case have != "":
			return nil, glance.Errorf(glance.Conflict, "%s is already set with a different value", key)
		default:
			fresh[key], names = value, append(names, key)
		}
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	if img.Status != glance.StatusQueued {
		return nil, glance.Errorf(glance.Conflict,
			"New value(s) for %s may only be provided when image status is 'queued'", strings.Join(names, ", "))
	}
	return fresh, wellFormed(fresh, said[keyHashAlgo], algo)
}

// said gathers the validation data of several locations.
func said(locations []NewLocation) (map[string]string, error) {
	all := make(map[string]string)
	for _, loc := range locations {
		for _, key := range validationKeys {
			value, ok := loc.Validation[key]
			if !ok {
				continue
			}
			if other, ok := all[key]; ok && other != value {
				return nil, glance.Errorf(glance.Conflict, "Conflicting values for %s", key)
			}
			all[key] = value
		}
	}
	return all, nil
}

func wellFormed(fresh map[string]string, given, want string) error {
	if sum, ok := fresh[keyChecksum]; ok {
		if n, ok := isHexOf(sum); !ok {
			return glance.Errorf(glance.Conflict, "checksum (%s) is not a valid hexadecimal value", sum)
		} else if n != digestSize("md5") {
			return glance.Errorf(glance.Conflict, "checksum (%s) is not the correct size for md5 (should be 16 bytes)", sum)
		}
	}
	if given != want {
		return glance.Errorf(glance.Conflict, "os_hash_algo must be %s, not %s", want, given)
	}
	value, ok := fresh[keyHashValue]
	if !ok {
		return nil
	}
	if n, ok := isHexOf(value); !ok {
		return glance.Errorf(glance.Conflict, "os_hash_value (%s) is not a valid hexadecimal value", value)
	} else if size := digestSize(given); n != size {
		return glance.Errorf(glance.Conflict,
			"os_hash_value (%s) is not the correct size for %s (should be %d bytes)", value, given, size)
	}
	return nil
}

// locationAlgos are the algorithms that POST locations takes.
var locationAlgos = []string{"sha1", "sha256", "sha512", "md5"}

// checkClaimedHash checks the hash that a caller of POST locations claims.
func checkClaimedHash(claim map[string]string) error {
	if claim == nil {
		return nil
	}
	value, algo := claim[keyHashValue], claim[keyHashAlgo]
	n, ok := isHexOf(value)
	if !ok || !slices.Contains(locationAlgos, algo) {
		return glance.Errorf(glance.Invalid, "os_hash_value (%s) is not a valid hexadecimal value", value)
	}
	if size := digestSize(algo); n != size {
		return glance.Errorf(glance.Invalid,
			"os_hash_value: (%s) is not the correct size for (%s) (should be (%d) bytes)", value, algo, size)
	}
	return nil
}
