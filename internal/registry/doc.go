// Package registry is the door of the registry server, which other services of
// an older installation keep their images in: REST version 1 and RPC version 2
// over the same database as the API (spec registry §2, §3).
//
// It decides only what the original's registry decided: who may see and change
// a row. Everything else is the business of the API in front of it.
//
// REST: a file per group of calls (list.go, images.go, members.go) and its
// lines in routes.go. RPC: rpc.go reads requests and words failures, commands
// are in rpc*.go and their names in the table of rpc.go. What ours may be asked
// beyond the original's commands is wire.Exact.
package registry
