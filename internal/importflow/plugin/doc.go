// Package plugin has the steps that work on imported data before it is stored,
// one file each, named as in image_import_plugins. All is the list of them.
//
// The files that they work on are the uploader's: nothing is believed, and
// nothing may grow beyond image_size_cap.
//
// To add one, write a file with an importflow.Step and a line in all.go.
package plugin
