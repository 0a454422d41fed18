// Samples writes the sample configuration files in etc/ from the option structs
// of the programs:
//
//	go run ./tools/samples
//
// Its test fails when the files are not what the structs say.
package main
