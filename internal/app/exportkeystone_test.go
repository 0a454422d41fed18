package app

import (
	"log/slog"

	"glance/internal/auth/keystone"
)

// SameFilter tells whether two generations of one process, configured like this,
// have one check of tokens.
func SameFilter(a, b keystone.Config) (bool, error) {
	all, log := newShares(), slog.New(slog.DiscardHandler)
	var filters [2]*keystone.Filter
	for i, conf := range []keystone.Config{a, b} {
		g := &Generation{log: log, shares: all}
		filter, err := shareFilter(g, conf, log)
		if err != nil {
			return false, err
		}
		defer func() { _ = g.close() }()
		filters[i] = filter
	}
	return filters[0] == filters[1], nil
}
