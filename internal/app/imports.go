package app

import (
	v2 "glance/internal/api/v2"
	"glance/internal/config"
	"glance/internal/importflow"
	"glance/internal/importflow/method"
	"glance/internal/importflow/plugin"
)

// buildImporter makes what imports data in the background, of the verbs that
// door has already.
func buildImporter(cfg *config.API, r room, door *v2.Door) *importflow.Importer {
	methods := map[string]importflow.Method{}
	known := method.All(method.Options{Filter: importFilter(&cfg.ImportFilter), Properties: cfg.GlanceDownload.Extra})
	for _, name := range cfg.Images.ImportMethods {
		if m, ok := known[name]; ok {
			methods[name] = m
		} else {
			r.log.Warn("enabled_import_methods names a method that does not exist", "method", name)
		}
	}
	return &importflow.Importer{
		Images: r.db, Tasks: r.db, Locks: r.db, Policy: r.policy, Stores: r.stores, Stager: door.Stager, Uploader: door.Uploader,
		Journal: r.journal, Jobs: r.jobs, Peers: door.Deleter.Peers, Log: r.log,
		Methods: methods, Steps: importSteps(cfg, r), Allowance: r.allow, Leftovers: r.leftovers, Parallel: cfg.ImportOptions.MaxParallel, SelfURL: selfURL(&cfg.Images),
		TaskLife: taskLife(&cfg.Task),
	}
}

// buildBoard makes the API of tasks, on what door has already.
func buildBoard(cfg *config.API, r room, door *v2.Door) *importflow.Board {
	return &importflow.Board{
		Tasks: r.db, Policy: r.policy, Log: r.log,
		Legacy: &importflow.Legacy{
			Importer: door.Importer, Editor: door.Editor, Filter: importFilter(&cfg.ImportFilter),
			Source: method.All(method.Options{Filter: importFilter(&cfg.ImportFilter)})[importflow.Web],
			Read:   door.ReadCreation,
			Steps: plugin.Legacy(plugin.Conversion{
				To: cfg.TaskFlow.ConversionFormat, VMDKTypes: cfg.ImageFormat.VMDKTypes, GPTNonFatal: cfg.ImageFormat.GPTNonfatal,
			}),
		},
	}
}

func importFilter(opt *config.ImportFilter) *importflow.Filter {
	return &importflow.Filter{
		AllowedSchemes: opt.AllowedSchemes, DisallowedSchemes: opt.DisallowedSchemes,
		AllowedHosts: opt.AllowedHosts, DisallowedHosts: opt.DisallowedHosts,
		AllowedPorts: opt.AllowedPorts, DisallowedPorts: opt.DisallowedPorts,
	}
}

func importSteps(cfg *config.API, r room) []importflow.Step {
	values := map[string]string{}
	for _, item := range cfg.InjectMetadata.Inject {
		values[item.Key] = item.Value
	}
	return plugin.All(cfg.ImportOptions.Plugins, plugin.Options{
		IgnoreRoles: cfg.InjectMetadata.IgnoreUserRoles, Inject: values,
		Convert: plugin.Conversion{
			To: cfg.ImageConversion.OutputFormat, VMDKTypes: cfg.ImageFormat.VMDKTypes, GPTNonFatal: cfg.ImageFormat.GPTNonfatal,
		},
	}, r.log)
}
