// Package wire holds the JSON shapes of the registry protocol: what the
// registry server writes a client of it reads, and the other way round.
//
// Version 1 (spec registry §2) is image.go. Version 2 (§3) is a list of
// commands: rpc.go has their envelope, row.go and metadefs.go what they
// carry, values.go what they change.
//
// # Exact
//
// The commands of version 2 are those of the original, and they cannot say
// everything that the metadata contract promises: an update that is not lost,
// a quota that holds, a page that begins after an image. A command may
// therefore carry one more member, "exact" (Exact), which the original's
// server does not look at and ours does. An answer in which it counted has the
// header ExactHeader.
package wire
