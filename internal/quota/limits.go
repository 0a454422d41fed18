package quota

import "glance/internal/glance"

// Limits are the numbers of parts that one image may have. Negative is any
// number, zero is none.
type Limits struct {
	MaxProperties int // image_property_quota; those of the service do not count
	MaxTags       int // image_tag_quota
	MaxMembers    int // image_member_quota
	MaxLocations  int // image_location_quota
}

// Properties checks a number of additional properties. It fails with TooLarge,
// as the other methods do.
func (l Limits) Properties(n int) error { return check(n, l.MaxProperties, "image properties") }

// Tags checks a number of tags; in a whole list of them repetitions count
// (spec images-v2 §6).
func (l Limits) Tags(n int) error { return check(n, l.MaxTags, "image tags") }

// Members checks the number of members that an image would have.
func (l Limits) Members(n int) error {
	return check(n, l.MaxMembers, "image members for this image")
}

// Locations checks the number of locations that an image would have.
func (l Limits) Locations(n int) error { return check(n, l.MaxLocations, "image locations") }

func check(n, most int, what string) error {
	if most < 0 || n <= most {
		return nil
	}
	return glance.Errorf(glance.TooLarge,
		"The limit has been exceeded on the number of allowed %s. Attempted: %d, Maximum: %d", what, n, most)
}
