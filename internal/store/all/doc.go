// Package all is the one list of drivers of image data, and turns the
// configuration into a store.Set (spec stores §1).
//
// To add a driver, add a line to Types: the struct of its options with ini
// tags, and what opens it. A driver that needs a build tag has a file of its
// own here.
package all
