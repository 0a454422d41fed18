// Package all is the list of the sources of limits. Only the program's building
// code imports it. A new source is one package beside this one and its lines
// here.
package all
