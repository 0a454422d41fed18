package plugin

import (
	"log/slog"

	"glance/internal/importflow"
)

// Options are what the operator chose about steps.
type Options struct {
	IgnoreRoles []string          // ignore_user_roles
	Inject      map[string]string // inject
	Convert     Conversion
}

// All gives the steps of these names, in their order. Unknown names are logged
// and left out.
func All(names []string, o Options, log *slog.Logger) []importflow.Step {
	known := map[string]importflow.Step{
		"no_op":                 nil,
		"inject_image_metadata": inject{ignore: o.IgnoreRoles, values: o.Inject},
		"image_decompression":   decompress{},
		"image_conversion":      convert{o.Convert},
	}
	var steps []importflow.Step
	for _, name := range names {
		step, ok := known[name]
		if !ok {
			log.Warn("image_import_plugins names a plugin that does not exist", "plugin", name)
		}
		if step != nil {
			steps = append(steps, step)
		}
	}
	return steps
}
