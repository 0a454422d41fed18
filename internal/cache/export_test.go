package cache

import (
	"hash"
	"time"
)

// Abort does what the end of the process does to a file that is being written.
func (f *Fill) Abort() { _ = f.file.Close() }

// Slow makes the disk take its time for each chunk.
func (f *Fill) Slow(d time.Duration) { f.hash = slow{f.hash, d} }

type slow struct {
	hash.Hash
	by time.Duration
}

func (s slow) Write(p []byte) (int, error) {
	time.Sleep(s.by)
	return s.Hash.Write(p)
}
