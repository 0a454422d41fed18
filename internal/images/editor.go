package images

import (
	"strings"

	"glance/internal/glance"
	"glance/internal/metadata"
	"glance/internal/policy"
	"glance/internal/quota"
	"glance/internal/store"
)

// Editor changes what is said of images: create, patch, tags, deactivate.
type Editor struct {
	Images  metadata.Images
	Policy  *policy.Enforcer
	Protect *policy.Protection // nil protects nothing
	Stores  *store.Set
	Limits  quota.Limits
	SizeCap int64 // image_size_cap, bytes

	Allowance *Allowance // of the identity service; nil is none
	Locations LocationChanges
}

const maxInt32 = 1<<31 - 1

// checkNumber refuses a min_disk or min_ram that no table can hold.
func checkNegative(name string, n int64) error {
	if n < 0 {
		return glance.Errorf(glance.Invalid, "Invalid value '%d' for parameter '%s': Cannot be a negative value", n, name)
	}
	return nil
}

func checkRange(name string, n int64) error {
	if n > maxInt32 {
		return glance.Errorf(glance.Invalid, "'%s' value out of range, must not exceed %d.", name, maxInt32)
	}
	return nil
}

// checkStorable refuses what the tables of older installations cannot hold
// (spec images-v2 §6 rows 16 and 17, database §3).
func checkStorable(img *glance.Image) error {
	texts := []struct{ key, value string }{
		{"disk_format", img.DiskFormat},
		{"container_format", img.ContainerFormat},
		{"owner", img.Owner},
	}
	if img.Name != nil {
		texts = append(texts, struct{ key, value string }{"name", *img.Name})
	}
	for _, t := range texts {
		if glance.BeyondBMP(t.value) {
			return fourBytes(t.key)
		}
	}
	for _, p := range img.Properties {
		if glance.BeyondBMP(p.Name) {
			return glance.Errorf(glance.Invalid, "Property names can't contain 4 byte unicode.")
		}
		if glance.BeyondBMP(p.Value) {
			return fourBytes(p.Name)
		}
	}
	if err := checkRange("min_disk", img.MinDisk); err != nil {
		return err
	}
	if err := checkRange("min_ram", img.MinRAM); err != nil {
		return err
	}
	for _, loc := range img.Locations {
		if glance.BeyondBMP(loc.URL) {
			return glance.Errorf(glance.Invalid, "Param values can't contain 4 byte unicode.")
		}
	}
	return checkTags(img.Tags)
}

func checkTags(tags []string) error {
	for _, tag := range tags {
		if glance.BeyondBMP(tag) {
			return glance.Errorf(glance.Invalid, "Param values can't contain 4 byte unicode.")
		}
	}
	return nil
}

func fourBytes(key string) error {
	return glance.Errorf(glance.Invalid, "%s", glance.BeyondBMPText(key))
}

func reserved(name string) error {
	return glance.Errorf(glance.Forbidden, "Attribute '%s' is reserved.", name)
}

// userProperties counts the properties that fall under the quota.
func userProperties(img *glance.Image) int {
	n := 0
	for _, p := range img.Properties {
		if !strings.HasPrefix(p.Name, glance.ReservedPrefix) {
			n++
		}
	}
	return n
}

// distinct gives the tags without repetitions, in order of first appearance.
func distinct(tags []string) []string {
	seen := make(map[string]bool, len(tags))
	out := make([]string, 0, len(tags))
	for _, tag := range tags {
		if !seen[tag] {
			seen[tag] = true
			out = append(out, tag)
		}
	}
	return out
}
