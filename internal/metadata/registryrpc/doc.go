// Package registryrpc keeps metadata in a registry server: a metadata.Store
// that speaks version 2 of the registry protocol (spec registry §3), for
// data_api = glance.db.registry.api.
//
// # Promises
//
// With a registry of ours every promise of package metadata holds; the suite
// proves it. What the commands of the protocol cannot say travels beside them,
// see wire.Exact: an update names the version that it changes and is done again
// when another one came between; tags and deletion are part of it.
//
// With a registry of the original's the commands alone count. They promise less:
//
//   - an update is refused when the status of the image changed meanwhile
//     (from_state), so that a claim has one winner; of two updates that leave
//     the status alone the later one wins
//   - tags, and the mark of a deletion, are set by commands of their own after
//     the update, and may be lost to a crash in between
//   - the quota of members is asked before a member is added, not with it
//   - there is no import lock, and lists by conditions that no filter can say
//     are refused: the error is Unsupported
//   - a namespace with parts is made one part after the other
//   - it is the registry that decides what the caller sees
//
// No registry keeps what lies in the caches of nodes: the protocol is older.
// Nodes that have no database of their own describe their cache beside it.
//
// Who asks is told in each request: by the caller's token, by identity headers
// (for a registry of flavor trusted-auth), or not at all, when the registry
// takes everybody for an administrator. Identity headers say whose eyes to look
// with, so that the service itself is an administrator.
//
// # Adding to it
//
// A call of the contracts is a method in the file of its contract, which makes
// one command of it and reads the result.
package registryrpc
