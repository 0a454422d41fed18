// Package jsonpatch reads the operations of a JSON patch in the two dialects
// that image updates are written in: draft 10 (application/openstack-images-
// v2.1-json-patch) and draft 4 (v2.0). It knows add, replace and remove; what
// an operation means for an image is decided elsewhere.
//
// Errors are of type *Error and hold the text for the user (spec images-v2
// §9.2); there is no other kind of failure.
package jsonpatch
