// Package v1 is the door of the Images API v1, of which 1.0 and 1.1 are the
// same: what is said of an image travels in headers x-image-meta-*, its data in
// the body of the same request. It opens onto the same verbs as v2; what only
// v1 does (images.Intake, the lists and members of old) is marked there.
//
// Errors are plain text whatever a client accepts, as the clients of v1 expect
// them. Texts, statuses and orders of checks are those of spec images-v1.
//
// headers.go reads and writes the headers and is fuzzed. To add an operation,
// write its file and its line in routes.go.
package v1
