// Package glance holds the nouns of the image service: images, members,
// locations, tasks, the caller, the table of legal status changes and the kinds
// of errors. It knows no other package of the project, does no I/O and formats
// nothing for a particular protocol; every other package may import it.
//
// To add a noun, write one file named after it. A rule belongs here only when
// it holds for every door and every store: which status may follow which, who
// sees an image. Whether a caller may do something is policy's question.
package glance
