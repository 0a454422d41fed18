package plugin

import (
	"context"
	"maps"
	"slices"
	"strings"

	"glance/internal/glance"
	"glance/internal/importflow"
)

// inject gives images properties: inject_image_metadata (spec import §8.1).
type inject struct {
	ignore []string
	values map[string]string
}

// Run does nothing for callers who have one of the roles that are ignored.
func (i inject) Run(_ context.Context, w *importflow.Work) error {
	if slices.ContainsFunc(i.ignore, func(role string) bool { return w.Who.HasRole(strings.ToLower(role)) }) {
		return nil
	}
	w.Change(func(img *glance.Image) {
		for _, name := range slices.Sorted(maps.Keys(i.values)) {
			if !strings.HasPrefix(name, glance.ReservedPrefix) {
				img.SetProperty(glance.Property{Name: name, Value: i.values[name]})
			}
		}
	})
	return nil
}
