// Command imgsamples makes the hand-made image files that the tests of internal/imgformat read. Run it in the root of
// the repository after changing a sample:
//
//	go run ./tools/imgsamples
//
// Images are mostly zeros, so they are written as text: a line "sample NAME SIZE", then lines of offset (hex) and bytes
// (hex, or text in quotes). The rest of the file is zero.
package main
