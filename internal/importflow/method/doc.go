// Package method has the places that the data of imports comes from, one file
// each, named as in enabled_import_methods. All is the list of them.
//
// To add one, write a file with an importflow.Method and a line in all.go.
package method
