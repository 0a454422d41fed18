// Package golden replays recorded conversations with the original Glance
// against our glance-api and compares every answer, byte for byte but for the
// placeholders that testdata/README.md defines.
//
// TestGolden builds and starts the real program once per configuration and
// promises that every scenario passes, except those that notyet.txt names with
// a reason; one of them that passes is an error too, so the list only shrinks:
//
//	go test ./test/golden -update-notyet                  writes the list anew
//	go test ./test/golden -run TestGolden/config/multi     one configuration
//	go test ./test/golden -run TestGolden/config/multi/cache-basic
//
// To add a conversation, put NAME.json into testdata. To say what is expected
// where the original's answer is an accident, add a line to quirks.go.
package golden
