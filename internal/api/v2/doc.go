// Package v2 is the door of the Images API v2: one file per operation, each of
// which decodes a request, calls a verb and encodes what it gave. Routes lists
// them all.
//
// Answers are built by appending to a buffer in the original's order of keys
// (encode.go), the documents of /v2/schemas and the checks of request bodies
// come from one source (schemas/*.json, schema.go).
//
// To add an operation, write its file and its line in routes.go.
package v2
