// Package journal notes on this node what this node is about to do, so that
// the next start can finish or revert what a crash interrupted.
//
//	j, err := journal.Open(dir, host)
//	entry, err := j.Begin(map[string]string{"image": id, "store": "fast", "attempt": attempt})
//	… do it …
//	entry.Done()
//
// and at start, before anything new begins:
//
//	err := journal.Leftover(dir, host, func(fields map[string]string) error { … })
//
// # Promises
//
// When Begin has returned, the entry survives the process and the machine. Done
// survives the process only: after a power failure a settled entry may be handed
// out once more, so whoever settles entries must find out what is true and must
// be able to do so twice. Where the truth cannot be found out, Sync makes Done
// survive the machine, too.
//
// Every process writes its own file, <host>-<random>.journal, and holds its
// lock (flock) as long as it lives. A start reads exactly the files of its own
// host whose lock is free; those of running processes, and of other hosts that
// share the directory, are left alone. The host's name must stay the same
// from start to start.
//
// A file is lines of a checksum, a sign, a number and JSON; see line.go. A
// line that was being written when the machine stopped belongs to a Begin that
// never returned, and counts as not written. To note more, add fields: the
// package knows none of them.
package journal
