package importflow

import "strings"

// The keys of a journal entry about an import, beside those that all have.
const (
	entryDeed   = "deed"
	entryImage  = "image"
	entryTask   = "task"
	entryMethod = "method"
	entryStores = "stores"
	entryEvery  = "every"

	deedImport = "import"
)

// plan is what an import does, as far as the next start has to know.
type plan struct {
	image  string
	task   string
	method string
	stores []string // ids, in the order of the request
	every  bool     // one store that fails fails the import
}

func (p *plan) copies() bool { return p.method == Copy }

// fetches reports whether the data comes from outside.
func (p *plan) fetches() bool { return p.method == Web || p.method == Download }

// names are the stores as the lists of the image have them: a store that is the
// only one has no name.
func (p *plan) names(multi bool) []string {
	if !multi {
		return nil
	}
	return p.stores
}

func (p *plan) entry() map[string]string {
	e := map[string]string{
		entryDeed: deedImport, entryImage: p.image, entryTask: p.task, entryMethod: p.method,
		entryStores: strings.Join(p.stores, ","),
	}
	if p.every {
		e[entryEvery] = "true"
	}
	return e
}

func readPlan(e map[string]string) plan {
	p := plan{image: e[entryImage], task: e[entryTask], method: e[entryMethod], every: e[entryEvery] != ""}
	if list := e[entryStores]; list != "" {
		p.stores = strings.Split(list, ",")
	}
	return p
}
