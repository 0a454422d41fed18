//go:build !linux

package file

import (
	"math"
	"os"
)

// Nothing is known here of write-back, free space and access rights: the first
// is an optimisation, the others show when a write fails.

func writeBack(*os.File, int64, int64) {}

func freeBytes(string) (uint64, error) { return math.MaxUint64, nil }

func publish(part, final string) error { return publishLink(part, final) }

func writable(string) bool { return true }

func isNotDir(error) bool { return false }

func cannotSync(error) bool { return false }
