package migrations

import (
	"slices"
	"strings"
)

// The two branches of the original, oldest first. A step comes to the expand
// branch, which adds, before it comes to the contract branch, which removes;
// each contract step includes the expand step beside it. The trunk they grow
// from is older than anything that is supported.
func expands() []string {
	return []string{
		"ocata_expand01", "pike_expand01", "queens_expand01", "rocky_expand01", "rocky_expand02", "train_expand01", "ussuri_expand01",
		"wallaby_expand01", "xena_expand01", "yoga_expand01", "zed_expand01", "2023_1_expand01", "2024_1_expand01",
	}
}

func contracts() []string {
	list := expands()
	for i, name := range list {
		list[i] = strings.Replace(name, "expand", "contract", 1)
	}
	return list
}

func trunk() []string { return []string{"liberty", "mitaka01", "mitaka02"} }

// The heads of the branches, and the oldest step that a database may be at.
const (
	expandHead   = "2024_1_expand01"
	contractHead = "2024_1_contract01"
	oldest       = "wallaby_contract01"
)

// position is how far a database has come: indexes into the branches, -1
// before their first step. A database that is older than the branches, or of
// another product, is unknown.
type position struct {
	expand, contract int
	known            bool
}

// locate gives the position that the rows of alembic_version say.
func locate(rows []string) position {
	p := position{expand: -1, contract: -1, known: len(rows) > 0}
	for _, row := range rows {
		e, c := slices.Index(expands(), row), slices.Index(contracts(), row)
		if e < 0 && c < 0 {
			p.known = false
		}
		p.expand, p.contract = max(p.expand, e, c), max(p.contract, c)
	}
	return p
}

// usable reports whether a server runs on a database at this position.
func (p position) usable() bool {
	return p.known && p.contract >= slices.Index(contracts(), oldest)
}

// rows gives what stands in alembic_version at the position: the expand step
// only while it is ahead.
func (p position) rows() (list []string) {
	if p.expand > p.contract {
		list = append(list, expands()[p.expand])
	}
	if p.contract >= 0 {
		list = append(list, contracts()[p.contract])
	}
	return list
}

// revision reports whether there is a revision of that name.
func revision(name string) bool {
	return slices.Contains(trunk(), name) || slices.Contains(expands(), name) || slices.Contains(contracts(), name)
}
