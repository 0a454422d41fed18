package method

import "glance/internal/importflow"

// Options are what the operator chose about methods.
type Options struct {
	Filter *importflow.Filter
	// Properties are the beginnings of those that glance-download copies.
	Properties []string
}

// All gives every method by name.
func All(o Options) map[string]importflow.Method {
	client := newClient(o.Filter)
	return map[string]importflow.Method{
		importflow.Direct:   direct{},
		importflow.Web:      web{filter: o.Filter, client: client},
		importflow.Copy:     duplicate{},
		importflow.Download: download{filter: o.Filter, client: client, properties: o.Properties},
	}
}
