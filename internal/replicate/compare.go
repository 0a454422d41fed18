package replicate

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Compare logs, as warnings, what images of one server lack on another.
func (r *Replicator) Compare(ctx context.Context, from, to *Server) error {
	return r.each(ctx, from, func(img Image) error {
		dest, err := to.show(ctx, img.id())
		switch {
		case err != nil:
			return err
		case dest != nil:
			r.compare(ctx, img, dest)
		case img.status() == active:
			name := img.text("name")
			if name == "" {
				name = "--unnamed" // Compat: not as elsewhere
			}
			r.Log.WarnContext(ctx, fmt.Sprintf(`Image %s ("%s") entirely missing from the destination`, img.id(), name))
		}
		return nil
	})
}

func (r *Replicator) compare(ctx context.Context, img, dest Image) {
	identical := true
	source := img.without(places, r.Skip)
	for _, key := range slices.Sorted(maps.Keys(source)) {
		have, there := dest[key]
		if there && same(source[key], have) {
			continue
		}
		identical = false
		found := "undefined"
		if there {
			found = pythonText(have)
		}
		r.Log.WarnContext(ctx, fmt.Sprintf("%s: field %s differs (source is %s, destination is %s)", img.id(), key, pythonText(source[key]), found))
	}
	if identical {
		r.Log.DebugContext(ctx, img.id()+" is identical")
	}
}
