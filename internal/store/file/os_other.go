//go:build !linux

package file

import (
	"math"
	"os"
)

func syncData(f *os.File) error { return f.Sync() }

// Nothing is known here of free space and access rights: they show when a write
// fails.

func freeBytes(string) (uint64, error) { return math.MaxUint64, nil }

func publish(part, final string) error { return publishLink(part, final) }

func writable(string) bool { return true }

func isNotDir(error) bool { return false }

func cannotSync(error) bool { return false }
