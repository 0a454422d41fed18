package quota

import (
	"context"
	"fmt"
	"strings"

	"glance/internal/glance"
)

// Resource is something that the identity service limits by project.
type Resource string

// The resources (spec images-v2 §23).
const (
	ImageSizeTotal      Resource = "image_size_total"      // MiB in stores, once per location
	ImageStageTotal     Resource = "image_stage_total"     // MiB waiting for import
	ImageCountTotal     Resource = "image_count_total"     // images
	ImageCountUploading Resource = "image_count_uploading" // images whose data is coming
)

// Resources are all of them.
func Resources() []Resource {
	return []Resource{ImageSizeTotal, ImageStageTotal, ImageCountTotal, ImageCountUploading}
}

// Source tells what projects are allowed. It is safe for concurrent use.
type Source interface {
	// Limits gives the limits of a project for some resources. An empty project
	// is none: what holds for every one. A negative limit is none; a resource
	// that nobody has limited is missing, and its limit is 0. Whatever fails is
	// of kind Internal. Compat: the original answers 500 then.
	Limits(ctx context.Context, project string, of ...Resource) (map[Resource]int64, error)
}

// Claim is what a project wants of a resource.
type Claim struct {
	Resource Resource
	Limit    int64
	Usage    int64 // what it has
	Delta    int64 // what it wants more
}

func (c Claim) over() bool { return c.Limit >= 0 && c.Delta > c.Limit-c.Usage }

// Grant fails with TooLarge when claims go beyond their limits.
func Grant(project string, claims ...Claim) error {
	var over []string
	for _, c := range claims {
		if c.over() {
			over = append(over, fmt.Sprintf("Resource %s is over limit of %d due to current usage %d and delta %d",
				c.Resource, c.Limit, c.Usage, c.Delta))
		}
	}
	if over == nil {
		return nil
	}
	if project == "" {
		project = "None"
	}
	return glance.Errorf(glance.TooLarge, "The request returned a 413 Request Entity Too Large. This generally means that "+
		"rate limiting or a quota threshold was breached.\n\nThe response body:\nProject %s is over a limit for [%s]",
		project, strings.Join(over, ", "))
}
