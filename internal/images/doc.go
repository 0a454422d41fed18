// Package images holds what the service does with images, one file per use
// case: list, show, create, patch, delete, upload, download, stage, locations,
// members, tags, deactivate. A verb is a small struct whose exported fields are exactly the
// sockets it uses; its method reads in the order in which things happen, and
// that order is the order of checks of spec images-v2.
//
// Verbs decide, doors translate: nothing here knows HTTP, JSON or a driver, and
// permission is asked here, once per call, right after loading. Errors carry a
// glance.Kind and the text for the user.
//
// Work that outlives its request is a job (jobs.go) under the import lock of its
// image (tasklock.go), with a row in tasks. Whatever could leave something behind
// is in the journal first; recover.go says what the next start makes of it. What
// lies on another node's disk is that node's to remove (peers.go).
//
// To add a use case, write one file named after it with a method on the verb
// whose sockets it needs, or a new verb.
package images
